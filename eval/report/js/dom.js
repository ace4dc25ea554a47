'use strict';
// Elements. Text from data reaches the page through here only, and as text.

/** h('p', {class: 'x', onclick: f}, 'text', node, null): an HTML element. */
function h(tag, attributes, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
function svg(tag, attributes, ...children) {
  return build(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const key in value) element.style.setProperty(key, value[key]);
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
}

/** A text from data: of its own direction, so that it cannot turn the line around it. */
function quote(text, attributes) {
  return h('bdi', {class: 'quote', ...attributes}, text === '' ? '(none)' : text);
}

let lastId = 0;
function newId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** A table whose first column names the row. `head` and `rows` hold texts or nodes. */
function table({caption, head, rows, texts = 1}) {
  const kind = (column) => (column < texts ? 'text' : 'figure');
  const cell = (value, column) => column === 0 ?
      h('th', {scope: 'row', class: kind(column)}, value) :
      h('td', {class: kind(column)}, value);
  return h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption},
      h('table', null,
          h('caption', null, caption),
          h('thead', null, h('tr', null, head.map((name, column) =>
              h('th', {scope: 'col', class: kind(column)}, name)))),
          h('tbody', null, rows.map((row) => h('tr', null, row.map(cell))))));
}

/** Details that make their content when they are first opened. */
function folded(summary, make) {
  const details = h('details', {class: 'data'}, h('summary', null, summary));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(make());
  });
  return details;
}

/** Names and values. */
function facts(pairs) {
  return h('dl', {class: 'facts'}, pairs.filter(Boolean).map(([name, value]) =>
      h('div', null, h('dt', null, name), h('dd', null, value))));
}
