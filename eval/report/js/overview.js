// What the reader wants first: the verdict, then the key figures.

function verdictSection(report) {
  const {verdict} = report;
  return h('header', {class: 'verdict'},
      h('p', {class: 'kicker'}, quote(report.title || 'Evaluation')),
      h('h1', null, verdict.headline),
      accuracyScale(report),
      findingList(verdict.findings));
}

/** The accuracy on a scale, with what it is held against. */
function accuracyScale(report) {
  const survey = report.evaluation.survey?.[0];
  const figure = survey?.figures?.accuracy;
  if (!known(figure?.value)) return null;
  const [low, high] = figure.interval ?? [figure.value, figure.value];
  const majority = survey.majority?.accuracy?.value;
  const marks = [
    {x: report.baseline, name: `baseline ${percent(report.baseline, 0)}`},
    known(majority) && {x: majority, name: `commonest answer ${percent(majority)}`},
    {x: report.target, name: `target ${percent(report.target, 0)}`, strong: true},
  ].filter(Boolean).sort((a, b) => a.x - b.x);
  const start = Math.min(0.5, Math.floor(10 * Math.min(low, ...marks.map((m) => m.x))) / 10);
  return h('div', {class: 'scale'}, plotBox((width) => ({
    height: 92, marginTop: 20, marginBottom: 52, marginLeft: 6, marginRight: 6,
    x: {domain: [start, 1], axis: null}, y: {domain: [-1, 1], axis: null},
    marks: [
      Plot.ruleY([0], {x1: start, x2: 1, stroke: 'var(--line)', strokeWidth: 10,
                       strokeLinecap: 'round'}),
      Plot.ruleY([0], {x1: low, x2: high, stroke: 'var(--accent)', strokeOpacity: 0.4,
                       strokeWidth: 10, strokeLinecap: 'round'}),
      Plot.dot([figure.value], {x: (d) => d, y: 0, r: 8, fill: 'var(--accent)',
                                stroke: 'var(--page)', strokeWidth: 2}),
      labelRows(marks, width, start).map((mark) => scaleMark(mark)),
    ],
  }), `Accuracy ${estimate(figure, percent)}; ${marks.map((mark) => mark.name).join(', ')}.`));
}

/** Gives each label a side of its mark, and the first row in which it covers no other. */
function labelRows(marks, width, start) {
  const ends = [];  // of what each row holds so far, in pixels
  return marks.map((mark) => {
    const at = width * (mark.x - start) / (1 - start);
    const length = 7.4 * mark.name.length;
    const right = at + length > width;
    const begin = right ? at - length : at;
    let row = 0;
    while (ends[row] > begin - 12) ++row;
    ends[row] = begin + length;
    return {...mark, row, right};
  });
}

function scaleMark({x, name, strong, row, right}) {
  return [
    Plot.ruleX([x], {y1: -0.75, y2: 0.75, stroke: 'var(--ink)', strokeWidth: strong ? 2.5 : 1.5,
                     strokeDasharray: strong ? null : '3 2'}),
    Plot.text([x], {x: (d) => d, text: () => name, frameAnchor: 'bottom', lineAnchor: 'top',
                    dy: 4 + 15 * row, dx: right ? 4 : -4,
                    textAnchor: right ? 'end' : 'start', fontWeight: strong ? 650 : 400,
                    fill: strong ? 'var(--ink)' : 'var(--muted)'}),
  ];
}

const HELP = {
  accuracy: 'share of right decisions at the threshold',
  balanced_accuracy: 'mean of both answers’ recall',
  macro_f1: 'mean of both answers’ F1',
  roc_auc: 'chance that a satisfied one ranks above a dissatisfied one',
  pr_auc: 'average precision for satisfied',
  brier: 'mean squared error of the chance; lower is better',
  log_loss: 'surprise at the answers; lower is better',
  ece: 'mean gap of chance and share; biased upwards',
  calibration_error_debiased: 'the gap with sampling noise taken out',
  uar: 'mean recall of the three classes', kappa: 'agreement beyond chance',
  kappa_linear: 'a miss by two classes counts double',
  kappa_quadratic: 'a miss by two classes counts four times',
  spearman: 'rank correlation of state and rating',
  sign_accuracy: 'right about better or worse, where annotators are not neutral',
  sign_auc: 'a positive turn ranks above a negative one',
};

const TURN_HELP = {
  accuracy: 'share of turns put in the right class',
  macro_f1: 'mean of the three classes’ F1',
};

function figureCards(slice, help = HELP) {
  return h('ul', {class: 'cards'}, Object.entries(slice.figures).map(([key, figure]) => {
    const majority = slice.majority?.[key]?.value;
    return h('li', null,
        h('h3', null, named(key)),
        h('p', {class: 'value'}, known(figure.value) ? fixed(figure.value) : DASH),
        rangeBar(key, figure, majority),
        h('p', {class: 'help'}, lookup(help, key) ?? '',
            known(majority) && ` (commonest class ${fixed(majority)})`));
  }));
}

/** What part of its scale a figure is drawn on, so that its interval can be seen. */
function scaleOf(key, low, majority) {
  if (/brier|loss|ece|error/.test(key)) return [0, 1];
  const least = Math.min(low, known(majority) ? majority : 1);
  return [least >= 0.5 ? 0.5 : least >= 0 ? 0 : -1, 1];
}

/** A figure and its interval as a thin bar, with the ends of the scale and of the interval. */
function rangeBar(key, {value, interval, reason}, majority) {
  const text = range(interval) || (reason ? quote(reason) : 'no interval');
  if (!known(value)) return h('p', {class: 'ends'}, text);
  const [low, high] = interval ?? [value, value];
  const [start, end] = scaleOf(key, low, majority);
  const place = (x) => `${100 * Math.min(1, Math.max(0, (x - start) / (end - start)))}%`;
  return [
    h('div', {class: 'range', 'aria-hidden': 'true'},
        h('span', {class: 'band', style: {left: place(low), right: place(start + end - high)}}),
        known(majority) && h('span', {class: 'tick', style: {left: place(majority)}}),
        h('span', {class: 'point', style: {left: place(value)}})),
    h('p', {class: 'ends'}, h('span', {'aria-hidden': 'true'}, `${start}`.replace('-', '−')), text,
        h('span', {'aria-hidden': 'true'}, String(end))),
  ];
}

function figuresSection({evaluation}) {
  const all = evaluation.survey?.[0];
  if (!all) return [missing('survey', 'No answered conversation was evaluated.', evaluation.notes)];
  return [
    h('p', {class: 'lead'}, `${count(all.n)} answered conversations, `,
        `${percent(all.shares?.satisfied)} of them satisfied. A conversation counts as satisfied `,
        `from a chance of ${fixed(evaluation.options?.threshold, 2)} on.`),
    figureCards(all),
  ];
}
