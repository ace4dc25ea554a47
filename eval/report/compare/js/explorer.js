// The list of conversations that both versions scored.

class CompareExplorer extends Explorer {
  constructor(archive, pair) {
    super(archive, new CompareReader(pair));
  }

  heads() {
    const {first, other} = this.archive.pair;
    return ['Conversation', 'Outlooks', first, other, 'Right'];
  }

  outcomes() {
    const kinds = this.archive.kinds;
    return [
      ['Right', 'right', [['Any', ''], ['Decided otherwise', 'flipped'],
        ...[2, 1, 3, 0].map((code) => [kinds[code].word, kinds[code].key])]],
      ['Answer', 'outcome', [['Any', ''], ['Satisfied', 'satisfied'],
        ['Dissatisfied', 'dissatisfied']]],
    ];
  }

  readables() { return []; }  // those furthest apart have their words, and come first

  entry(row) {
    const {first, other} = this.archive.pair;
    const {id, channel, problem, answer, right, sides} = this.archive.get(row);
    return h('tr', {'data-row': row, 'data-right': right.key, onclick: () => this.open(row, true)},
        h('th', {scope: 'row'},
            h('button', {type: 'button', class: 'pick'}, quote(id)),
            h('span', {class: 'meta'}, OUTCOMES[answer].name,
                [problem, channel].filter(Boolean).map((text) => [' · ', quote(text)]))),
        h('td', null, twoSparks(this.archive.arc(row))),
        sides.map(({p}, side) => h('td', {
          class: 'figure', 'data-label': side === 0 ? first : other}, percent(p, 0))),
        h('td', null, h('span', {class: `badge ${right.look}`, title: right.word}, right.who)));
  }

  /** Shows the conversations of one kind, by its key in RIGHT(). */
  choose(key) {
    const select = this.element.querySelector('select[data-key="right"]');
    select.selectedIndex = this.outcomes()[0][2].findIndex(([, value]) => value === key);
    this.change({right: key});
    if (this.rows.length > 0) this.open(this.rows[0]);
    this.element.closest('section').scrollIntoView();
  }
}

/** Both outlooks, small: they end where the chances lie. */
function twoSparks(points) {
  const width = 84, height = 26, pad = 3;
  const last = Math.max(1, points.at(-1)?.turn ?? 1);
  const x = (turn) => pad + (width - 2 * pad) * turn / last;
  const y = (outlook) => height - pad - (height - 2 * pad) * outlook;
  return svg('svg', {class: 'spark two', width, height, viewBox: `0 0 ${width} ${height}`,
                     'aria-hidden': 'true'},
      svg('line', {x1: pad, x2: width - pad, y1: height / 2, y2: height / 2, class: 'middle'}),
      [FIRST, OTHER].map(({color, dash}, side) => {
        const drawn = points.filter(({sides}) => known(sides[side]?.outlook));
        const end = drawn.at(-1);
        return [
          svg('polyline', {
            style: {stroke: color}, 'stroke-dasharray': dash && '3 2',
            points: drawn.map(({turn, sides}) =>
                `${x(turn).toFixed(1)},${y(sides[side].outlook).toFixed(1)}`).join(' ')}),
          end && svg('circle', {cx: x(end.turn), cy: y(end.sides[side].outlook), r: 2.6,
                                fill: color}),
        ];
      }));
}

function conversationsSection(report, pair) {
  const {conversations} = report;
  if (conversations.id.length === 0) {
    return [missing('conversations', 'No conversation was to be listed.')];
  }
  const explorer = new CompareExplorer(new CompareArchive(report, pair), pair);
  showRight = (key) => explorer.choose(key);
  const readable = Object.keys(conversations.texts).length;
  const sample = conversations.total > conversations.id.length;
  return [
    h('p', {class: 'lead'}, `${count(conversations.id.length)} conversations`,
        sample ? `, a sample of ${count(conversations.total)} with the flipped ones first` : '',
        readable === conversations.id.length ? ', all with their words.' :
            `; the ${count(readable)} where they differ most have their words in this file.`,
        ' Search looks through ids, channels, problem types and words.',
        known(conversations.points) &&
            ` Long arcs are thinned out to ${conversations.points} turns.`),
    explorer.element,
  ];
}
