// What a reader wants first: may the later version take the first one's place, and by which rule?

function comparisonHeader(report) {
  const all = report.slices[0];
  return h('header', {class: 'verdict'},
      h('p', {class: 'kicker'}, quote(report.title), ` · ${many(all.n, 'conversation')} with an ` +
          `answer, ${percent(all.satisfied)} satisfied`),
      versionList(report),
      perPair(pairVerdict)(report));
}

/** What A, B and so on are. Where there are several later ones, one is chosen here. */
function versionList({versions, verdict}) {
  const several = versions.length > 2;
  const buttons = [];
  return h('ul', {class: 'versions', 'aria-label': 'Versions'}, versions.map((version, v) => {
    const name = [h('strong', null, version.label), ' ', quote(version.name)];
    if (v === 0) {
      return h('li', null, h('span', null, name), h('span', {class: 'meta'}, 'held against'));
    }
    const [standing, word] = outcomeOf(verdict.pairs[v - 1].outcome);
    const say = [standingMark(standing), h('span', {class: 'meta'}, word)];
    if (!several) return h('li', null, h('span', null, name), say);
    const button = h('button', {
      type: 'button', 'aria-pressed': String(v === 1), onclick: () => {
        for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
        choosePair(v - 1);
      },
    }, name);
    buttons.push(button);
    return h('li', null, button, say);
  }));
}

function pairVerdict(report, pair) {
  const {headline, text, findings} = report.verdict.pairs[pair.at];
  return [h('h1', null, headline), h('p', {class: 'lead'}, text), ruleScale(report, pair),
          findingList(findings)];
}

/** Both versions' figure of the rule, with what it has to be. */
function ruleScale({slices, options}, {version, first, other}) {
  const [a, b] = [0, version].map((v) => slices[0].versions[v].figures[options.figure]);
  if (!known(a?.value) || !known(b?.value)) return null;
  const format = options.figure === 'roc_auc' ? fixed : percent;
  const rows = [asRow(first, a, {color: FIRST.color, ring: true, name: first}),
                asRow(other, b, {color: OTHER.color, name: other})];
  const least = options.at_least;
  return h('div', {class: 'scale'}, h('h2', null, `${named(options.figure)}, the rule’s figure`),
      plotBox(intervalRows(rows, {format, forbidden: least, references: [
        {x: least, label: `at least ${format(least, format === percent ? 0 : 3)}`, strong: true}]}),
      `${named(options.figure)}: ${first} ${estimate(a, format)}, ` +
          `${other} ${estimate(b, format)}; at least ${format(least)} is asked for.`));
}
