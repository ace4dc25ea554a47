// What the figures say, what they are for, and what they must not be used for.

const effect = (value) => signed(value, 2);
const STATEMENTS = {
  strength: 'above the team', gap: 'below the team', none: 'not told apart from the team',
  'too few': 'too few conversations',
};
const OUTCOME_NAMES = {
  delta: 'rise of the customer’s state', exit: 'state the customer left in',
  arc: 'mean rise of the customer’s state over the conversation',
  p_satisfied: 'chance that the customer is satisfied',
};
const CELL = {problem: 0, n: 1, mean: 2, effect: 3, low: 4, high: 5, above: 6, statement: 7};

function tally(report) {
  const overall = {}, cells = {};
  for (const agent of report.agents) {
    overall[agent.overall.statement] = (overall[agent.overall.statement] ?? 0) + 1;
    for (const cell of agent.cells) {
      cells[cell[CELL.statement]] = (cells[cell[CELL.statement]] ?? 0) + 1;
    }
  }
  return {overall, cells};
}

function finding(symbol, standing, title, result, text) {
  return h('li', null, h('span', {class: `standing ${standing}`, 'aria-hidden': 'true'}, symbol),
      h('div', null, h('h2', null, title, result && h('span', {class: 'result'}, result)),
          h('p', null, text)));
}

function headline(report) {
  const {overall, cells} = tally(report);
  const {variance} = report.model;
  const whole = variance.agent + variance.agent_problem + variance.residual;
  const own = (variance.agent + variance.agent_problem) / whole;
  const gaps = cells.gap ?? 0, strengths = cells.strength ?? 0;
  const paths = report.agents.filter((agent) => agent.path.length > 0).length;
  return h('header', {class: 'verdict'},
      h('p', {class: 'kicker'}, quote(report.title), ` · ${report.program} · ${report.made_at}`),
      h('h1', null, gaps === 0 ? 'No gap can be stated' :
          `${many(gaps, 'gap')} worth learning for, ${many(strengths, 'strength')} to learn from`),
      h('ul', {class: 'findings'},
          finding('✓', 'good', 'Measured', many(report.agents.length, 'agent'),
              `${many(report.data.used, 'conversation')}; the ${OUTCOME_NAMES[report.model.outcome]}` +
              ', compared with what was to be expected given the state the customer came in with, ' +
              'the problem, the channel and the time.'),
          finding('?', 'open', 'Most of it is not the agent', percent(own),
              `Of what differs beyond that, ${percent(own)} goes with who answers; the rest ` +
              'differs between conversations of one agent with one problem.'),
          finding(gaps ? '!' : '–', gaps ? 'bad' : 'open', 'Gaps at single problems', count(gaps),
              `Of those stated, at most ${percent(report.options.fdr, 0)} are expected to be ` +
              `not below the team. ${many(paths, 'agent has', 'agents have')} a learning path.`),
          finding('–', 'open', 'Over all problems', null,
              `${count(overall.strength ?? 0)} above the team, ${count(overall.gap ?? 0)} below, ` +
              `${count(overall.none ?? 0)} not told apart, ` +
              `${count(overall['too few'] ?? 0)} with too few conversations.`)));
}

function useSection(report) {
  const {options} = report;
  return [
    h('p', {class: 'lead'}, 'For learning: to see at which problems somebody can be helped, by ' +
        'whom, and whether it helped. The figures come from text only, by a model that can be ' +
        'wrong, and are uncertain by as much as their intervals say.'),
    h('div', {class: 'callout bad'}, h('h3', null, 'They must not be used'),
        h('ul', null, [
          'to rank agents, or to set pay, bonuses, shifts, warnings or dismissals;',
          'without people: nothing may happen to an agent by these figures alone, and an agent ' +
              'can see and contest their own, with the conversations behind them;',
          'on fewer conversations than the minimum, or by the middle of an interval alone;',
          'as a measure of effort or of character. Who takes the hard cases, the angry customers ' +
              'or another language can look worse for reasons that the model does not know;',
          'to judge how somebody speaks: scores may be off for dialects, for second languages ' +
              'and for recognised speech, and so may an agent’s figures;',
          'as proof that a behaviour causes anything: strong agents do it more often, and some of ' +
              'it follows from a problem solved rather than solves it;',
          'together with voices, faces or anything about a person outside the conversation.',
        ].map((text) => h('li', null, text)))),
    h('p', {class: 'lead'}, 'In many places figures about single workers need the consent of ' +
        'their representatives, a purpose that is written down, and an end to their storage. ',
        report.pseudonyms ?
            'Agents have pseudonyms here; names that are said in example conversations are not ' +
            'removed.' :
            'Agents stand here by the ids of the data; --pseudonyms hides them.'),
    h('p', {class: 'lead'}, `A statement needs ${options.min_pair} conversations of an agent at a ` +
        `problem (${options.min_agent} over all), a distance from the team above ` +
        `${fixed(options.margin, 2)}, and a probability of ${percent(options.certainty, 0)}. ` +
        'Every statement can be traced: --trace lists its conversations.'),
  ];
}
