// The conversations: unpacked, filtered and sorted. Nothing here knows the page.

const DIGITS = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/']
    .map((digit, value) => [digit.charCodeAt(0), value]));
const ESCAPE = 63, UNKNOWN = 4095;

/** [{turn, state, outlook}] of an arc as PackArc() in payload.cc wrote it. */
function unpackArc(text) {
  const points = [];
  let at = 0, turn = 0;
  const number = (digits) => {
    let value = 0;
    for (; digits > 0; --digits) value = 64 * value + DIGITS.get(text.charCodeAt(at++));
    return value;
  };
  const thousandths = () => {
    const value = number(2);
    return value === UNKNOWN ? NaN : value / 1000;
  };
  while (at < text.length) {
    const gap = number(1);
    turn += gap === ESCAPE ? number(3) : gap;
    points.push({turn, state: thousandths(), outlook: thousandths()});
  }
  return points;
}

const ORDERS = {  // those of the evaluation
  reading: 'To read first',
  mistakes: 'Surest mistakes first',
  rise: 'Largest rise first',
  fall: 'Largest fall first',
  high: 'Highest chance first',
  low: 'Lowest chance first',
  data: 'As in the data',
};

class Archive {
  constructor(columns, threshold) {
    this.columns = columns;
    this.threshold = threshold;
    this.size = columns.id.length;
    this.total = columns.total;
    this.haystacks = columns.id.map((id, row) => this.haystack(id, row));
  }

  /** Everything a search looks through, in lower case. */
  haystack(id, row) {
    const words = [id, this.channel(row), this.problem(row)];
    for (const [, text] of this.transcript(row) ?? []) words.push(text);
    return words.join('\n').toLowerCase();
  }

  value(column, row) { return this.columns[column].values[this.columns[column].codes[row]]; }
  channel(row) { return this.value('channel', row); }
  problem(row) { return this.value('problem_type', row); }
  transcript(row) { return this.columns.texts[row] ?? null; }
  arc(row) { return unpackArc(this.columns.arcs[row]); }
  answer(row) { return ANSWERS[this.columns.answer[row]]; }

  /** The orders there are, with their names; the first is the one to begin with. */
  get orders() { return ORDERS; }

  /** One conversation, figures in 0..1. */
  get(row) {
    const {id, turns, entry, exit, delta, p} = this.columns;
    const figure = (column) => column[row] === UNKNOWN ? NaN : column[row] / 1000;
    return {
      row, id: id[row], channel: this.channel(row), problem: this.problem(row), turns: turns[row],
      entry: figure(entry), exit: figure(exit), delta: delta[row] / 1000, p: figure(p),
      answer: this.answer(row), told: p[row] / 1000 >= this.threshold,
    };
  }

  /** How far the chance lies from the answer, in thousandths; -1 where nobody answered. */
  error(row) {
    const {answer, p} = this.columns;
    return answer[row] === 2 ? -1 : Math.abs(1000 * answer[row] - p[row]);
  }

  /**
   * The rows that a filter lets through, in order. `filter` holds query, order, and channel,
   * problem_type, length (values), readable, and what suits() looks at; what is empty lets
   * everything through.
   */
  select(filter) {
    const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
    const codes = ['channel', 'problem_type', 'length'].filter((key) => filter[key] !== null)
        .map((key) => [this.columns[key].codes, this.columns[key].values.indexOf(filter[key])]);
    const rows = [];
    for (let row = 0; row < this.size; ++row) {
      if (codes.some(([column, code]) => column[row] !== code)) continue;
      if (!this.suits(row, filter)) continue;
      if (filter.readable && !(row in this.columns.texts)) continue;
      if (!words.every((word) => this.haystacks[row].includes(word))) continue;
      rows.push(row);
    }
    return this.sort(rows, filter.order);
  }

  /** Whether the answer of a conversation, and what was told of it, are as asked for. */
  suits(row, {outcome}) {
    if (outcome === 'wrong') return this.isWrong(row);
    return outcome === '' || this.answer(row) === outcome;
  }

  isWrong(row) {
    const {answer, p} = this.columns;
    return answer[row] !== 2 && (p[row] / 1000 >= this.threshold) !== (answer[row] === 1);
  }

  /** By order, what to sort by, ascending. */
  keys() {
    const {delta, p, texts} = this.columns;
    return {
      reading: (row) => row in texts ? -Math.abs(delta[row]) : 1,
      mistakes: (row) => -this.error(row),
      rise: (row) => -delta[row], fall: (row) => delta[row],
      high: (row) => p[row] === UNKNOWN ? 1 : -p[row], low: (row) => p[row], data: (row) => row,
    };
  }

  sort(rows, order) {
    const key = this.keys()[order];
    return rows.sort((a, b) => key(a) - key(b) || a - b);
  }
}
