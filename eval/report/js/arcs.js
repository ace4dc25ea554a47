// Typical conversations: how the state moves from the first to the last customer turn.

function arcsSection({evaluation}) {
  const arcs = evaluation.arcs;
  const groups = arcs?.groups?.filter((group) => group.median?.length === arcs.grid.length) ?? [];
  if (groups.length === 0) {
    return [missing('arcs', 'No typical arcs were made.', evaluation.notes)];
  }
  return [
    h('p', {class: 'lead'}, 'The customer’s state from the first to the last of their turns, by ' +
        'how they answered: the median as a line, the middle half as a band. The other groups’ ' +
        'medians are drawn thin.'),
    h('div', {class: 'grid three'}, groups.map((group) => arcChart(group, groups, arcs.grid))),
  ];
}

function arcChart(group, groups, grid) {
  const style = lookup(OUTCOMES, group.outcome) ?? {name: group.outcome, color: 'var(--accent)'};
  const others = groups.filter((other) => other !== group);
  const points = grid.map((x, i) =>
      ({x, median: group.median[i], low: group.q25[i], high: group.q75[i]}));
  const [first, last] = [group.median[0], group.median.at(-1)];
  return chart({
    title: style.name[0].toUpperCase() + style.name.slice(1),
    says: `${count(group.n)} conversations; the median goes from ${fixed(first, 2)} to ` +
        `${fixed(last, 2)} (${signed(last - first)}).`,
    draw: (width) => ({
      height: Math.min(290, width * 0.8), marginTop: 28, marginLeft: 34, marginBottom: 34,
      marginRight: 16,
      x: {domain: [0, 1]}, y: {domain: [0, 1]},
      marks: [
        ...axes({x: {label: null, ticks: [0, 0.5, 1],
                     tickFormat: (x) => ({0: 'first turn', 0.5: 'half', 1: 'last'})[x] ?? ''},
                 y: {label: '↑ state', ticks: 5}}),
        others.map((other) => Plot.line(other.median, {
          x: grid, y: other.median, stroke: lookup(OUTCOMES, other.outcome)?.color ?? 'var(--faint)',
          strokeOpacity: 0.55, strokeWidth: 1.2,
          strokeDasharray: lookup(OUTCOMES, other.outcome)?.dash})),
        Plot.areaY(points, {x: 'x', y1: 'low', y2: 'high', fill: style.color, fillOpacity: 0.18}),
        Plot.line(points, {x: 'x', y: 'median', stroke: style.color, strokeWidth: 2.8}),
        Plot.dot([points[0], points.at(-1)], {x: 'x', y: 'median', r: 4.5, fill: style.color,
                                              clip: false}),
        Plot.tip(points, Plot.pointerX({x: 'x', y: 'median', title: (d) =>
          `${percent(d.x, 0)} of the way\nmedian ${fixed(d.median, 2)}\n` +
          `middle half ${fixed(d.low, 2)} to ${fixed(d.high, 2)}`})),
      ],
    }),
    data: {head: ['place', 'median', 'lower quartile', 'upper quartile'],
           rows: points.map(({x, median, low, high}) =>
               [percent(x, 0), fixed(median), fixed(low), fixed(high)])},
  });
}
