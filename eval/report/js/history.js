// How the model came to be: its training, the experiments before it, and what it was made of.

function learningSection({learning}) {
  const losses = learning.filter((point) => known(point.loss));
  const checks = learning.filter((point) => point.validation);
  if (learning.length === 0) {
    return [missing('learning', 'The run’s metrics.jsonl was not at hand.')];
  }
  const best = checks.findLast((point) => point.best);
  return [h('div', {class: 'grid'}, lossChart(losses, checks, best), checksChart(checks, best))];
}

function lossChart(losses, checks, best) {
  const validated = checks.filter((point) => known(point.validation.log_loss))
      .map((point) => ({update: point.update, value: point.validation.log_loss}));
  // Batches differ by what is in them: the mean over a stretch shows where the loss goes.
  const smoothing = {k: Math.ceil(losses.length / 15) || 1, strict: false};
  const entries = [losses.length && {name: 'training loss, running mean', color: 'var(--unanswered)'},
                   validated.length && {name: 'validation log loss', color: 'var(--accent)'}];
  return chart({
    title: 'Loss',
    says: (validated.length ?
        `Validation log loss ended at ${fixed(validated.at(-1).value)}. ` : '') +
        (best ? 'Dashed: the model that was kept.' : ''),
    legend: legend(entries.filter(Boolean)),
    draw: (width) => ({
      height: Math.min(280, width * 0.65), marginLeft: 42, marginBottom: 44, marginRight: 14,
      y: {zero: true, nice: true},
      marks: [
        ...axes({x: {label: 'update →', ticks: 5}, y: {label: null, ticks: 5}}),
        best && Plot.ruleX([best.update], {stroke: 'var(--muted)', strokeDasharray: '4 3'}),
        Plot.line(losses, {x: 'update', y: 'loss', stroke: 'var(--unanswered)', strokeWidth: 1,
                           strokeOpacity: 0.35}),
        Plot.line(losses, Plot.windowY(smoothing, {x: 'update', y: 'loss', strokeWidth: 2,
                                                   stroke: 'var(--unanswered)'})),
        Plot.line(validated, {x: 'update', y: 'value', stroke: 'var(--accent)', strokeWidth: 2.4}),
        Plot.dot(validated, {x: 'update', y: 'value', fill: 'var(--accent)', r: 4}),
      ],
    }),
    data: {head: ['update', 'training loss'],
           rows: losses.map((point) => [count(point.update), fixed(point.loss, 4)])},
  });
}

function checksChart(checks, best) {
  const names = ['accuracy', 'auc', 'uar'].filter((name) =>
      checks.some((point) => known(point.validation[name])));
  if (names.length === 0) return null;
  const colors = ['var(--accent)', 'var(--second)', 'var(--dissatisfied)'];
  const dashes = [null, '7 3', '2 3'];
  const kept = best && names.map((name) =>
    `${named(name).toLowerCase()} ${fixed(best.validation[name])}`).join(', ');
  return chart({
    title: 'Validation',
    says: best ? `Kept: update ${count(best.update)}, ${kept.replace('auc', 'AUC')}.` : '',
    legend: legend(names.map((name, i) =>
        ({name: named(name), color: colors[i], dash: dashes[i]}))),
    draw: (width) => ({
      height: Math.min(280, width * 0.65), marginLeft: 42, marginBottom: 44, marginRight: 14,
      y: {nice: true},
      marks: [
        ...axes({x: {label: 'update →', ticks: 5}, y: {label: null, ticks: 5}}),
        best && Plot.ruleX([best.update], {stroke: 'var(--muted)', strokeDasharray: '4 3'}),
        names.map((name, i) => {
          const points = checks.filter((point) => known(point.validation[name]));
          const channels = {x: 'update', y: (point) => point.validation[name]};
          return [
            Plot.line(points, {...channels, stroke: colors[i], strokeWidth: 2.2,
                               strokeDasharray: dashes[i]}),
            Plot.dot(points, {...channels, fill: colors[i], r: 4}),
          ];
        }),
      ],
    }),
    data: {head: ['update', 'log loss', ...names.map(named)],
           rows: checks.map((point) => [count(point.update) + (point.best ? ' (kept)' : ''),
             fixed(point.validation.log_loss), ...names.map((n) => fixed(point.validation[n]))])},
  });
}

function experimentsSection({experiments, target, baseline}) {
  if (experiments.length === 0) {
    return [missing('experiments', 'No ledger of experiments was given (--ledger), or it has none ' +
        'on these data with this answer.')];
  }
  return [experimentsChart(experiments, target, baseline), experimentsTable(experiments)];
}

function experimentsChart(experiments, target, baseline) {
  let best = 0;
  const points = experiments.map((experiment, i) => {
    best = Math.max(best, experiment.value);
    const [low, high] = experiment.interval ?? [null, null];
    return {...experiment, x: i + 1, low, high, best};
  });
  const last = points.length + 0.5;
  return chart({
    title: 'Accuracy from baseline to target', size: 'wide',
    says: `Best of ${points.length} on these data: ${percent(best)}. The line is the best so far` +
        (points.some((point) => point.current) ? '; the ring is the model of this report.' : '.'),
    draw: (width) => ({
      height: Math.min(340, Math.max(240, width * 0.42)), marginLeft: 46, marginBottom: 44,
      marginRight: 16, x: {domain: [0.5, last]}, y: {nice: true},
      marks: [
        ...axes({x: {label: 'experiment →', ticks: d3.range(1, last), tickFormat: 'd'},
                 y: {label: null, tickFormat: (y) => percent(y, 0), ticks: 5}}),
        [['target', target], ['baseline', baseline]].map(([name, y]) => [
          Plot.ruleY([y], {stroke: 'var(--ink)', strokeOpacity: 0.65,
                           strokeDasharray: name === 'target' ? null : '4 3'}),
          Plot.text([y], {x: 0.5, y, text: () => `${name} ${percent(y, 0)}`, textAnchor: 'start',
                          dx: 4, dy: -9, fill: 'var(--muted)', ...HALO}),
        ]),
        Plot.line(points, {x: 'x', y: 'best', curve: 'step-after', stroke: 'var(--accent)',
                           strokeOpacity: 0.5, strokeWidth: 1.5}),
        Plot.ruleX(points.filter((d) => known(d.low)), {x: 'x', y1: 'low', y2: 'high',
          stroke: 'var(--accent)', strokeOpacity: 0.35, strokeWidth: 5, strokeLinecap: 'round'}),
        Plot.dot(points, {x: 'x', y: 'value', r: 5, fill: 'var(--accent)'}),
        Plot.dot(points.filter((d) => d.current), {x: 'x', y: 'value', r: 9, stroke: 'var(--ink)',
                                                   strokeWidth: 1.8}),
        Plot.tip(points, Plot.pointerX({x: 'x', y: 'value', title: (d) =>
          `${d.x}. ${short(d.name, 40)}\n${estimate(d, percent)}`})),
      ],
    }),
  });
}

function experimentsTable(experiments) {
  return h('div', {class: 'chart'}, table({
    caption: 'The experiments on these data, oldest first',
    head: ['experiment', 'accuracy', 'date', 'learned'],
    rows: experiments.map((experiment, i) => [
      [`${i + 1}. `,
       experiment.current ? h('strong', null, quote(experiment.name)) : quote(experiment.name)],
      estimate(experiment, percent), quote(experiment.date.slice(0, 10)),
      experiment.note ? quote(experiment.note, {class: 'quote note'}) : DASH]),
  }));
}

function makingSection({evaluation, making, program, made_at: madeAt}) {
  const {data, options = {}, notes = []} = evaluation;
  return [
    facts([
      evaluation.model && ['Model', quote(evaluation.model)],
      evaluation.target && ['Target', quote(evaluation.target)],
      data?.path && ['Data', quote(data.path)],
      data?.sha256 && ['SHA-256 of the data', quote(data.sha256, {class: 'quote code'})],
      data && ['Conversations read', `${count(data.read)}` +
          (data.skipped ? `, ${count(data.skipped)} skipped` : '')],
      program && ['Program', quote(program)],
      madeAt && ['Made', quote(madeAt)],
    ]),
    Object.keys(options).length > 0 && folded('Options of the evaluation', () => table({
      caption: 'Options of the evaluation', head: ['option', 'value'],
      rows: Object.entries(options).map(([name, value]) =>
          [quote(name), typeof value === 'object' ? JSON.stringify(value) : String(value)])})),
    making.length > 0 && folded('How the model was trained', () => table({
      caption: 'How the model was trained', head: ['key', 'value'],
      rows: making.map(([name, value]) => [quote(name), quote(value)])})),
    notes.length > 0 && h('div', {class: 'callout'}, h('h3', null, 'Not in this evaluation'),
        h('ul', null, notes.map((note) => h('li', null, quote(String(note)))))),
  ];
}
