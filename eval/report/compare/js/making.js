// What was compared, by which rule and tests.

function ruleText({figure, at_least: least, worse_by: worse, judge_by: by, min_slice: slice,
                   level}) {
  return `${named(figure)} has to be at least ${fixed(least, 3)} over everything. In no group of ` +
      `${count(slice)} conversations or more, nor over everything, may it be more than ` +
      `${fixed(worse, 3)} below the first version’s. ` + (by === 'point' ?
    'The figures alone decide, whatever their intervals.' :
    `The first is met or missed where the whole ${percent(level, 0)} interval says so; the ` +
      'second is missed where the group’s test, adjusted by Holm, is sure of it. In between it is ' +
      'undecided.');
}

function makingSection(report) {
  const {versions, data, options, notes = [], program, made_at: madeAt, target} = report;
  return [
    h('div', {class: 'callout'}, h('h3', null, 'The rule'), h('p', null, ruleText(options))),
    versionsTable(versions),
    facts([
      ['Answer', quote(target)],
      ['Data', quote(data.path)],
      ['SHA-256 of the data', quote(data.sha256, {class: 'quote code'})],
      ['Conversations read', count(data.read) +
          (data.skipped ? `, ${count(data.skipped)} left out` : '')],
      ['Answered', count(data.answered)],
      ['Compared', count(data.compared)],
      ['Bootstrap', `${count(options.resamples)} resamples, seed ${options.seed}`],
      ['Program', quote(program)],
      ['Made', quote(madeAt)],
    ]),
    remarks([
      'Intervals of differences: paired bootstrap, one resample of conversations for all versions.',
      'p-values, two-sided: McNemar for accuracy, exact permutation for balanced accuracy and ' +
          'macro-F1, DeLong for ROC-AUC, sign flips for Brier score and log loss.',
      versions.length > 2 && 'Each version is held against the first. Choosing the best of many ' +
          'on one test set flatters it, whatever its verdict.',
    ].filter(Boolean)),
    notes.length > 0 && h('div', {class: 'callout'}, h('h3', null, 'To be known'),
        h('ul', null, notes.map((note) => h('li', null, quote(String(note)))))),
  ];
}

function versionsTable(versions) {
  return h('div', {class: 'chart'}, table({
    caption: 'What was compared', texts: 4,
    head: ['version', 'path', 'is', 'model', 'satisfied from', 'scores', 'without a score', 'unknown',
           'without an answer'],
    rows: versions.map((version) => [
      version.label, quote(version.path),
      version.kind === 'model' ? 'a model' : 'a score file', [quote(version.model),
        version.calibrated ? '' : ', not calibrated'],
      fixed(version.threshold, 3), count(version.scores), count(version.missing),
      count(version.unknown), count(version.without_answer)]),
  }));
}
