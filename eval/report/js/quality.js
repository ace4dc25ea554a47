// Calibration, ranking, and where the scores lie.

function calibrationSection({evaluation}) {
  const {reliability} = evaluation;
  if (!reliability?.bins?.length) {
    return [missing('reliability', 'No reliability diagram was made.', evaluation.notes)];
  }
  const slices = reliability.slices ?? [];
  const whole = {
    ...reliability, whole: true, n: d3.sum(reliability.bins, (bin) => bin.n),
    interval: reliability.ece_debiased_interval ??
        evaluation.survey?.[0]?.figures?.calibration_error_debiased?.interval,
  };
  return [
    h('p', {class: 'lead'}, 'Of the conversations that were given a chance of 70%, are 70% ' +
        'satisfied? Every bin holds the same number of answered conversations.'),
    reliabilityExplorer([whole, ...slices.filter((slice) => slice.bins?.length > 0)]),
    slices.length > 0 && h('div', {class: 'grid'}, calibrationSlices(slices),
        calibrationTable([whole, ...slices])),
  ];
}

/** The diagram and the figures of everything, or of the group that is chosen. */
function reliabilityExplorer(groups) {
  const place = h('div', {class: 'grid'});
  const show = (group) => place.replaceChildren(reliabilityChart(group), calibrationFacts(group));
  show(groups[0]);
  if (groups.length === 1) return place;
  const option = (group) => h('option', {value: groups.indexOf(group)}, group.whole ?
      `all ${many(group.n, 'answer')}` : `${short(group.value)} (${many(group.n, 'answer')})`);
  const select = h('select', {onchange: () => show(groups[Number(select.value)])},
      option(groups[0]),
      [...d3.group(groups.slice(1), (group) => group.by)].map(([by, members]) =>
          h('optgroup', {label: short(named(by))}, members.map(option))));
  return [h('label', {class: 'choose'}, 'Show ', select), place];
}

function reliabilityChart({whole, value, n, bins}) {
  const off = bins.filter(({p, interval}) => interval && (p < interval[0] || p > interval[1]));
  const agree = bins.length === 1 ? 'The one bin agrees' : `All ${bins.length} bins agree`;
  return chart({
    title: whole ? 'Reliability' : `Reliability: ${short(value)}`,
    says: (off.length === 0 ? `${agree} with the diagonal within their interval.` :
        `${off.length} of ${bins.length} bins lie off the diagonal by more than their interval.`) +
        (whole ? '' : ` ${many(n, 'answer')} in all.`),
    draw: (width) => ({
      height: Math.min(width, 470), marginTop: 28, marginLeft: 48, marginBottom: 44,
      marginRight: 22,
      x: {domain: [0, 1]}, y: {domain: [0, 1]},
      marks: [
        ...axes({x: {label: 'chance of satisfied →', tickFormat: (x) => percent(x, 0), ticks: 5},
                 y: {label: '↑ share satisfied', tickFormat: (y) => percent(y, 0), ticks: 5}}),
        Plot.line([[0, 0], [1, 1]], {stroke: 'var(--muted)', strokeDasharray: '4 3'}),
        Plot.ruleX(bins.filter((bin) => bin.interval),
            {x: 'p', y1: (bin) => bin.interval[0], y2: (bin) => bin.interval[1],
             stroke: 'var(--accent)', strokeWidth: 4, strokeOpacity: 0.35, strokeLinecap: 'round'}),
        Plot.ruleY(bins, {y: 'y', x1: 'p_low', x2: 'p_high', stroke: 'var(--accent)',
                          strokeWidth: 1.5}),
        Plot.dot(bins, {x: 'p', y: 'y', r: 4.5, fill: 'var(--accent)', stroke: 'var(--surface)'}),
        Plot.tip(bins, Plot.pointer({x: 'p', y: 'y', title: (bin) =>
          `chance ${percent(bin.p)}, satisfied ${percent(bin.y)}\n` +
          `${range(bin.interval, percent)}\n${count(bin.n)} conversations`})),
      ],
    }),
    data: {head: ['mean chance', 'chances', 'conversations', 'share satisfied', 'interval'],
           rows: bins.map((bin) => [percent(bin.p), range([bin.p_low, bin.p_high], percent),
                                    count(bin.n), percent(bin.y), range(bin.interval, percent)])},
  });
}

const brierPart = (brier, name) => ({value: brier?.[name], interval: brier?.[`${name}_interval`]});

function calibrationFacts(group) {
  const {brier} = group;
  return h('div', {class: 'chart'}, h('h3', null, 'In figures'), facts([
    ['Debiased calibration error', estimate({value: group.ece_debiased,
                                             interval: group.interval})],
    known(group.ece) && ['ECE, equal mass (biased upwards)',
      estimate({value: group.ece, interval: group.ece_interval})],
    known(group.ece_adaptive) && ['Adaptive ECE',
      estimate({value: group.ece_adaptive, interval: group.ece_adaptive_interval})],
    brier && ['Brier score = reliability − resolution + uncertainty',
      estimate(brierPart(brier, 'value'))],
    brier && ['Reliability: how far chances and shares lie apart, squared',
      estimate(brierPart(brier, 'reliability'))],
    brier && ['Resolution: how well the chances tell conversations apart',
      estimate(brierPart(brier, 'resolution'))],
    brier && ['Uncertainty: how mixed the answers are', estimate(brierPart(brier, 'uncertainty'))],
    !brier && ['Other figures', `need ${FEW} answers`],
  ]));
}

function calibrationSlices(slices) {
  const rows = [];
  for (const [by, members] of d3.group(slices, (slice) => slice.by)) {
    const found = members.filter((slice) => known(slice.ece_debiased));
    if (found.length > 0) rows.push({heading: `By ${named(by).toLowerCase()}`});
    rows.push(...found.map((slice) => asRow(slice.value,
        {value: slice.ece_debiased, interval: slice.interval},
        {more: many(slice.n, 'answer')})));
  }
  if (rows.length === 0) return null;
  return chart({
    title: 'Calibration error by group', size: 'wide',
    says: 'Debiased; 0 is perfect.',
    draw: intervalRows(rows, {format: fixed}),
    data: {texts: 2, head: ['group', 'value', 'answers', 'error', 'interval'],
           rows: slices.map((slice) => [named(slice.by), quote(slice.value), count(slice.n),
                                        fixed(slice.ece_debiased), range(slice.interval)])},
  });
}

/** Errors and Brier parts of everything and of every group, each over its interval. */
function calibrationTable(groups) {
  const name = ({whole, value, by}) => whole ? 'Everything' :
      [quote(value), ' ', h('span', {class: 'under'}, quote(named(by)))];
  const cell = ({value, interval}) => known(value) ?
      [fixed(value), range(interval) && [' ', h('span', {class: 'under'}, `(${range(interval)})`)]] :
      DASH;
  const parts = ['value', 'reliability', 'resolution'];
  return h('div', {class: 'chart wide by-group'},
      h('h3', null, 'In figures, by group'),
      h('p', null, 'Errors and reliability: 0 is perfect. Brier score: less is better; ' +
          'resolution: more is. In brackets the intervals, which allow for the noise that few ' +
          `answers bring. A dash: fewer than ${FEW} answers, or none to tell from.`),
      table({
        caption: 'Calibration by group',
        head: ['group', 'answers', 'debiased error', 'adaptive ECE', 'Brier score', 'reliability',
               'resolution'],
        rows: groups.map((group) => [name(group), count(group.n),
          cell({value: group.ece_debiased, interval: group.interval}),
          cell({value: group.ece_adaptive, interval: group.ece_adaptive_interval}),
          ...parts.map((part) => cell(brierPart(group.brier, part)))])}));
}

function rankingSection({evaluation}) {
  const curves = evaluation.curves;
  if (!curves?.roc?.length) {
    return [missing('curves', 'No curves were made: they need both answers.', evaluation.notes)];
  }
  const all = evaluation.survey?.[0] ?? {};
  return [
    h('p', {class: 'lead'}, 'How well the chance puts satisfied above dissatisfied ' +
        'conversations, whatever the threshold. The dot is the threshold in use.'),
    h('div', {class: 'grid'},
        curveChart({
          title: 'ROC', says: `AUC ${estimate(all.figures?.roc_auc)}.`, points: curves.roc,
          names: ['false positive rate', 'true positive rate'], base: [[0, 0], [1, 1]],
          threshold: evaluation.options?.threshold}),
        curves.pr?.length ? curveChart({
          title: 'Precision and recall',
          says: `Average precision ` +
              `${estimate(all.figures?.pr_auc)}. Without a model, precision is ` +
              `${percent(all.shares?.satisfied)}.`,
          points: curves.pr, names: ['recall', 'precision'],
          base: [[0, all.shares?.satisfied], [1, all.shares?.satisfied]],
          threshold: evaluation.options?.threshold}) : null),
  ];
}

function curveChart({title, says, points, names, base, threshold}) {
  const used = points[d3.leastIndex(points, (a, b) =>
      Math.abs((a[2] ?? 9) - threshold) - Math.abs((b[2] ?? 9) - threshold))];
  return chart({
    title, says,
    draw: (width) => ({
      height: Math.min(width, 430), marginTop: 28, marginLeft: 40, marginBottom: 44,
      marginRight: 18,
      x: {domain: [0, 1]}, y: {domain: [0, 1]},
      marks: [
        ...axes({x: {label: `${names[0]} →`, ticks: 5}, y: {label: `↑ ${names[1]}`, ticks: 5}}),
        Plot.line(base, {stroke: 'var(--muted)', strokeDasharray: '4 3'}),
        Plot.areaY(points, {x: '0', y1: 0, y2: '1', fill: 'var(--accent)', fillOpacity: 0.08}),
        Plot.line(points, {x: '0', y: '1', stroke: 'var(--accent)', strokeWidth: 2.2}),
        Plot.dot([used], {x: '0', y: '1', r: 5.5, fill: 'var(--accent)', stroke: 'var(--surface)',
                          strokeWidth: 2}),
        Plot.tip(points, Plot.pointer({x: '0', y: '1', title: (d) =>
          `${names[0]} ${fixed(d[0])}\n${names[1]} ${fixed(d[1])}\nthreshold ${fixed(d[2])}`})),
      ],
    }),
    data: {head: ['threshold', ...names],
           rows: points.map((d) => [fixed(d[2]), fixed(d[0]), fixed(d[1])])},
  });
}

const DISTRIBUTIONS = {
  score: ['Score', 'Chance of satisfied'],
  delta: ['Delta', 'Exit − entry'],
  entry: ['Entry', 'State at the first customer turn'],
  exit: ['Exit', 'State at the last customer turn'],
};

function distributionSection({evaluation}) {
  const histograms = evaluation.histograms;
  const keys = Object.keys(DISTRIBUTIONS).filter((key) => histograms?.[key]?.edges?.length > 1);
  if (keys.length === 0) {
    return [missing('histograms', 'No histograms were made.', evaluation.notes)];
  }
  const outcomes = Object.keys(OUTCOMES).filter((outcome) =>
      keys.some((key) => d3.sum(histograms[key][outcome] ?? []) > 0));
  return [
    h('p', {class: 'lead'}, 'Share of each group’s conversations by where they lie: the less the ' +
        'groups overlap, the more the figure tells.'),
    outcomeLegend(outcomes),
    h('div', {class: 'grid'}, keys.map((key) => histogramChart(key, histograms[key], outcomes))),
  ];
}

function histogramChart(key, histogram, outcomes) {
  const {edges} = histogram;
  const [title, meaning] = DISTRIBUTIONS[key];
  const series = outcomes.filter((outcome) => d3.sum(histogram[outcome] ?? []) > 0)
      .map((outcome) => ({...OUTCOMES[outcome], outcome, counts: histogram[outcome]}));
  return chart({
    title,
    says: `${meaning}. Medians: ` + series.map(({name, counts}) =>
        `${name} ${fixed(binnedMedian(edges, counts), 2)}`).join(', ') + '.',
    draw: (width) => ({
      height: Math.min(240, width * 0.55), marginLeft: 40, marginBottom: 34, marginTop: 14,
      x: {domain: [edges[0], edges.at(-1)]}, y: {nice: true},
      marks: [
        ...axes({x: {label: null, ticks: 6},
                 y: {label: null, ticks: 3, tickFormat: (y) => percent(y, 0)}}),
        key === 'delta' && Plot.ruleX([0], {stroke: 'var(--muted)', strokeDasharray: '4 3'}),
        series.map((one) => histogramMarks(edges, one)),
      ],
    }),
    data: {head: ['from', 'to', ...series.map(({name}) => name)],
           rows: d3.range(edges.length - 1).map((i) => [fixed(edges[i], 2), fixed(edges[i + 1], 2),
             ...series.map(({counts}) => count(counts[i]))])},
  });
}

function histogramMarks(edges, {counts, color, dash, outcome}) {
  const total = d3.sum(counts);
  const steps = counts.map((n, i) => [edges[i], n / total]);
  steps.push([edges.at(-1), counts.at(-1) / total]);
  return [
    outcome !== 'no_answer' && Plot.areaY(steps, {
      x: '0', y1: 0, y2: '1', curve: 'step-after', fill: color, fillOpacity: 0.16}),
    Plot.line(steps, {x: '0', y: '1', curve: 'step-after', stroke: color, strokeWidth: 2,
                      strokeDasharray: dash}),
  ];
}

/** The median of counts in bins, even within a bin. */
function binnedMedian(edges, counts) {
  const half = d3.sum(counts) / 2;
  let seen = 0;
  for (let i = 0; i < counts.length; ++i) {
    if (seen + counts[i] >= half && counts[i] > 0) {
      return edges[i] + (edges[i + 1] - edges[i]) * (half - seen) / counts[i];
    }
    seen += counts[i];
  }
  return edges.at(-1);
}
