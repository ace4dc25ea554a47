// Where did it get worse? The difference in every group, with the margin that the rule allows.

const JUDGED = {
  pass: {color: 'var(--accent)', word: 'within the margin'},
  undecided: {color: 'var(--open)', word: 'below it, may be chance'},
  fail: {color: 'var(--bad)', word: 'below it, surely'},
  none: {color: 'var(--unanswered)', word: 'too few to judge', ring: true},
};
const judgedAs = (slice, {at}) => JUDGED[slice.outcomes[at]] ?? JUDGED.none;

function groupsSection(report, pair) {
  const {options, slices} = report;
  if (slices.length < 2) return [missing('groups', 'There are no groups.')];
  const judged = slices.slice(1).filter((slice) => slice.outcomes[pair.at] !== null).length;
  const place = h('div');
  const keys = Object.keys(slices[0].differences[pair.at].figures);
  const select = h('select', {onchange: () => show()}, keys.map((key) =>
      h('option', {value: key, selected: key === options.figure}, named(key))));
  const small = h('input', {type: 'checkbox', checked: judged === 0, onchange: () => show()});
  const show = () => place.replaceChildren(forest(report, pair, select.value, small.checked));
  show();
  const few = slices.length - 1 - judged;
  return [
    h('p', {class: 'lead'}, `A version can win overall and lose where it hurts. ` +
        `${many(judged, 'group')} with ${options.min_slice} conversations or more ` +
        `${judged === 1 ? 'is' : 'are'} judged. Of many groups some fall by chance, so the ` +
        'p-values are adjusted together (Holm). A group within the margin did not show a loss; ' +
        'its interval tells how large a loss is left open.'),
    h('div', {class: 'group'},
        h('label', {class: 'choose'}, 'Figure ', select),
        few > 0 && h('label', {class: 'choose'}, small,
            ` and the ${many(few, 'group')} with too few conversations to be judged`),
        place),
  ];
}

/** Rows of the forest: everything, then each column's groups, the worst first. */
function forestRows(slices, pair, key, sign, judged, few) {
  const row = (slice, label) => {
    const difference = slice.differences[pair.at].figures[key];
    const look = judged ? judgedAs(slice, pair) : {color: 'var(--accent)'};
    return asRow(label, difference, {
      color: look.color, ring: look.ring, name: short(label, 40),
      more: `${pair.first} ${fixed(slice.versions[0].figures[key]?.value)}, ` +
          `${pair.other} ${fixed(slice.versions[pair.version].figures[key]?.value)}\n` +
          `${count(slice.n)} conversations` + (look.word ? `\n${look.word}` : ''),
    });
  };
  const rows = [row(slices[0], 'Everything')];
  for (const [by, members] of d3.group(slices.slice(1), (slice) => slice.by)) {
    const found = members.filter((slice) => few || slice.outcomes[pair.at] !== null)
        .map((slice) => row(slice, slice.value)).filter((r) => known(r.value));
    if (found.length === 0) continue;
    if (by !== 'length') found.sort((a, b) => sign * (a.value - b.value));
    rows.push({heading: `By ${named(by).toLowerCase()}`}, ...found);
  }
  return rows.filter((r) => r.heading || known(r.value));
}

function forest({slices, options}, pair, key, few) {
  const ruled = key === options.figure;
  const higher = HIGHER.includes(key);
  const rows = forestRows(slices, pair, key, higher ? 1 : -1, ruled, few);
  if (!rows.some((row) => known(row.value))) return missing(key, 'No group has this figure.');
  const margin = -options.worse_by;
  const sides = higher ? [pair.first, pair.other] : [pair.other, pair.first];
  return chart({
    title: `${named(key)} by group, ${pair.minus}`, size: 'wide',
    says: ruled ? `Shaded: worse by more than the ${fixed(options.worse_by, 3)} that the rule ` +
        'allows.' : 'The rule does not look at this figure.',
    legend: ruled && legend(Object.values(JUDGED).filter(({ring}) => few || !ring)
        .map(({word, color, ring}) => ({name: word, color, symbol: ring ? 'ring' : 'dot'}))),
    draw: intervalRows(rows, {
      format: diff, forbidden: ruled ? margin : undefined,
      references: [{x: 0, label: 'no difference'},
                   ruled && {x: margin, label: `margin ${diff(margin)}`, strong: true}]
          .filter(Boolean),
      label: `← ${sides[0]} better · ${sides[1]} better →`,
    }),
    data: groupTable(slices, pair, key, ruled),
  });
}

function groupTable(slices, pair, key, ruled) {
  return {
    texts: 2,
    head: ['group', 'value', 'n', pair.first, pair.other, pair.minus, 'p', 'p (Holm)',
           ...(ruled ? ['judged'] : [])],
    rows: slices.map((slice) => {
      const difference = slice.differences[pair.at].figures[key];
      return [named(slice.by), quote(slice.value), count(slice.n),
        fixed(slice.versions[0].figures[key]?.value),
        fixed(slice.versions[pair.version].figures[key]?.value),
        difference.reason ? quote(difference.reason) : estimate(difference, diff),
        chance(difference.p), chance(difference.p_holm),
        ...(ruled ? [judgedAs(slice, pair).word] : [])];
    }),
  };
}
