// CSAT of everybody, not only of those who answered.

const WAYS = {
  measured: ['Measured', 'Those who answered, as they are. It speaks for everyone only if ' +
      'answering has nothing to do with satisfaction.', 'var(--unanswered)'],
  reweighted: ['Reweighted', 'Each answer also counts for those like it who did not answer, by ' +
      'the response model.', 'var(--second)'],
  prediction_powered: ['Prediction-powered', 'The model’s chance for every conversation, ' +
      'corrected by how far it is off where people answered.', 'var(--accent)'],
};

function populationSection({evaluation}) {
  const population = evaluation.population;
  if (!population?.overall) {
    return [missing('population', 'Nobody’s satisfaction but that of those who answered was ' +
        'estimated.', evaluation.notes)];
  }
  return [
    h('p', {class: 'lead'}, `${count(population.overall.answered)} of `,
        `${count(population.overall.n)} conversations were answered. Three ways to say how many `,
        'of all of them are satisfied:'),
    threeWays(population.overall, evaluation),
    byColumn(population),
    h('div', {class: 'grid'}, sensitivityChart(population), assumptions(population)),
    responseModel(population.response),
    remarks(population.notes),
  ];
}

function assumptions({assumptions: texts = []}) {
  if (texts.length === 0) return null;
  return h('div', {class: 'callout'},
      h('h3', null, 'What the corrected figures take for granted'),
      h('ul', null, texts.map((text) => h('li', null, quote(text)))));
}

function threeWays(overall) {
  const keys = Object.keys(WAYS).filter((key) => known(overall[key]?.value));
  const references = known(overall.truth) ?
      [{x: overall.truth, label: `truth ${percent(overall.truth)} (simulated)`, strong: true}] : [];
  const lambda = overall.prediction_powered?.lambda;
  const share =
      waysChart('Share satisfied, three ways', 'share satisfied', overall, percent, references);
  const mean = meanAnswer(overall.mean_answer);
  return h('div', {class: 'ways'},
      mean ? h('div', {class: 'grid'}, share, mean) : share,
      facts(keys.map((key) => [WAYS[key][0], WAYS[key][1] +
          (key === 'prediction_powered' && known(lambda) ? ` λ = ${fixed(lambda, 2)}.` : '')])));
}

/** A figure of everybody by each way that gave one. */
function waysChart(title, column, figures, format, references = [], more = '') {
  const rows = Object.keys(WAYS).filter((key) => known(figures[key]?.value))
      .map((key) => asRow(WAYS[key][0], figures[key], {color: WAYS[key][2]}));
  return chart({
    title,
    says: rows.map((row) => `${row.label} ${estimate(overallFigure(row), format)}`).join('; ') +
        '.' + more,
    draw: intervalRows(rows, {references, format}),
    data: {head: ['way', column, 'low', 'high'],
           rows: rows.map((row) => [row.label, format(row.value), format(row.low),
                                    format(row.high)])},
  });
}

const answerText = (value) => fixed(value, 2);

/** The same of the answer itself, on the survey's scale; nothing where answers are yes and no. */
function meanAnswer(figures) {
  if (!Object.keys(WAYS).some((key) => known(figures?.[key]?.value))) return null;
  const lambda = figures.prediction_powered?.lambda;
  return waysChart('Mean answer, three ways', 'mean answer', figures, answerText, [],
      ' On the survey’s own scale' +
      (known(lambda) ? `, the expected answers corrected; λ = ${fixed(lambda, 2)}.` : '.'));
}

const overallFigure = (row) => ({value: row.value, interval: [row.low, row.high]});

/** "Problem type"; an attribute by its own name, as the record spells it. */
const columnName = (by) => by.startsWith('attribute:') ? by.slice('attribute:'.length) : named(by);

/** One figure a value of a column, prediction-powered beside measured. */
function byColumn({by = []}) {
  if (by.length === 0) return null;
  const rows = [];
  const silent = by.filter((slice) => !known(slice.measured?.value));
  for (const [column, slices] of d3.group(by, (slice) => slice.by)) {
    const name = columnName(column);
    rows.push({heading: `By ${column.startsWith('attribute:') ? name : name.toLowerCase()}`});
    for (const slice of slices) {
      if (silent.includes(slice)) continue;
      const corrected = slice.prediction_powered ?? slice.reweighted;
      const style = corrected ? {} : {ring: true, color: 'var(--unanswered)'};
      rows.push(asRow(slice.value, corrected ?? slice.measured, {
        ...style, reference: slice.measured?.value,
        more: `measured ${estimate(slice.measured, percent)}\n` +
            `${count(slice.answered)} of ${count(slice.n)} answered`}));
    }
  }
  const answers = by.some((slice) => slice.mean_answer) ? Object.keys(WAYS) : [];
  return chart({
    title: 'Population CSAT by group', size: 'wide',
    says: 'Dots: prediction-powered. Grey bars: what the answers alone say; rings: nothing else ' +
        'could be said.' + (silent.length > 0 ?
          ` Nobody answered in ${many(silent.length, 'further group')}: see the table.` : ''),
    draw: intervalRows(rows, {}),
    data: {
      texts: 2,
      head: ['group', 'value', 'conversations', 'answered', ...Object.values(WAYS).map(([n]) => n),
             ...answers.map((key) => `Mean answer, ${WAYS[key][0].toLowerCase()}`)],
      rows: by.map((slice) => [quote(columnName(slice.by)), quote(slice.value), count(slice.n),
        count(slice.answered),
        ...Object.keys(WAYS).map((key) => estimate(slice[key], percent)),
        ...answers.map((key) => estimate(slice.mean_answer?.[key], answerText))]),
    },
  });
}

/** How far the figure could move if answering depended on what no column shows. */
function sensitivityChart({sensitivity = [], overall, flips = []}) {
  if (sensitivity.length < 2) return null;
  const last = sensitivity.at(-1);
  const sampled = sensitivity.filter((d) => known(d.interval?.[0]) && known(d.interval[1]));
  const allowed = sampled.at(-1) === last ?
      `, and within ${range(last.interval, percent)} with the sampling error` : '';
  return chart({
    title: 'If the response model misses something',
    says: `Were the odds of answering up to ${fixed(last.gamma, 1)} times off for reasons that ` +
        `no column shows, CSAT would lie within ${range([last.low, last.high], percent)}` +
        `${allowed}. ${flips.map(flipText).join(' ')}`,
    legend: sampled.length > 0 && legend([
      {name: 'range', color: 'var(--accent)'},
      {name: 'with sampling error', color: 'var(--accent)', dash: '2 3'}]),
    draw: (width) => ({
      height: Math.min(300, width * 0.7), marginTop: 28, marginLeft: 46, marginBottom: 44,
      marginRight: 14,
      x: {domain: d3.extent(sensitivity, (d) => d.gamma)}, y: {nice: true},
      marks: [
        ...axes({x: {label: 'odds of answering off by, times →', ticks: 5},
                 y: {label: '↑ share satisfied', tickFormat: (y) => percent(y, 0), ticks: 5}}),
        band(sensitivity, (d) => d.low, (d) => d.high, 0.2, null),
        band(sampled, (d) => d.interval[0], (d) => d.interval[1], 0.08, '2 3'),
        known(overall.measured?.value) && Plot.ruleY([overall.measured.value],
            {stroke: 'var(--muted)', strokeDasharray: '4 3'}),
        Plot.tip(sensitivity, Plot.pointerX({x: 'gamma', y: 'high', title: (d) =>
          `${fixed(d.gamma, 2)} times off\n${range([d.low, d.high], percent)}` +
          (sampled.includes(d) ? `\nwith sampling error ${range(d.interval, percent)}` : '')})),
      ],
    }),
    data: {head: ['odds off by', 'low', 'high', 'with sampling error'],
           rows: sensitivity.map((d) => [fixed(d.gamma, 2), percent(d.low), percent(d.high),
                                         range(d.interval, percent) || DASH])},
  });
}

/** The ground between two lines over gamma. */
function band(rows, y1, y2, fillOpacity, strokeDasharray) {
  const line = {x: 'gamma', stroke: 'var(--accent)', strokeDasharray};
  return [Plot.areaY(rows, {x: 'gamma', y1, y2, fill: 'var(--accent)', fillOpacity}),
          Plot.lineY(rows, {...line, y: y1}), Plot.lineY(rows, {...line, y: y2})];
}

function flipText({claim, value, gamma, gamma_interval: sampled}) {
  const figure = `${claim.slice(0, 1).toUpperCase()}${claim.slice(1)}, ${percent(value)},`;
  const from = known(gamma) ? `${figure} could be the truth from ${fixed(gamma, 2)} times on` :
                              `${figure} could not be the truth below 100 times`;
  const sooner = known(sampled) && !(known(gamma) && sampled >= gamma);
  return `${from}${sooner ? `; with the sampling error from ${fixed(sampled, 2)}` : ''}.`;
}

function responseModel(response) {
  if (!response) return null;
  return h('div', {class: 'group'},
      h('h3', null, 'Who answers'),
      facts([
        ['AUC of the response model', fixed(response.auc)],
        ['Effective sample size', count(Math.round(response.effective_sample_size))],
        ['Design effect', fixed(response.design_effect, 2)],
        ['Weights trimmed', count(response.trimmed)],
      ]),
      h('div', {class: 'grid'}, balanceChart(response), featureChart(response)));
}

function balanceChart({balance = []}) {
  if (balance.length === 0) return null;
  const rows = [...balance].sort((a, b) => Math.abs(b.before) - Math.abs(a.before)).slice(0, 14);
  const worst = d3.max(balance, (d) => Math.abs(d.after));
  const colors = {before: 'var(--unanswered)', after: 'var(--accent)'};
  return chart({
    title: 'Balance before and after weighting',
    says: `Standardised differences of those who answered from everyone. After weighting the ` +
        `largest is ${fixed(worst, 2)}; within 0.1 is usually called balanced.`,
    legend: legend([{name: 'before', color: colors.before, symbol: 'ring'},
                    {name: 'after', color: colors.after, symbol: 'dot'}]),
    draw: (width) => ({
      height: 60 + 26 * rows.length, marginBottom: 40,
      marginLeft: Math.min(0.5 * width, 14 + 7.4 * d3.max(rows, (d) => short(d.name, 20).length)),
      x: {nice: true}, y: {domain: rows.map((d) => short(d.name, 20)), label: null},
      marks: [
        Plot.rectX([0], {x1: -0.1, x2: 0.1, fill: 'var(--line)', fillOpacity: 0.7}),
        Plot.axisX({label: 'standardised difference →', fill: 'var(--muted)',
                    ticks: Math.max(2, Math.round(width / 110)),
                    stroke: 'var(--faint)'}),
        Plot.axisY({tickSize: 0, fill: 'var(--ink)', label: null}),
        Plot.ruleX([0], {stroke: 'var(--faint)'}),
        Plot.link(rows, {x1: 'before', x2: 'after', y: (d) => short(d.name, 20),
                         stroke: 'var(--faint)'}),
        Plot.dot(rows, {x: 'before', y: (d) => short(d.name, 20), r: 4, stroke: colors.before,
                        strokeWidth: 2}),
        Plot.dot(rows, {x: 'after', y: (d) => short(d.name, 20), r: 4.5, fill: colors.after}),
      ],
    }),
    data: {head: ['column', 'before', 'after'],
           rows: balance.map((d) => [quote(d.name), signed(d.before, 3), signed(d.after, 3)])},
  });
}

const FEATURES = 10;  // of the response model drawn; the table has all

function featureChart({features = []}) {
  if (features.length === 0) return null;
  // The clearest: far from 0 for the width of their interval.
  const clear = ({coefficient, interval}) =>
      Math.abs(coefficient) / Math.max(1e-9, interval?.[1] - interval?.[0] || 1);
  const rows = [...features].sort((a, b) => clear(b) - clear(a)).slice(0, FEATURES)
      .map(({name, coefficient, interval}) => asRow(name, {value: coefficient, interval}));
  return chart({
    title: 'What goes with answering',
    says: 'Coefficients of the response model, log-odds; right of 0 they answer more often.' +
        (rows.length < features.length ?
          ` The ${FEATURES} clearest of ${features.length}; the table has all.` : ''),
    draw: intervalRows(rows, {format: signed, references: [{x: 0, label: 'no difference'}]}),
    data: {head: ['column', 'coefficient', 'interval'],
           rows: features.map((d) => [quote(d.name), signed(d.coefficient, 3),
                                      range(d.interval)])},
  });
}
