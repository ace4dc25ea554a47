// The team at one look: agents by problem types. Colour is the distance from the team, the size of
// a square how sure its direction is, a frame that it is stated.

const HEAT = {cell: 26, rows: 80, columns: 40};

/** Blue above the team, orange below, paler towards it; in either colour scheme. */
function heatColor(value, most) {
  const share = Math.round(100 * Math.min(1, Math.abs(value) / most));
  const side = value >= 0 ? 'var(--satisfied)' : 'var(--dissatisfied)';
  return `color-mix(in srgb, ${side} ${Math.max(12, share)}%, var(--surface))`;
}

/** 0 where the direction is open, 1 where it is certain. */
const sureness = (above) => Math.abs(2 * above - 1);

function heatSquare(cell, x, y, most, title) {
  if (cell[CELL.statement] === 'too few') {
    return svg('g', null, svg('title', null, title),
        svg('circle', {cx: x, cy: y, r: 2.5, fill: 'none', stroke: 'var(--faint)'}));
  }
  const stated = ['gap', 'strength'].includes(cell[CELL.statement]);
  const side = (HEAT.cell - 4) * (0.25 + 0.75 * sureness(cell[CELL.above]));
  return svg('g', null, svg('title', null, title),
      svg('rect', {x: x - side / 2, y: y - side / 2, width: side, height: side, rx: 3,
                   fill: heatColor(cell[CELL.effect], most),
                   stroke: stated ? 'var(--ink)' : 'none', 'stroke-width': stated ? 2 : 0}));
}

function cellText(cell) {
  return `${effect(cell[CELL.effect])} (${range([cell[CELL.low], cell[CELL.high]], effect)}), ` +
      `${many(cell[CELL.n], 'conversation')}: ${STATEMENTS[cell[CELL.statement]]}`;
}

/** Columns by volume, without the pooled ones. */
function heatColumns(report) {
  return report.problems.map((problem, code) => ({...problem, code}))
      .filter((problem) => problem.problem_type !== '(rare)')
      .sort((a, b) => b.n - a.n).slice(0, HEAT.columns);
}

function heatMap(report, agents, choose) {
  const columns = heatColumns(report);
  const place = new Map(columns.map((problem, i) => [problem.code, i]));
  const effects = agents.flatMap((agent) => agent.cells)
      .filter((cell) => cell[CELL.statement] !== 'too few')
      .map((cell) => Math.abs(cell[CELL.effect])).sort((a, b) => a - b);
  const most = d3.quantileSorted(effects, 0.95) || 0.1;
  const longest = Math.max(4, ...agents.map((agent) => short(agent.agent, 18).length));
  const label = 16 + 7.4 * longest;
  const top = 128, width = label + columns.length * HEAT.cell + 70;
  const height = top + agents.length * HEAT.cell + 8;
  const at = (i) => label + (i + 0.5) * HEAT.cell;
  const picture = svg('svg', {class: 'heat', width, height, viewBox: `0 0 ${width} ${height}`,
                              role: 'img', 'aria-label': 'Heat map of agents by problem types'},
      columns.map((problem, i) => svg('text', {
        transform: `translate(${at(i) + 4} ${top - 10}) rotate(-55)`, fill: 'var(--muted)',
      }, svg('title', null, `${problem.problem_type}: ${many(problem.n, 'conversation')}`),
          short(problem.problem_type, 20))),
      agents.map((agent, row) => {
        const y = top + (row + 0.5) * HEAT.cell;
        return svg('g', {class: 'row', onclick: () => choose(agent)},
            svg('rect', {x: 0, y: y - HEAT.cell / 2, width, height: HEAT.cell, fill: 'transparent'}),
            svg('text', {x: label - 10, y: y + 4, 'text-anchor': 'end', fill: 'var(--ink)'},
                svg('title', null, `${agent.agent}: ${many(agent.n, 'conversation')}`),
                short(agent.agent, 18)),
            agent.cells.filter((cell) => place.has(cell[CELL.problem])).map((cell) => {
              const i = place.get(cell[CELL.problem]);
              return heatSquare(cell, at(i), y, most,
                  `${agent.agent}, ${columns[i].problem_type}: ${cellText(cell)}`);
            }));
      }));
  return h('div', {class: 'scroll heat-scroll', tabindex: 0, role: 'region',
                   'aria-label': 'Heat map'}, picture);
}

function heatLegend() {
  const square = (value, side, stroke) => svg('svg', {width: 24, height: 24, 'aria-hidden': 'true'},
      svg('rect', {x: 12 - side / 2, y: 12 - side / 2, width: side, height: side, rx: 3,
                   fill: heatColor(value, 1), stroke: stroke ? 'var(--ink)' : 'none',
                   'stroke-width': 2}));
  const entry = (picture, text) => h('li', null, picture, text);
  return h('ul', {class: 'legend'},
      entry(square(-0.9, 20, false), 'below the team'), entry(square(0.9, 20, false), 'above it'),
      entry(square(-0.9, 8, false), 'small: direction not sure'),
      entry(square(0.9, 20, true), 'framed: stated'),
      entry(svg('svg', {width: 24, height: 24, 'aria-hidden': 'true'},
          svg('circle', {cx: 12, cy: 12, r: 2.5, fill: 'none', stroke: 'var(--faint)'})),
          'too few conversations'));
}
