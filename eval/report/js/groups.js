// The same figures by group, rated turns, and the coverage of prediction sets.

const FEW = 30;  // groups with fewer are drawn, but not named the lowest or highest

function slicesSection(report) {
  const {evaluation} = report;
  const slices = evaluation.survey?.slice(1) ?? [];
  if (slices.length === 0) return [missing('slices', 'There are no groups.', evaluation.notes)];
  return [
    h('p', {class: 'lead'}, 'Grey bars: always naming the group’s commonest answer. Few answers ' +
        'make wide intervals; a group is weak where its whole interval lies low. Rings: fewer than ' +
        `${FEW} conversations, too few to say much.`),
    sliceExplorer(slices, evaluation.survey[0], [
      {x: report.target, label: `target ${percent(report.target, 0)}`, strong: true}],
    'conversation'),
  ];
}

/** A chart and a table of one figure by group; the figure can be chosen. */
function sliceExplorer(slices, all, references, unit) {
  const keys = Object.keys(all.figures);
  const place = h('div');
  const show = (key) => place.replaceChildren(
      sliceChart(slices, key, key === 'accuracy' ? references : [], unit));
  const select = h('select', {onchange: () => show(select.value)},
      keys.map((key) => h('option', {value: key}, named(key))));
  show(keys[0]);
  return h('div', {class: 'group'},
      h('label', {class: 'choose'}, 'Figure ', select), place);
}

function sliceChart(slices, key, references, unit) {
  const rows = [];
  for (const [by, members] of d3.group(slices, (slice) => slice.by)) {
    rows.push({heading: `By ${named(by).toLowerCase()}`});
    for (const slice of members) {
      if (!known(slice.figures[key]?.value)) continue;
      rows.push(asRow(slice.value, slice.figures[key], {
        reference: slice.majority?.[key]?.value, more: many(slice.n, unit), n: slice.n,
        ...(slice.n < FEW ? {ring: true, color: 'var(--unanswered)'} : {})}));
    }
  }
  const valued = rows.filter((row) => !row.heading).sort((a, b) => a.value - b.value);
  const sure = valued.filter((row) => row.n >= FEW);
  const share = /accuracy|uar/.test(key);
  const format = share ? percent : fixed;
  if (valued.length === 0) return missing(key, 'No group has this figure.');
  const compared = slices.some((slice) => slice.majority);
  return chart({
    title: `${named(key)} by group`, size: 'wide',
    says: sure.length === 0 ? `Every group has fewer than ${FEW}.` :
        `Lowest: ${short(sure[0].label)}, ${format(sure[0].value)}. ` +
        `Highest: ${short(sure.at(-1).label)}, ${format(sure.at(-1).value)}.`,
    draw: intervalRows(rows, {format, references}),
    data: {
      texts: 2, head: ['group', 'value', 'n', named(key), 'interval',
        ...(compared ? ['commonest class'] : [])],
      rows: slices.map((slice) => [named(slice.by), quote(slice.value), count(slice.n),
        slice.figures[key]?.reason ? quote(slice.figures[key].reason) :
                                     format(slice.figures[key]?.value),
        range(slice.figures[key]?.interval, format),
        ...(compared ? [format(slice.majority?.[key]?.value)] : [])]),
    },
  });
}

function turnsSection({evaluation}) {
  const turns = evaluation.turns;
  if (!turns?.length) {
    return [missing('turns', 'No turn of these conversations was rated by annotators.',
        evaluation.notes)];
  }
  const all = turns[0];
  return [
    h('p', {class: 'lead'}, `${count(all.n)} turns rated by annotators in `,
        `${count(all.conversations)} conversations: ${percent(all.shares?.negative)} negative, `,
        `${percent(all.shares?.neutral)} neutral, ${percent(all.shares?.positive)} positive.`),
    figureCards(all, {...HELP, ...TURN_HELP}),
    turns.length > 1 && sliceExplorer(turns.slice(1), all, [], 'turn'),
  ];
}

function conformalSection({evaluation}) {
  const conformal = evaluation.conformal;
  if (!conformal?.groups?.length) {
    return [missing('conformal', 'No prediction sets were made.', evaluation.notes)];
  }
  const {level, groups} = conformal;
  const rows = groups.map((group) => asRow(group.group,
      {value: group.coverage, interval: group.interval},
      {more: `${count(group.n)} conversations\n${fixed(group.mean_size, 2)} boxes on average`}));
  const short_of = groups.filter((group) => group.interval && group.interval[1] < level);
  return [
    h('p', {class: 'lead'}, `For each conversation a set of answers that holds the true one in `,
        `${percent(level, 0)} of cases, group by group. Small sets that still hold it are good.`),
    chart({
      title: 'Coverage of prediction sets', size: 'wide',
      says: short_of.length === 0 ?
          `Every group’s interval holds ${percent(level, 0)} or lies above.` :
          `${short_of.length} of ${groups.length} groups fall short of ${percent(level, 0)}.`,
      draw: intervalRows(rows, {references: [{x: level, label: `stated ${percent(level, 0)}`,
                                              strong: true}]}),
      data: {head: ['group', 'conversations', 'coverage', 'interval', 'mean size'],
             rows: groups.map((group) => [quote(group.group), count(group.n),
               percent(group.coverage), range(group.interval, percent),
               fixed(group.mean_size, 2)])},
    }),
    remarks(conformal.notes),
  ];
}
