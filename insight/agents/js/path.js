// A learning path: gaps in the order of what they cost, each with what to do about it.

function pathList(report, agent) {
  if (agent.path.length === 0) {
    return h('p', {class: 'missing'}, 'No gap of this agent can be stated, so there is no path.');
  }
  return h('ol', {class: 'path'}, agent.path.map((step, i) => pathStep(report, step, i + 1)));
}

function pathStep(report, step, number) {
  const lost = step.satisfied_lost;
  return h('li', {class: 'chart'},
      h('h3', null, `${number}. `, quote(step.problem_type)),
      h('p', {class: 'meta'}, `${effect(step.effect)} (${range(step.interval, effect)}) from the ` +
          `team, ${many(step.n, 'conversation')}. At the team’s level about ` +
          `${fixed(Math.max(0, lost.value), 1)} more of these customers would have been satisfied ` +
          `(${range(lost.interval, (value) => fixed(value, 1))}).`),
      stepBehaviours(report, step),
      lessonList(step.lessons),
      h('p', null, step.coach === null ? 'No colleague stands out here who is not asked often ' +
          'already.' : ['Could coach: ', quote(step.coach), '.']),
      step.examples.length > 0 && h('h4', null, 'To read: strong agents at this problem'),
      step.examples.map((example) => exampleFold(report, example)));
}

function stepBehaviours(report, step) {
  const rules = ruleMap(report);
  if (step.behaviours.length === 0) {
    return h('p', null, 'No behaviour could be found by which strong agents differ here; read ' +
        'their conversations.');
  }
  return [
    h('h4', null, 'What strong agents do differently'),
    h('ul', {class: 'behaviours'}, step.behaviours.map(({behaviour, title, own, strong, lessons}) => {
      const figure = figureOf(rules, behaviour);
      return h('li', null, h('strong', null, title), `: ${estimate(strong, figure)} with strong ` +
          `agents, here ${estimate(own, figure)}`, lessonList(lessons));
    })),
  ];
}

function lessonList(lessons) {
  return lessons.length > 0 && h('ul', {class: 'lessons'}, lessons.map((lesson) =>
      h('li', null, 'Lesson: ', quote(lesson.title),
          lesson.text && h('span', {class: 'meta'}, ' ', quote(lesson.text)))));
}

const SPEAKERS = {customer: 'Customer', agent: 'Agent', bot: 'Bot'};

function exampleFold(report, example) {
  const turns = report.readable.get(example.id);
  const about = h('span', null, quote(example.id), ' by ', quote(example.agent),
      `: the customer came with ${fixed(example.entry, 2)}, outcome ${effect(example.outcome)}`);
  if (!turns) return h('p', {class: 'meta'}, about);
  return folded(about, () => h('div', {class: 'turns'}, turns.map(([speaker, text]) =>
      h('div', {class: `turn ${speaker}`}, h('p', {class: 'who'}, SPEAKERS[speaker]),
          h('p', null, quote(text))))));
}
