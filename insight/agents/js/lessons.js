// Did a lesson help, and how everything was made.

function lessonsSection({lessons, options}) {
  if (!lessons) return [missing('', 'No lessons taken were given (--lessons).')];
  const done = lessons.lessons.filter((lesson) => !lesson.reason);
  const rows = done.map((lesson) => asRow(`${lesson.agent}: ${lesson.problem_type}`,
      {value: lesson.effect, interval: lesson.interval},
      {more: `${lesson.before} before, ${lesson.after} after, ${lesson.controls} comparable agents`}));
  return [
    h('p', {class: 'lead'}, `The change of an agent in the ${options.lesson_days} days after a ` +
        'lesson, less the change of comparable agents in the same time: those with the nearest ' +
        'start and no such lesson. What time or luck brought back by itself is in both.'),
    h('div', {class: 'callout'}, lessons.estimated === 0 ? 'No lesson could be measured.' :
        `Over ${many(lessons.estimated, 'lesson')}: ` +
        `${estimate({value: lessons.effect, interval: lessons.interval}, effect)}; ` +
        `${lessons.method}.`),
    rows.length > 0 && chart({
      title: 'By lesson', size: 'wide', says: 'Right of the line: better than without.',
      draw: intervalRows(rows, {format: effect, references: [{x: 0, label: 'no effect',
                                                             strong: true}]})}),
    table({caption: 'Lessons', texts: 4,
      head: ['agent', 'problem type', 'lesson', 'date', 'change', 'of comparable agents', 'effect',
             'interval'],
      rows: lessons.lessons.map((lesson) => [quote(lesson.agent ?? 'unknown'),
        quote(lesson.problem_type), quote(lesson.lesson), quote(lesson.date),
        ...(lesson.reason ? [h('span', {class: 'note'}, lesson.reason), '', '', ''] :
            [effect(lesson.change), effect(lesson.control_change), effect(lesson.effect),
             range(lesson.interval, effect)])])}),
  ];
}

function makingSection({model, data, notes, behaviours, options}) {
  const {variance} = model;
  return [
    h('p', {class: 'lead'}, 'A mixed model by restricted maximum likelihood: the outcome given ' +
        'entry, problem, channel and time, with effects of agents and of agents at single ' +
        'problems; the effects shown are its best linear unbiased predictors.'),
    facts([
      ['Conversations read', count(data.conversations)], ['Used', count(data.used)],
      ['Without an agent', count(data.without_agent)],
      ['Without a score', count(data.without_score)],
      ['Outcome', OUTCOME_NAMES[model.outcome]], ['Problem types', model.problem_effects],
      ['Deviation of agents', fixed(Math.sqrt(variance.agent), 4)],
      ['Deviation of agents at a problem', fixed(Math.sqrt(variance.agent_problem), 4)],
      ['Deviation of conversations', fixed(Math.sqrt(variance.residual), 4)],
      ['False discovery rate', percent(options.fdr, 0)],
    ]),
    remarks(notes),
    folded('Coefficients', () => table({caption: 'Coefficients',
      head: ['column', 'coefficient', 'standard error'],
      rows: model.columns.map((row) => [row.column, fixed(row.coefficient, 4),
                                        fixed(row.standard_error, 4)])})),
    folded('Rules by which behaviour is read off the text', () => table({
      caption: 'Rules', texts: 2, head: ['behaviour', 'any of these in an agent’s turn'],
      rows: behaviours.map((rule) => [rule.title, rule.phrases.join(' · ') || 'a number'])})),
  ];
}
