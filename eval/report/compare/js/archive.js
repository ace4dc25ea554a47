// The conversations of a comparison: both versions' chances and arcs.

class CompareArchive extends Archive {
  constructor(report, pair) {
    super(report.conversations);
    this.pair = pair;
    this.kinds = RIGHT(pair);
    this.scores = [0, pair.version].map((v) => ({...report.conversations.scores[v],
                                                 threshold: report.versions[v].threshold}));
  }

  get orders() {
    return {
      apart: 'Furthest apart', arcs: 'Exit states furthest apart',
      better: `${this.pair.other} gained most`, worse: `${this.pair.other} lost most`,
      data: 'As in the data',
    };
  }

  keys() {
    const [first, other] = this.scores;
    const moved = (row) => other.p[row] - first.p[row];
    // Towards the answer.
    const gain = (row) => this.columns.answer[row] === 1 ? moved(row) : -moved(row);
    return {
      apart: (row) => -Math.abs(moved(row)),
      arcs: (row) => -Math.abs(other.exit[row] - first.exit[row]),
      better: (row) => -gain(row), worse: gain, data: (row) => row,
    };
  }

  /** Which of the two is right: a place in RIGHT(). */
  right(row) {
    const answer = this.columns.answer[row] === 1;
    return this.scores.reduce((code, {p, threshold}, i) =>
        code + ((p[row] / 1000 >= threshold) === answer ? 1 << i : 0), 0);
  }

  suits(row, {outcome, right}) {
    if (outcome !== '' && this.answer(row) !== outcome) return false;
    if (!right) return true;
    const {key} = this.kinds[this.right(row)];
    return right === 'flipped' ? key === 'first' || key === 'other' : key === right;
  }

  get(row) {
    const {id, turns} = this.columns;
    const figure = (value) => value === UNKNOWN ? NaN : value / 1000;
    return {
      row, id: id[row], channel: this.channel(row), problem: this.problem(row), turns: turns[row],
      answer: this.answer(row), right: this.kinds[this.right(row)],
      sides: this.scores.map(({p, entry, exit}) =>
          ({p: figure(p[row]), entry: figure(entry[row]), exit: figure(exit[row])})),
    };
  }

  /** [{turn, sides: [{state, outlook} or undefined, …]}] over the turns that either version has. */
  arc(row) {
    const points = new Map();
    this.scores.forEach(({arcs}, side) => {
      for (const {turn, ...point} of unpackArc(arcs[row])) {
        if (!points.has(turn)) points.set(turn, {turn, sides: []});
        points.get(turn).sides[side] = point;
      }
    });
    return [...points.values()].sort((a, b) => a.turn - b.turn);
  }
}
