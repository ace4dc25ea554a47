// How the data the versions learned from differ, and from what they are compared on.

const DRIFT_COLUMNS = {
  channel: 'Channel', problem_type: 'Problem type', length: 'Length in turns',
  answered: 'Share answered', satisfied: 'Share satisfied among the answered',
};
const MOVED = {small: 'hardly', moderate: 'somewhat', large: 'much'};
const LEAST_DRAWN = 0.01;  // a column that differs in fewer conversations has no chart
const DRIFT_ROWS = 12;  // categories drawn of one column; the table has all

function driftSection(report, pair) {
  const {first, other} = pair;
  const own = (name) => !/^[A-Z]'s /.test(name) || name.startsWith(`${first}'s`) ||
      name.startsWith(`${other}'s`);
  const found = report.drift.filter(({from, to, columns}) =>
      own(from) && own(to) && columns.length > 0);
  if (found.length === 0) {
    return [missing('drift', 'What the versions learned from is not at hand. Runs name it ' +
        'themselves while their files are there; --trained-on says it for score files and for ' +
        'what was learned from shards.')];
  }
  const place = h('div', {class: 'group'});
  const show = (i) => {
    place.replaceChildren();
    append(place, driftView(found[i]));
  };
  const select = h('select', {onchange: () => show(Number(select.value))},
      found.map(({from, to}, i) => h('option', {value: i}, `${from} to ${to}`)));
  show(0);
  return [
    h('p', {class: 'lead'}, 'Versions that learned from different conversations may differ for ' +
        'that reason alone, and one that learned from others than it meets does worse ' +
        'than it could. With many conversations every difference is significant: look first at ' +
        'how many of them differ.'),
    h('label', {class: 'choose'}, 'From ', select), place,
  ];
}

function driftView({from, to, conversations, columns}) {
  const sorted = [...columns].sort((a, b) => b.total_variation - a.total_variation);
  return [
    h('div', {class: 'chart'}, table({
      caption: `From ${from} (${count(conversations[0])} conversations) to ${to} ` +
          `(${count(conversations[1])})`,
      head: ['column', 'moved', 'differs in', 'PSI', 'PSI by chance', 'p (Holm)'],
      rows: sorted.map((column) => [DRIFT_COLUMNS[column.name] ?? quote(column.name),
        MOVED[column.size] ?? DASH, percent(column.total_variation), fixed(column.psi),
        fixed(column.psi_by_chance), chance(column.p_holm)]),
    })),
    h('div', {class: 'grid'}, sorted.filter((column) => column.total_variation >= LEAST_DRAWN)
        .map((column) => driftChart(column, from, to))),
    remarks(['PSI is the population stability index; from 0.1 on a column moved somewhat, from ' +
        '0.25 much.']),
  ];
}

/** Shares of one column before and after, the largest changes first. */
function driftChart({name, categories, size, total_variation: moved}, from, to) {
  const [n, m] = ['before', 'after'].map((side) => d3.sum(categories, (c) => c[side]));
  if (n === 0 || m === 0) return null;
  const shares = categories.map(({value, before, after}) =>
      ({value, before: before / n, after: after / m}));
  const drawn = [...shares]
      .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
      .slice(0, DRIFT_ROWS).map((row, y) => ({...row, y}));
  const rest = shares.length - drawn.length;
  return chart({
    title: DRIFT_COLUMNS[name] ?? name,
    says: `Differs in ${percent(moved)} of conversations: it moved ${MOVED[size] ?? size}.` +
        (rest > 0 ? ` The ${DRIFT_ROWS} values that changed most; ${rest} more in the table.` : ''),
    legend: legend([{name: from, color: FIRST.color, symbol: 'ring'},
                    {name: to, color: OTHER.color, symbol: 'dot'}]),
    draw: (width) => dumbbells(width, drawn),
    data: {head: ['value', from, to, 'change'],
           rows: shares.map(({value, before, after}) => [quote(value), percent(before),
             percent(after), signed(100 * (after - before), 1)])},
  });
}

function dumbbells(width, rows) {
  const left = Math.min(0.42 * width, 22 + 7.4 * d3.max(rows, (d) => short(d.value, 22).length));
  return {
    height: 44 + 28 * rows.length, marginTop: 12, marginBottom: 32, marginLeft: left,
    marginRight: 22,
    x: {domain: [0, Math.min(1, 1.06 * d3.max(rows, (d) => Math.max(d.before, d.after)))]},
    y: {domain: [rows.length - 0.5, -0.5], axis: null},
    marks: [
      Plot.gridX({stroke: 'var(--line)', strokeOpacity: 1, ticks: Math.max(2, width / 110)}),
      Plot.axisX({tickFormat: (x) => percent(x, 0), tickSize: 4, stroke: 'var(--faint)',
                  fill: 'var(--muted)', label: null, ticks: Math.max(2, width / 110)}),
      Plot.link(rows, {x1: 'before', x2: 'after', y: 'y', stroke: 'var(--accent)',
                       strokeOpacity: 0.35, strokeWidth: 4}),
      Plot.dot(rows, {x: 'before', y: 'y', r: 4.5, stroke: FIRST.color, strokeWidth: 2,
                      fill: 'var(--surface)'}),
      Plot.dot(rows, {x: 'after', y: 'y', r: 5, fill: OTHER.color}),
      Plot.text(rows, {y: 'y', text: (d) => short(d.value, 22), frameAnchor: 'left',
                       textAnchor: 'start', dx: 6 - left, fill: 'var(--ink)'}),
      Plot.tip(rows, Plot.pointerY({x: 'after', y: 'y', title: (d) =>
        `${short(d.value, 40)}\n${percent(d.before)} → ${percent(d.after)}`})),
    ],
  };
}
