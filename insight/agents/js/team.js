// The team: heat map, groups over all problems, behaviours of strong agents.

const stated = (agent) => agent.cells.some((cell) =>
    ['gap', 'strength'].includes(cell[CELL.statement]));

function teamSection(report) {
  const choices = {
    all: ['all agents, by name', () => true],
    stated: ['with a gap or a strength', stated],
    path: ['with a learning path', (agent) => agent.path.length > 0],
  };
  const place = h('div'), note = h('p', {class: 'count', role: 'status'});
  let start = 0;
  const show = (key) => {
    const found = report.agents.filter(choices[key][1]);
    start = Math.max(0, Math.min(start, found.length - 1));
    start -= start % HEAT.rows;
    const shown = found.slice(start, start + HEAT.rows);
    note.textContent = found.length === 0 ? 'No such agent.' :
        `${start + 1} to ${start + shown.length} of ${many(found.length, 'agent')}`;
    place.replaceChildren(heatMap(report, shown, (agent) => chooseAgent(agent)));
  };
  const select = h('select', {onchange: () => { start = 0; show(select.value); }},
      Object.entries(choices).map(([value, [name]]) => h('option', {value}, name)));
  const step = (by) => () => { start += by; show(select.value); };
  const pager = report.agents.length > HEAT.rows && h('p', {class: 'pager'},
      h('button', {type: 'button', onclick: step(-HEAT.rows), 'aria-label': 'Agents before'}, '‹'),
      h('button', {type: 'button', onclick: step(HEAT.rows), 'aria-label': 'Next agents'}, '›'));
  show('all');
  return [
    h('p', {class: 'lead'}, 'Distance from the team for every agent and problem type, shrunken ' +
        'towards the team by how little is known. A pale or small square is not a finding. Choose ' +
        'a row to read about an agent.'),
    h('figure', {class: 'chart wide'}, h('figcaption', null, h('h3', null, 'Agents by problem')),
        h('label', {class: 'choose'}, 'Show ', select), heatLegend(), place, note, pager,
        folded('Table', () => table({caption: 'Agents by problem', texts: 2,
          head: ['agent', 'problem type', 'conversations', 'distance', 'interval', 'statement'],
          rows: report.agents.flatMap((agent) => agent.cells.map((cell) => [quote(agent.agent),
            quote(report.problems[cell[CELL.problem]].problem_type), count(cell[CELL.n]),
            effect(cell[CELL.effect]), range([cell[CELL.low], cell[CELL.high]], effect),
            STATEMENTS[cell[CELL.statement]]]))}))),
  ];
}

function groupsSection(report) {
  const kinds = [
    ['strength', 'Above the team'], ['none', 'Not told apart from the team'],
    ['gap', 'Below the team'], ['too few', 'Too few conversations to say'],
  ];
  return [
    h('p', {class: 'lead'}, 'Over all problems, each weighted by how often the team has it. ' +
        'Intervals overlap within a group and beyond it, so there is no order inside: agents stand ' +
        'by name.'),
    h('div', {class: 'grid'}, kinds.map(([key, title]) => {
      const members = report.agents.filter((agent) => agent.overall.statement === key);
      return members.length > 0 && h('div', {class: 'chart group-list'},
          h('h3', null, `${title} (${count(members.length)})`),
          h('ul', null, members.slice(0, 200).map((agent) => h('li', null,
              h('button', {type: 'button', class: 'pick', onclick: () => chooseAgent(agent)},
                  quote(agent.agent)),
              h('span', {class: 'meta'}, `${effect(agent.overall.effect)} ` +
                  `(${range(agent.overall.interval, effect)}), n = ${count(agent.n)}`)))),
          members.length > 200 && h('p', {class: 'meta'}, `and ${members.length - 200} more`));
    })),
  ];
}

const SHARES = new Set(['questions']);

function figureOf(rules, key) {
  const share = SHARES.has(key) || rules.get(key)?.share;
  return share ? (value) => percent(value, 0) : (value) => fixed(value, 1);
}

function ruleMap(report) {
  return new Map(report.behaviours.map((rule) => [rule.behaviour, rule]));
}

function behavioursSection(report) {
  const rules = ruleMap(report);
  const compared = report.problems.filter((problem) => problem.behaviours);
  if (compared.length === 0) {
    return [missing('', 'Strong agents are compared with the others where somebody has a gap; ' +
        'nobody has one.')];
  }
  return [
    h('p', {class: 'lead'}, 'What strong agents say and when, against the others at the same ' +
        'problem; intervals take an agent’s conversations together. Read off the text by plain ' +
        'rules. What goes along with good results need not bring them about.'),
    compared.map((problem) => {
      const found = problem.behaviours.filter((difference) => difference.stated);
      return h('div', {class: 'group'}, h('h3', null, quote(problem.problem_type)),
          h('p', {class: 'meta'}, `${many(problem.strong.agents.length, 'strong agent')}, chosen ` +
              `as: ${problem.strong.chosen}. `, found.length === 0 ? 'Nothing sets them apart that ' +
              'could be told from chance.' : ''),
          found.length > 0 && differenceTable(problem, found, rules),
          folded('Every comparison', () => differenceTable(problem, problem.behaviours, rules)));
    }),
  ];
}

function differenceTable(problem, differences, rules) {
  return table({caption: `Behaviour at ${short(problem.problem_type)}`,
    head: ['behaviour', 'strong agents', 'the others', 'p'],
    rows: differences.map(({behaviour, title, strong, rest, p}) => {
      const figure = figureOf(rules, behaviour);
      return [title, estimate(strong, figure), estimate(rest, figure), chance(p)];
    })});
}
