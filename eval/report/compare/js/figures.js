// Every figure of both versions, and how far it moved.

const HIGHER = ['accuracy', 'balanced_accuracy', 'macro_f1', 'roc_auc', 'pr_auc'];  // is better
const TESTS = {
  mcnemar: 'McNemar', permutation: 'permutation', delong: 'DeLong', 'sign flip': 'sign flip',
};

function figuresOf({slices, pairs}, {at, version}) {
  const [all] = slices;
  return Object.keys(all.differences[at].figures).map((key) => ({
    key, first: all.versions[0].figures[key], other: all.versions[version].figures[key],
    difference: all.differences[at].figures[key],
  }));
}

function figuresSection(report, pair) {
  const figures = figuresOf(report, pair);
  const level = percent(report.options.level, 0);
  return [
    h('p', {class: 'lead'}, 'The intervals of the two versions may overlap and the difference ' +
        'still be sure, for both were asked about the same conversations: look at the difference.'),
    h('div', {class: 'grid'}, sideBySide(figures, pair, level),
        differenceChart(figures, pair, report, level)),
    figuresTable(figures, pair, report),
  ];
}

function sideBySide(figures, pair, level) {
  const rows = figures.filter(({key, first, other}) =>
      HIGHER.includes(key) && known(first.value) && known(other.value));
  const sides = [['first', pair.first, FIRST, -0.17], ['other', pair.other, OTHER, 0.17]];
  const dots = rows.flatMap((row, y) => sides.map(([side, label, {color}, shift]) => asRow(
      `${named(row.key)}, ${label}`, row[side], {y: y + shift, color, ring: side === 'first'})));
  return chart({
    title: 'Side by side',
    says: `Higher is better; bars are ${level} intervals. The numbers stand in the table below.`,
    legend: versionLegend(pair),
    draw: (width) => sideBySidePlot(width, rows.map(({key}) => named(key)), dots),
  });
}

function sideBySidePlot(width, names, dots) {
  const left = 142, ticks = Math.max(2, Math.round((width - left) / 75));
  return {
    height: 50 + 38 * names.length, marginTop: 8, marginBottom: 30, marginLeft: left,
    marginRight: 18,
    x: {domain: spread(dots, [])}, y: {domain: [names.length - 0.5, -0.5], axis: null},
    marks: [
      Plot.gridX({stroke: 'var(--line)', strokeOpacity: 1, ticks}),
      Plot.axisX({tickFormat: (x) => axisText(x, fixed), tickSize: 4, stroke: 'var(--faint)',
                  fill: 'var(--muted)', label: null, ticks}),
      rowMarks(dots, 0.1),
      Plot.text(names, {y: (d, y) => y, text: (d) => d, frameAnchor: 'left', textAnchor: 'start',
                        dx: 8 - left, fill: 'var(--ink)'}),
      Plot.tip(dots, Plot.pointerY({x: 'value', y: 'y', title: (row) => rowText(row, fixed)})),
    ],
  };
}

function differenceChart(figures, pair, {pairs}, level) {
  const rows = figures.filter(({key, difference}) =>
      HIGHER.includes(key) && known(difference.value))
      .map(({key, difference}) => asRow(named(key), difference,
          {more: `p ${chance(difference.p)}`}));
  const sure = rows.filter(({low, high}) => low > 0 || high < 0).length;
  const {delong} = pairs[pair.at];
  return chart({
    title: `Difference, ${pair.minus}`,
    says: `${sure} of ${rows.length} intervals leave 0 out. ` +
        (known(delong.difference) ? 'DeLong’s test of ROC-AUC: ' +
          `${estimate({value: delong.difference, interval: delong.interval}, diff)}, ` +
          `p ${chance(delong.p)}.` : ''),
    draw: intervalRows(rows, {format: diff, references: [{x: 0, label: 'no difference'}],
                              label: `← ${pair.first} better · ${pair.other} better →`}),
  });
}

/** In words, by the paired interval: what a reader would say of one row. */
function movement(key, {value, interval}) {
  if (!known(value)) return DASH;
  if (value === 0) return 'equal';
  if (!interval || (interval[0] <= 0 && interval[1] >= 0)) return 'not told apart';
  return (value > 0) === HIGHER.includes(key) ? 'better' : 'worse';
}

function figuresTable(figures, pair, {versions}) {
  const several = versions.length > 2;  // then p is adjusted over them
  const lower = (key) => HIGHER.includes(key) ? '' : ' (lower is better)';
  const test = ({p, test: name}) => known(p) ? `${chance(p)} (${TESTS[name] ?? name})` : DASH;
  return h('div', {class: 'chart'}, table({
    caption: 'All figures over everything' +
        (several ? `; Holm’s correction is over ${versions.length - 1} later versions` : ''),
    head: ['figure', pair.first, pair.other, pair.minus, 'so it is', 'p',
           ...(several ? ['p (Holm)'] : [])],
    rows: figures.map(({key, first, other, difference}) => [
      named(key) + lower(key), estimate(first), estimate(other),
      difference.reason ? quote(difference.reason) : estimate(difference, diff),
      movement(key, difference), test(difference),
      ...(several ? [chance(difference.p_holm)] : [])]),
  }));
}
