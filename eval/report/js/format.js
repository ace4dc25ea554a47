// Numbers as a reader wants them. A missing one is a dash.

const DASH = '–';
const known = (value) => typeof value === 'number' && Number.isFinite(value);

const count = (value) => known(value) ? value.toLocaleString('en') : DASH;
const fixed = (value, digits = 3) =>
    known(value) ? value.toFixed(digits).replace(/^-(0\.?0*)$/, '$1').replace('-', '−') : DASH;
const percent = (value, digits = 1) => known(value) ? `${fixed(100 * value, digits)}%` : DASH;

/** "+0.42", "−0.13". */
function signed(value, digits = 2) {
  if (!known(value)) return DASH;
  const text = fixed(Math.abs(value), digits);
  return Number(text) === 0 ? text : (value > 0 ? '+' : '−') + text;
}

/** "1 conversation", "5,000 conversations". */
const many = (n, one, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

/** "0.857 to 0.920"; empty where there is none. */
function range(interval, format = fixed) {
  if (!Array.isArray(interval) || !interval.every(known)) return '';
  const [low, high] = interval.map((end) => format(end));
  return low.endsWith('%') ? `${low.slice(0, -1)} to ${high}` : `${low} to ${high}`;
}

/** "0.892 (0.857 to 0.920)". */
function estimate(figure, format = fixed) {
  if (!figure || !known(figure.value)) return DASH;
  const text = range(figure.interval, format);
  return text ? `${format(figure.value)} (${text})` : format(figure.value);
}

function chance(value) {
  if (!known(value)) return DASH;
  return value < 0.0001 ? '< 0.0001' : value.toFixed(4);
}

/** What an object has itself under a key from data: "constructor" is not found in NAMES. */
const lookup = (object, key) => Object.hasOwn(object, key) ? object[key] : undefined;

/** "roc_auc" as it is written in prose. */
const NAMES = {
  accuracy: 'Accuracy', balanced_accuracy: 'Balanced accuracy', macro_f1: 'Macro-F1',
  roc_auc: 'ROC-AUC', pr_auc: 'PR-AUC', brier: 'Brier score', log_loss: 'Log loss', ece: 'ECE',
  calibration_error_debiased: 'Calibration error', uar: 'UAR', kappa: 'Kappa',
  kappa_linear: 'Kappa, linear', kappa_quadratic: 'Kappa, quadratic', spearman: 'Spearman’s ρ',
  sign_accuracy: 'Sign, accuracy', sign_auc: 'Sign, ROC-AUC', mae: 'Mean absolute error',
  rmse: 'Root mean squared error', bias: 'Bias', skill: 'Skill', slope: 'Slope',
  intercept: 'Intercept', rps: 'Ranked probability score',
  rps_skill: 'Ranked probability skill', ece_debiased: 'ECE, debiased',
  auc: 'AUC', channel: 'Channel', problem_type: 'Problem type', length: 'Length in turns',
};
const named = (key) => lookup(NAMES, key) ?? key.replaceAll('_', ' ');

/** At most `length` characters, for a label in a chart; the table has the whole. */
function short(text, length = 26) {
  const characters = [...String(text).replace(/\s+/g, ' ')];
  if (characters.length === 0) return '(none)';
  return characters.length > length ? characters.slice(0, length - 1).join('') + '…' :
                                      characters.join('');
}
