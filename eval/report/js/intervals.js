// Values with their intervals, one a row: the form in which most of this report's figures come.

/**
 * How to draw rows of {label, value, low, high, color, ring, reference}, or {heading}.
 * `references` are lines through all rows: {x, label}; below `forbidden` the ground is shaded.
 * Narrow, the label stands above its line.
 */
function intervalRows(rows, {domain, format = percent, references = [], label, forbidden}) {
  const placed = rows.filter((row) => row.heading || known(row.value))
      .map((row, y) => ({...row, y}));
  const items = placed.filter((row) => !row.heading);
  const extent = domain ?? spread(items, references, format === percent ? [0, 1] : undefined);
  return (width) => {
    const wide = width >= 560;
    const longest = Math.max(...placed.map((row) => short(row.heading ?? row.label).length));
    const left = wide ? Math.min(230, 24 + 7.4 * longest) : 18;
    const step = wide ? (onPaper ? 21 : 30) : (onPaper ? 40 : 46);
    const top = 10 + 16 * references.length + (references.length && !wide ? 14 : 0);
    const bottom = label ? 44 : 26;
    const right = wide ? 26 + 6.6 * Math.max(...items.map((row) =>
      figureText(row, format).length)) : 18;
    const ticks = Math.max(3, Math.round((width - left - right) / 75));
    return {
      height: top + bottom + step * placed.length,
      marginTop: top, marginBottom: bottom, marginLeft: left, marginRight: right,
      x: {domain: extent, clamp: true},
      y: {domain: [placed.length - 0.5, -0.5], axis: null},
      marks: [
        known(forbidden) && Plot.rect([0], {
          x1: extent[0], x2: Math.max(extent[0], forbidden), y1: -0.5, y2: placed.length - 0.5,
          fill: 'var(--bad)', fillOpacity: 0.09}),
        Plot.gridX({stroke: 'var(--line)', strokeOpacity: 1, ticks}),
        Plot.axisX({tickFormat: (x) => axisText(x, format), tickSize: 4, stroke: 'var(--faint)',
                    fill: 'var(--muted)', label: label ?? null, ticks}),
        references.map((reference, i) => referenceMarks(reference, i, extent)),
        rowMarks(items, wide ? 0.27 : 0.15),
        rowLabels(placed, items, {wide, left, step, format, brief: width < 400}),
        Plot.tip(items, Plot.pointerY({x: 'value', y: 'y', title: (row) => rowText(row, format)})),
      ],
    };
  };
}

/** What all rows and references need, in round numbers, within `limits`. */
function spread(items, references, [least, most] = [-Infinity, Infinity]) {
  const values = [...items.flatMap((row) => [row.value, row.low, row.high, row.reference]),
                  ...references.map((reference) => reference.x)].filter(known);
  const [low, high] = d3.nice(Math.min(...values), Math.max(...values) + 1e-9, 8);
  return [Math.max(low, least), Math.min(high, most)];
}

const axisText = (x, format) =>
    format === percent ? percent(x, 0) : `${Number(x.toFixed(6))}`.replace('-', '−');
const figureText = ({value, low, high}, format) => estimate({value, interval: [low, high]}, format);
const rowText = (row, format) => `${row.name ?? short(row.label)}\n` +
    `${format(row.value)} ${known(row.low) ? `(${range([row.low, row.high], format)})` : ''}` +
    (row.more ? `\n${row.more}` : '');

function referenceMarks({x, label, strong}, i, [low, high]) {
  const dash = strong ? null : '4 3';
  const right = x > low + 0.6 * (high - low);
  return [
    Plot.ruleX([x], {stroke: 'var(--ink)', strokeOpacity: 0.65, strokeDasharray: dash,
                     insetTop: -12 - 16 * i}),
    Plot.text([x], {x: (d) => d, text: () => label, frameAnchor: 'top', fill: 'var(--muted)',
                    textAnchor: right ? 'end' : 'start', dx: right ? -5 : 5, dy: -12 - 16 * i}),
  ];
}

function rowMarks(items, half) {
  const color = (row) => row.color ?? 'var(--accent)';
  return [
    Plot.ruleX(items.filter((row) => known(row.reference)),
        {x: 'reference', y1: (row) => row.y - half, y2: (row) => row.y + half,
         stroke: 'var(--muted)', strokeWidth: 2}),
    Plot.ruleY(items.filter((row) => known(row.low)),
        {x1: 'low', x2: 'high', y: 'y', stroke: color, strokeWidth: 5, strokeOpacity: 0.35,
         strokeLinecap: 'round'}),
    Plot.dot(items, {x: 'value', y: 'y', r: 5, strokeWidth: 2, stroke: color,
                     fill: (row) => row.ring ? 'var(--surface)' : color(row)}),
  ];
}

function rowLabels(placed, items, {wide, left, step, format, brief}) {
  const common = {y: 'y', frameAnchor: 'left', textAnchor: 'start', fill: 'var(--ink)', ...HALO};
  const dy = wide ? 0 : -step / 3;
  const value = (row) => brief ? format(row.value) : figureText(row, format);
  return [
    Plot.text(placed.filter((row) => row.heading),
        {...common, text: (row) => row.heading, dx: wide ? 8 - left : 0, fontWeight: 650}),
    Plot.text(items, {...common, text: (row) => short(row.label), dy,
                      dx: wide ? 8 - left : 0}),
    Plot.text(items, {...common, text: value, frameAnchor: 'right', dy,
                      textAnchor: wide ? 'start' : 'end', dx: wide ? 14 : 0,
                      fill: 'var(--muted)', fontVariant: 'tabular-nums'}),
  ];
}

/** {value, interval} as a row. */
function asRow(label, figure, more = {}) {
  const [low, high] = figure?.interval ?? [null, null];
  return {label, value: figure?.value, low, high, ...more};
}
