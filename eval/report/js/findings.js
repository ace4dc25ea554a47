// What the figures say, a line each, with a mark for how far that is shown.

const STANDINGS = {
  good: ['✓', 'shown'], open: ['~', 'open'], bad: ['✕', 'refuted'], fact: ['i', 'figure'],
  unknown: ['?', 'not measured'],
};

function standingMark(standing) {
  const [glyph, name] = STANDINGS[standing] ?? STANDINGS.unknown;
  return h('span', {class: `standing ${standing}`, role: 'img', 'aria-label': name}, glyph);
}

/** Findings as Judge() in verdict.cc makes them, each leading to its section. */
function findingList(findings) {
  return h('ul', {class: 'findings'}, findings.map((finding) => h('li', null,
      standingMark(finding.standing),
      h('div', null,
          h('h2', null, h('a', {href: `#${finding.section}`}, finding.label),
              h('span', {class: 'result'}, finding.result)),
          h('p', null, quote(finding.text))))));
}
