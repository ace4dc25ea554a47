// The answer on the survey's own scale: what was expected, and how likely each box of it was.

const ANSWER_HELP = {
  mae: 'how far the expected answer is off, on average',
  rmse: 'the same, large misses counting more',
  bias: 'expected less given; above 0, too much was expected',
  spearman: 'rank correlation of expected and given answers',
  skill: 'squared error saved over always saying one answer; 0 saves nothing, 1 is perfect',
  slope: 'of the given answers over the expected ones; 1 is calibrated, below it they spread too far',
  intercept: 'of the same line; 0 is calibrated, where the slope is 1',
  rps: 'squared error of the chances of at most each answer; 0 is perfect',
  rps_skill: 'of that saved over always giving these answers’ own shares; 1 is perfect',
  log_loss: 'surprise at the boxes chosen; lower is better',
  accuracy: 'share of answers in the likeliest box',
  kappa_quadratic: 'answer and likeliest box agree beyond chance; a miss by two counts four times',
  ece: 'mean gap of chance and share of at most each answer; biased upwards',
  ece_debiased: 'the same with sampling noise taken out',
};

function answersSection({evaluation}) {
  const {csat, boxes, scale, slices = []} = evaluation.answers ?? {};
  if (!csat) {
    return [missing('answers', 'Nothing was said of the answer on the survey’s own scale.',
        evaluation.notes)];
  }
  const whose = csat.reference?.from === 'calibration' ? 'the calibration’s answers' :
                                                         'these answers';
  return [
    h('p', {class: 'lead'}, `${many(csat.n, 'customer')} answered on the scale from ` +
        `${axisText(scale?.[0] ?? 0, fixed)} to ${axisText(scale?.[1] ?? 0, fixed)}: ` +
        `${fixed(csat.mean_answer, 2)} on average, where ${fixed(csat.mean_csat, 2)} was ` +
        `expected. Skill is over always saying ${fixed(csat.reference?.mean, 2)}, the mean of ` +
        `${whose}.`),
    boxes && h('div', {class: 'grid'}, boxesChart(boxes), upToChart(boxes)),
    answersTable(csat, boxes),
    slices.length > 0 && sliceExplorer(slices, slices[0], [], 'answer'),
  ];
}

/** In words, how many of the chances lie outside the interval of their share. */
function offInWords(shares, things) {
  const off = shares.filter(({chance, interval}) =>
      interval && (chance < interval[0] || chance > interval[1]));
  return off.length === 0 ?
      `All ${shares.length} ${things} agree with their share within its interval.` :
      `${off.length} of ${shares.length} ${things} lie outside the interval of their share.`;
}

const boxName = ({answer}) => `${answer}`.replace('-', '−');
const shareText = (d) => `chance ${percent(d.chance)}, answered ${percent(d.share)}\n` +
    range(d.interval, percent);

function boxesChart({each = [], impossible}) {
  if (each.length === 0) return null;
  const most = d3.max(each, (d) => Math.max(d.chance, d.share, d.interval?.[1] ?? 0));
  return chart({
    title: 'Chances and answers',
    says: offInWords(each, 'mean chances') + (impossible > 0 ?
        ` ${many(impossible, 'answer')} had been given no chance.` : ''),
    legend: legend([{name: 'mean chance', color: 'var(--accent)'},
                    {name: 'share of the answers', color: 'var(--ink)', symbol: 'dot'}]),
    draw: (width) => {
      // Of many boxes some are named.
      const every = Math.ceil(28 * each.length / Math.max(40, width - 60));
      return {
        height: Math.min(340, width * 0.8), marginTop: 28, marginLeft: 46, marginBottom: 44,
        marginRight: 14,
        x: {type: 'band', domain: each.map((d) => d.answer), padding: 0.25},
        y: {domain: [0, Math.min(1, d3.nice(0, most, 5)[1])]},
        marks: [
          ...axes({x: {label: 'answer', tickFormat: (x) => boxName({answer: x}),
                       ticks: each.map((d) => d.answer).filter((_, i) => i % every === 0)},
                   y: {label: '↑ share', tickFormat: (y) => percent(y, 0), ticks: 5}}),
          Plot.barY(each, {x: 'answer', y1: 0, y2: 'chance', fill: 'var(--accent)',
                           fillOpacity: 0.4}),
          Plot.ruleX(each.filter((d) => d.interval), {
            x: 'answer', y1: (d) => d.interval[0], y2: (d) => d.interval[1],
            stroke: 'var(--ink)', strokeOpacity: 0.4, strokeWidth: 4, strokeLinecap: 'round'}),
          Plot.dot(each, {x: 'answer', y: 'share', r: 4.5, fill: 'var(--ink)'}),
          Plot.tip(each, Plot.pointerX({x: 'answer', y: 'share', title: (d) =>
            `answer ${boxName(d)}\n${shareText(d)}`})),
        ],
      };
    },
    data: {head: ['answer', 'mean chance', 'share', 'interval'], rows: shareRows(each)},
  });
}

const shareRows = (shares) => shares.map((d) =>
    [boxName(d), percent(d.chance), percent(d.share), range(d.interval, percent)]);

function upToChart({up_to: upTo = []}) {
  if (upTo.length === 0) return null;
  const rows = upTo.map((d) => asRow(`at most ${boxName(d)}`, {value: d.share, interval: d.interval},
      {reference: d.chance, more: `mean chance ${percent(d.chance)}`}));
  return chart({
    title: 'At most each answer',
    says: `Dots: share of the answers; grey bars: mean chance. ${offInWords(upTo, 'mean chances')}`,
    draw: intervalRows(rows, {}),
    data: {head: ['at most', 'mean chance', 'share', 'interval'], rows: shareRows(upTo)},
  });
}

function answersTable(...parts) {
  const figures = parts.filter(Boolean).flatMap((part) => Object.entries(part.figures ?? {}));
  return h('div', {class: 'chart'}, table({
    caption: 'In figures', head: ['figure', 'value', 'interval', 'meaning'],
    rows: figures.map(([key, {value, interval, reason}]) => [
      quote(named(key)), fixed(value), range(interval) || (reason ? quote(reason) : DASH),
      h('span', {class: 'note'}, lookup(ANSWER_HELP, key) ?? '')]),
  }));
}
