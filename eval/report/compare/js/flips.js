// What flipped: who is right where, and how the chances moved.

/** By the code of Pair's "right": bit 1 the first is right, bit 2 the other is. */
const RIGHT = ({first, other}) => [
  {key: 'none', word: 'both wrong', who: 'neither', look: 'neither'},
  {key: 'first', word: `${first} right, ${other} wrong`, who: `only ${first}`, look: 'bad'},
  {key: 'other', word: `${other} right, ${first} wrong`, who: `only ${other}`, look: 'good'},
  {key: 'both', word: 'both right', who: 'both', look: 'neither'},
];

let showRight = () => {};  // set by the list of conversations: filters it

function flipsSection(report, pair) {
  const {right, mcnemar, grid} = report.pairs[pair.at];
  const level = report.options.level;
  const sure = mcnemar.p < 1 - level;
  const flipped = mcnemar.only_first_right + mcnemar.only_other_right;
  return [
    h('p', {class: 'lead'}, `${count(flipped)} of ${count(report.slices[0].n)} conversations are ` +
        'decided otherwise. ', flipped === 0 ? '' :
        `If the versions were equally good, both kinds would be about as frequent: they ` +
        `${sure ? 'are not' : 'may well be'} (McNemar, ${mcnemar.method}: ` +
        `p ${chance(mcnemar.p)}). Choose a box to read its conversations.`),
    rightCards(right, pair),
    h('div', {class: 'grid'}, ['satisfied', 'dissatisfied'].map((answer, code) =>
        chancesChart(report, pair, grid, answer, 1 - code))),
  ];
}

function rightCards(right, pair) {
  const kinds = RIGHT(pair);
  const all = d3.sum(right.satisfied) + d3.sum(right.dissatisfied);
  return h('ul', {class: 'cards right-cards'}, [2, 1, 3, 0].map((code) => {
    const {key, word, look} = kinds[code];
    const n = right.satisfied[code] + right.dissatisfied[code];
    return h('li', {class: look}, h('button', {type: 'button', disabled: n === 0,
                                               onclick: () => showRight(key)},
        h('span', {class: 'name'}, word), h('span', {class: 'value'}, count(n)),
        h('span', {class: 'help'}, `${percent(n / all)}; ${count(right.satisfied[code])} ` +
            `satisfied, ${count(right.dissatisfied[code])} not`)));
  }));
}

/** Squares of chances in the first against the other, their area by how many conversations. */
function chancesChart({versions, pairs}, pair, {cells, counts}, answer, code) {
  const at = (i) => (i + 0.5) / cells;
  const points = counts.map(([x, y, ...n]) => ({x: at(x), y: at(y), n: n[code]}))
      .filter(({n}) => n > 0);
  const kinds = pairs[pair.at].right[answer];
  const most = d3.max(points, (d) => d.n) ?? 1;
  const [a, b] = [versions[0].threshold, versions[pair.version].threshold];
  const style = OUTCOMES[answer];
  const gained = answer === 'satisfied' ? 'Above' : 'Below';
  return chart({
    title: `${style.name[0].toUpperCase()}${style.name.slice(1)} customers`,
    says: `${count(d3.sum(kinds))} conversations. ${gained} the diagonal ${pair.other} is nearer ` +
        `to the answer. In the grey corners one of them is wrong: ${pair.other} mends ` +
        `${count(kinds[2])} and spoils ${count(kinds[1])}.`,
    draw: (width) => chancesPlot(width, {points, most, cells, a, b, style, pair, answer}),
    data: {head: [`chance in ${pair.first}`, `in ${pair.other}`, 'conversations'],
           rows: points.map(({x, y, n}) => [percent(x, 0), percent(y, 0), count(n)])},
  });
}

function chancesPlot(width, {points, most, cells, a, b, style, pair, answer}) {
  const height = Math.min(width, 430), tickFormat = (p) => percent(p, 0);
  const half = ({n}) => 0.48 / cells * Math.max(0.3, Math.sqrt(n / most));
  const says = answer === 'satisfied' ? [pair.other, pair.first] : [pair.first, pair.other];
  const corner = (x, y, label, textAnchor, dy) => Plot.text([label], {
    x: () => x, y: () => y, text: (d) => `${d} right`, textAnchor,
    dx: textAnchor === 'start' ? 5 : -5, dy, fill: 'var(--muted)', ...HALO});
  return {
    height, marginTop: 28, marginLeft: 48, marginBottom: 44, marginRight: 22,
    x: {domain: [0, 1]}, y: {domain: [0, 1]},
    marks: [
      ...axes({x: {label: `chance in ${pair.first} →`, tickFormat, ticks: 5},
               y: {label: `↑ chance in ${pair.other}`, tickFormat, ticks: 5}}),
      Plot.rect([0], {x1: 0, x2: a, y1: b, y2: 1, fill: 'var(--line)', fillOpacity: 0.5}),
      Plot.rect([0], {x1: a, x2: 1, y1: 0, y2: b, fill: 'var(--line)', fillOpacity: 0.5}),
      Plot.line([[0, 0], [1, 1]], {stroke: 'var(--muted)', strokeDasharray: '4 3'}),
      Plot.rect(points, {x1: (d) => d.x - half(d), x2: (d) => d.x + half(d),
                         y1: (d) => d.y - half(d), y2: (d) => d.y + half(d), rx: 2,
                         fill: style.color}),
      corner(0, 1, says[0], 'start', 12), corner(1, 0, says[1], 'end', -10),
      Plot.tip(points, Plot.pointer({x: 'x', y: 'y', title: (d) =>
        `${pair.first} about ${percent(d.x, 0)}, ${pair.other} about ${percent(d.y, 0)}\n` +
        `${many(d.n, 'conversation')}`})),
    ],
  };
}
