// The frame around every chart: a heading, what it says, the drawing at the width there is, and the
// numbers behind it as a table.

const OUTCOMES = {
  satisfied: {name: 'satisfied', color: 'var(--satisfied)', dash: null},
  dissatisfied: {name: 'dissatisfied', color: 'var(--dissatisfied)', dash: '7 3'},
  no_answer: {name: 'no answer', color: 'var(--unanswered)', dash: '2 3'},
};
const ANSWERS = ['dissatisfied', 'satisfied', 'no_answer'];  // by code

const drawings = new Map();  // box -> {draw, width}
const resized = new ResizeObserver((entries) => {
  for (const {target, contentRect} of entries) redraw(target, Math.floor(contentRect.width));
});

function redraw(box, width) {
  const drawing = drawings.get(box);
  if (!drawing || width < 40 || width === drawing.width) return;
  drawing.width = width;
  const options = drawing.draw(width);
  const marks = options.marks.flat(Infinity).filter(Boolean);
  const chart = Plot.plot({...options, width, marks});
  // Plot brings a style element along, which the page's policy refuses; charts.css has the rules.
  for (const style of chart.querySelectorAll('style')) style.remove();
  for (const part of chart.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  chart.setAttribute('role', 'img');
  chart.setAttribute('aria-label', drawing.label());
  box.replaceChildren(chart);
}

/** A box that draws itself whenever its width changes. `label` is what a screen reader says. */
function plotBox(draw, label) {
  const box = h('div', {class: 'plot'});
  drawings.set(box, {draw, width: 0, label: typeof label === 'function' ? label : () => label});
  resized.observe(box);
  return box;
}

/** Draws a box again, after what it shows has changed. */
function refresh(box) {
  const drawing = drawings.get(box);
  const width = drawing.width;
  drawing.width = 0;
  redraw(box, width);
}

// On paper the page is about 690 px wide, in one, two or three columns, and rows stand closer: a
// chart that is taller than a page would be torn.
let onPaper = false;
window.addEventListener('beforeprint', () => {
  onPaper = true;
  for (const box of drawings.keys()) {
    const columns = box.closest('.wide') || !box.closest('.grid') ? 1 :
        box.closest('.three') ? 3 : 2;
    if (box.isConnected) redraw(box, {1: 650, 2: 290, 3: 180}[columns]);
  }
});
window.addEventListener('afterprint', () => {
  onPaper = false;
  for (const box of drawings.keys()) if (box.isConnected) redraw(box, box.clientWidth);
});

/**
 * A figure. `says` is its caption, and what the drawing is called where it cannot be seen; `data`
 * (head, rows) is the table behind it.
 */
function chart({title, says, legend, draw, data, size = ''}) {
  const id = newId('chart');
  return h('figure', {class: `chart ${size}`, 'aria-labelledby': id},
      h('figcaption', null, h('h3', {id}, title), says && h('p', null, says)),
      legend,
      plotBox(draw, `${title}. ${says ?? ''}`),
      data && folded('Table', () => table({caption: title, ...data})));
}

/** What line or symbol stands for what. */
function legend(entries) {
  return h('ul', {class: 'legend'}, entries.map(({name, color, dash, symbol}) =>
      h('li', null,
          svg('svg', {width: 28, height: 12, 'aria-hidden': 'true'},
              symbol === 'dot' ? svg('circle', {cx: 14, cy: 6, r: 5, fill: color}) :
              symbol === 'ring' ?
                  svg('circle', {cx: 14, cy: 6, r: 4.5, fill: 'none', stroke: color,
                                 'stroke-width': 2}) :
                  svg('line', {x1: 1, x2: 27, y1: 6, y2: 6, stroke: color, 'stroke-width': 2.5,
                               'stroke-dasharray': dash})),
          name)));
}

const outcomeLegend = (keys) => legend(keys.map((key) => OUTCOMES[key]));

/** Keeps a text readable on the lines behind it. */
const HALO = {stroke: 'var(--surface)', strokeWidth: 4};

/** Axes and grid shared by all charts with two axes. */
function axes({x = {}, y = {}, gridX = false, gridY = true}) {
  return [
    gridX && Plot.gridX({stroke: 'var(--line)', strokeOpacity: 1, ...pick(x, ['ticks'])}),
    gridY && Plot.gridY({stroke: 'var(--line)', strokeOpacity: 1, ...pick(y, ['ticks'])}),
    Plot.axisX({tickSize: 4, stroke: 'var(--faint)', fill: 'var(--muted)', labelOffset: 38, ...x}),
    Plot.axisY({tickSize: 0, stroke: 'var(--faint)', fill: 'var(--muted)', ...y}),
  ];
}

function pick(object, keys) {
  return Object.fromEntries(keys.filter((key) => key in object).map((key) => [key, object[key]]));
}

/** What is to be known about a section's figures; nothing where there is nothing. */
function remarks(texts = []) {
  return texts.length > 0 && h('ul', {class: 'remarks'},
      texts.map((text) => h('li', null, quote(String(text)))));
}

/** Says why a section is empty: the evaluation's note that begins with its key, or the default. */
function missing(key, reason, notes = []) {
  const note = notes.find((text) => typeof text === 'string' && text.startsWith(`${key}:`));
  return h('p', {class: 'missing'}, note ? quote(note.slice(key.length + 1).trim()) : reason);
}
