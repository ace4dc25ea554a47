// Does the transition matter? The claim the product stands on, tested.

function claimSection({evaluation}) {
  const claim = evaluation.claim;
  if (!claim?.tests?.length) {
    return [missing('claim', 'The claim was not tested.', evaluation.notes)];
  }
  const {verdict} = claim;
  return [
    h('p', {class: 'lead'}, 'Do two customers who leave in the same state answer differently ' +
        'because one of them came a longer way? “Delta beyond exit” is the question that matters.'),
    verdict && h('div', {class: `callout ${verdict.supported ? 'good' : 'bad'}`},
        h('p', null, standingMark(verdict.supported ? 'good' : 'bad'),
            quote(verdict.text ?? ''))),
    h('div', {class: 'grid'}, testsChart(claim.tests),
        deltaChart(claim.delta_table, claim.delta_table_monotone)),
    changesTable(claim.changes),
  ];
}

function testsChart(tests) {
  const rows = tests.map((test) => asRow(test.name,
      {value: test.coefficient, interval: test.interval}, {more: `p ${chance(test.p_value)}`}))
      .filter((row) => known(row.value));
  return chart({
    title: 'What delta adds',
    says: 'Its coefficient beside the other columns, log-odds; an interval that holds 0 shows ' +
        'nothing.',
    draw: intervalRows(rows, {format: signed, references: [{x: 0, label: 'adds nothing'}]}),
    data: {head: ['test', 'n', 'coefficient', 'interval', 'χ²', 'df', 'p', 'gain, nats'],
           rows: tests.map((test) => [quote(test.name), count(test.n), signed(test.coefficient),
             range(test.interval, signed), fixed(test.chi_squared, 2), count(test.degrees),
             chance(test.p_value), fixed(test.gain, 4)])},
  });
}

function deltaChart(rows = [], monotone) {
  if (rows.length === 0) return null;
  const middle = (row) => (row.low + row.high) / 2;
  const [first, last] = [rows[0], rows.at(-1)];
  const steps = [...rows.map((row) => [row.low, row.fitted]), [last.high, last.fitted]];
  return chart({
    title: 'From delta to the chance of satisfied',
    says: `From ${percent(first.fitted ?? first.satisfied)} where the state fell most to ` +
        `${percent(last.fitted ?? last.satisfied)} where it rose most. ` +
        'Line: fitted, never falling' +
        (monotone === false ? '; some shares lie too far from it: they are not monotone.' : '.'),
    draw: (width) => ({
      height: Math.min(340, width * 0.8), marginTop: 28, marginLeft: 46, marginBottom: 44,
      marginRight: 14,
      x: {domain: [first.low, last.high]}, y: {domain: [0, 1]},
      marks: [
        ...axes({x: {label: 'delta, exit − entry →', ticks: 6},
                 y: {label: '↑ share satisfied', tickFormat: (y) => percent(y, 0), ticks: 5}}),
        known(first.fitted) && Plot.line(steps, {x: '0', y: '1', curve: 'step-after',
                                                 stroke: 'var(--accent)', strokeWidth: 2}),
        Plot.ruleX(rows.filter((row) => row.interval), {
          x: middle, y1: (row) => row.interval[0], y2: (row) => row.interval[1],
          stroke: 'var(--ink)', strokeOpacity: 0.3, strokeWidth: 4, strokeLinecap: 'round'}),
        Plot.dot(rows, {x: middle, y: 'satisfied', r: 4.5, fill: 'var(--ink)'}),
        Plot.tip(rows, Plot.pointerX({x: middle, y: 'satisfied', title: (row) =>
          `delta ${signed(row.low)} to ${signed(row.high)}\n` +
          `satisfied ${estimate({value: row.satisfied, interval: row.interval}, percent)}\n` +
          `${count(row.n)} conversations`})),
      ],
    }),
    data: {head: ['delta from', 'to', 'conversations', 'satisfied', 'interval', 'fitted'],
           rows: rows.map((row) => [signed(row.low), signed(row.high), count(row.n),
             percent(row.satisfied), range(row.interval, percent), percent(row.fitted)])},
  });
}

function changesTable(changes = []) {
  if (changes.length === 0) return null;
  const signed3 = (value) => signed(value, 3);
  return h('div', {class: 'chart'}, table({
    caption: 'What it changes on answers not fitted to (paired bootstrap)',
    head: ['model', 'AUC', 'log loss (lower is better)'],
    rows: changes.map((change) => [quote(change.name),
      estimate({value: change.auc, interval: change.auc_interval}, signed3),
      estimate({value: change.log_loss, interval: change.log_loss_interval}, signed3)]),
  }));
}
