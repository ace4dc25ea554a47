// One conversation as two versions see it: both arcs on one chart, and the turns to read.

const MEASURES = {state: 'State', outlook: 'Outlook: the chance that it ends satisfied'};

class CompareReader extends Reader {
  constructor(pair) {
    super();
    this.pair = pair;
    this.ticks = 2;
    this.slider.before(versionLegend(pair));
  }

  legend() { return null; }  // made when the pair is known

  describe({channel, problem, turns, answer, right, sides}) {
    const {first, other} = this.pair;
    const way = ({entry, exit}) =>
        `${fixed(entry, 2)} → ${fixed(exit, 2)} (${signed(exit - entry)})`;
    return [
      h('p', {class: 'meta'}, quote(channel), ' · ', quote(problem), ` · ${count(turns)} turns`),
      facts([
        ['Answer', answerBadge(answer)],
        ['So', h('span', {class: `badge ${right.look}`}, right.word)],
        [`Chance in ${first}`, percent(sides[0].p)],
        [`Chance in ${other}`, percent(sides[1].p)],
        [`Entry → exit in ${first}`, way(sides[0])],
        [`Entry → exit in ${other}`, way(sides[1])],
      ]),
    ];
  }

  briefly({sides}) {
    const {first, other} = this.pair;
    return `${first} ${fixed(sides[0]?.state, 2)} · ${other} ${fixed(sides[1]?.state, 2)}`;
  }

  tell(point) {
    const {first, other} = this.pair;
    const both = (format) => [first, other].map((label, side) =>
        `${label} ${format(point.sides[side] ?? {})}`).join(', ');
    return `state ${both(({state}) => fixed(state, 2))}; ` +
        `outlook ${both(({outlook}) => percent(outlook, 0))}`;
  }

  /** State above, outlook below, each of both versions. */
  draw(width) {
    const plot = super.draw(width);
    return {...plot, height: 300, marginTop: 30, fy: {domain: Object.keys(MEASURES), axis: null,
                                                      padding: 0.28}};
  }

  marks(here) {
    return Object.entries(MEASURES).flatMap(([measure, name]) => [
      Plot.text([name], {fy: () => measure, text: (d) => d, frameAnchor: 'top-left', dy: -19,
                         dx: -26, fill: 'var(--muted)'}),
      [FIRST, OTHER].map(({color, dash}, side) => {
        const y = ({sides}) => sides[side]?.[measure];
        const drawn = this.points.filter((point) => known(y(point)));
        const place = {x: 'turn', y, fy: () => measure};
        return [
          Plot.line(drawn, {...place, stroke: color, strokeWidth: 2.4, strokeDasharray: dash}),
          Plot.dot(drawn, {...place, r: 3.2, stroke: color, strokeWidth: 2,
                           fill: side === 0 ? 'var(--surface)' : color}),
          here && known(y(here)) && Plot.dot([here], {...place, r: 6, fill: color,
                                                      stroke: 'var(--surface)', strokeWidth: 2}),
        ];
      }),
    ]);
  }
}
