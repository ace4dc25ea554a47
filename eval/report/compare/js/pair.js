// Which later version is held against the first: where there are several, the reader chooses.

const FIRST = {color: 'var(--unanswered)', dash: '6 3'};
const OTHER = {color: 'var(--accent)', dash: null};

let chosenPair = 0;
const pairViews = [];

/** The chosen pair: its labels, names, and places among versions and pairs. */
function pairOf({pairs, versions}) {
  const {first, other} = pairs[chosenPair];
  return {
    at: chosenPair, version: chosenPair + 1, first, other, minus: `${other} − ${first}`,
    firstName: versions[0].name, otherName: versions[chosenPair + 1].name,
  };
}

/** A part of the page that shows the chosen pair, and is made anew when another one is chosen. */
function perPair(render) {
  return (report) => {
    const place = h('div', {class: 'pair'});
    const show = () => {
      place.replaceChildren();
      append(place, [safely((all) => render(all, pairOf(all)), report)]);
    };
    pairViews.push(show);
    show();
    return [place];
  };
}

function choosePair(index) {
  chosenPair = index;
  for (const show of pairViews) show();
}

const versionLegend = ({first, other, firstName, otherName}) => legend([
  {name: [`${first} `, quote(short(firstName, 40))], ...FIRST},
  {name: [`${other} `, quote(short(otherName, 40))], ...OTHER},
]);

const diff = (value) => signed(value, 3);

/** How an outcome is marked, and what it is called. */
const outcomeOf = (outcome) => ({
  pass: ['good', 'passes'], fail: ['bad', 'fails'], undecided: ['open', 'undecided'],
})[outcome] ?? ['unknown', 'not judged'];
