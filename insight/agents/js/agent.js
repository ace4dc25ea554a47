// One agent: strengths, gaps, everything between, and the path.

let chooseAgent = () => {};  // set when the section is made; the heat map's rows call it

function agentSection(report) {
  const place = h('div');
  const names = report.agents.map((agent) => agent.agent);
  const select = h('select', {onchange: () => show(report.agents[select.selectedIndex])},
      names.map((name, i) => h('option', {value: i}, name)));
  const show = (agent) => place.replaceChildren(...agentView(report, agent).flat().filter(Boolean));
  chooseAgent = (agent) => {
    select.selectedIndex = report.agents.indexOf(agent);
    show(agent);
    document.getElementById('agent').scrollIntoView();
  };
  if (report.agents.length === 0) return [missing('', 'There is no agent.')];
  const first = Math.max(0, report.agents.findIndex((agent) => agent.path.length > 0));
  select.selectedIndex = first;
  show(report.agents[first]);
  return [h('label', {class: 'choose'}, 'Agent ', select), place];
}

function agentView(report, agent) {
  const name = (cell) => report.problems[cell[CELL.problem]].problem_type;
  const list = (key) => agent.cells.filter((cell) => cell[CELL.statement] === key)
      .sort((a, b) => Math.abs(b[CELL.effect]) - Math.abs(a[CELL.effect]));
  const names = (cells) => cells.length === 0 ? 'none that can be stated' :
      h('span', null, cells.map((cell, i) => [i > 0 && ', ', quote(name(cell))]));
  const {overall} = agent;
  return [
    h('h3', null, quote(agent.agent)),
    facts([
      ['Conversations', count(agent.n)],
      ['Over all problems', `${effect(overall.effect)} (${range(overall.interval, effect)})`],
      ['That is', STATEMENTS[overall.statement]],
      ['Strengths', names(list('strength'))],
      ['Gaps', names(list('gap'))],
    ]),
    agentChart(agent, name),
    h('h3', {class: 'path-title'}, 'Learning path'),
    pathList(report, agent),
  ];
}

const CELL_COLORS = {
  gap: 'var(--dissatisfied)', strength: 'var(--satisfied)', none: 'var(--unanswered)',
  'too few': 'var(--faint)',
};

function agentChart(agent, name) {
  const cells = [...agent.cells].sort((a, b) => a[CELL.effect] - b[CELL.effect]);
  if (cells.length === 0) return missing('', 'Only rare problems.');
  return chart({
    title: 'By problem', size: 'wide',
    says: 'Distance from the team with its interval. Filled: stated. Ring: not told apart from the ' +
        'team, or too few conversations.',
    draw: intervalRows(cells.map((cell) => ({
      label: name(cell), value: cell[CELL.effect], low: cell[CELL.low], high: cell[CELL.high],
      color: CELL_COLORS[cell[CELL.statement]],
      ring: !['gap', 'strength'].includes(cell[CELL.statement]),
      more: `${many(cell[CELL.n], 'conversation')}: ${STATEMENTS[cell[CELL.statement]]}`,
    })), {format: effect, references: [{x: 0, label: 'team', strong: true}]}),
    data: {head: ['problem type', 'conversations', 'mean', 'distance', 'interval',
                  'probability above', 'statement'],
           rows: cells.map((cell) => [quote(name(cell)), count(cell[CELL.n]),
             fixed(cell[CELL.mean], 3), effect(cell[CELL.effect]),
             range([cell[CELL.low], cell[CELL.high]], effect), percent(cell[CELL.above], 0),
             STATEMENTS[cell[CELL.statement]]])},
  });
}
