// One conversation: its arc, and its turns to read. Arrow keys or a click go from turn to turn.

const SPEAKERS = ['Customer', 'Agent', 'Bot'];

class Reader {
  constructor() {
    this.title = h('h3', {tabindex: -1});
    this.about = h('div', {class: 'about'});
    this.chart = plotBox((width) => this.draw(width), 'State and outlook along the turns.');
    this.slider = h('div', {
      class: 'slider', role: 'slider', tabindex: 0, 'aria-label': 'Turn of the conversation',
      onkeydown: (event) => this.onKey(event), onpointerdown: (event) => this.onPointer(event),
    }, this.chart);
    this.now = h('p', {class: 'now'});
    this.turns = h('ol', {class: 'turns', tabindex: 0, 'aria-label': 'Turns'});
    this.element = h('article', {class: 'reader', 'aria-label': 'Conversation'},
        this.title, this.about, this.legend(), this.slider, this.now, this.turns);
    this.points = [];
    this.ticks = 5;  // of the vertical axis
  }

  legend() {
    return legend([{name: 'state', color: 'var(--accent)'},
                   {name: 'outlook, the chance that it ends satisfied', color: 'var(--second)', dash: '7 3'}]);
  }

  /** `conversation` as Archive.get() gives it. */
  show(conversation, points, transcript) {
    this.conversation = conversation;
    this.points = points;
    this.place = 0;
    this.title.replaceChildren(quote(conversation.id));
    this.about.replaceChildren(...this.describe(conversation));
    this.turns.replaceChildren(...this.list(transcript));
    this.turns.hidden = false;
    this.turns.scrollTop = 0;
    this.slider.setAttribute('aria-valuemin', 1);
    this.slider.setAttribute('aria-valuemax', Math.max(1, points.length));
    this.slider.hidden = points.length === 0;
    this.go(0, false);
  }

  describe({channel, problem, turns, entry, exit, delta, p, answer, told}) {
    const right = answer === 'no_answer' ? null : told === (answer === 'satisfied');
    return [
      h('p', {class: 'meta'}, quote(channel), ' · ', quote(problem), ` · ${count(turns)} turns`),
      facts([
        ['Entry → exit', `${fixed(entry, 2)} → ${fixed(exit, 2)}`],
        ['Delta', signed(delta)],
        ['Chance of satisfied', percent(p)],
        ['Answer', [answerBadge(answer),
          right !== null && h('span', {class: 'told'}, right ? ' told right' : ' told wrong')]],
      ]),
    ];
  }

  /** The turns; where they are not in the file, what is known of each customer turn. */
  list(transcript) {
    this.items = new Map();
    const placeOf = new Map(this.points.map(({turn}, place) => [turn, place]));
    if (transcript) {
      return transcript.map(([speaker, text], turn) =>
          this.item(turn, placeOf.get(turn), SPEAKERS[speaker] ?? 'Other', text));
    }
    return [
      h('li', {class: 'unread'}, 'The words of this conversation are not in this file; those of ' +
          'a chosen few are.'),
      ...this.points.map(({turn}, place) => this.item(turn, place, 'Customer', null)),
    ];
  }

  item(turn, place, speaker, text) {
    const point = this.points[place];
    const item = h('li', {class: `turn ${speaker.toLowerCase()}`},
        h('p', {class: 'who'}, `${turn + 1} · ${speaker}`,
            point && h('span', {class: 'state'}, this.briefly(point))),
        text !== null && h('p', {class: 'words'}, quote(text || '…')));
    if (place !== undefined) {
      item.addEventListener('click', () => this.go(place, false));
      this.items.set(place, item);
    }
    return item;
  }

  /** A turn's figures, beside its words and in a sentence. */
  briefly({state}) { return fixed(state, 2); }
  tell({state, outlook}) { return `state ${fixed(state, 2)}, outlook ${percent(outlook, 0)}`; }

  go(place, scroll = true) {
    if (this.points.length === 0) {
      this.now.textContent = 'No customer spoke.';
      return;
    }
    this.place = Math.min(this.points.length - 1, Math.max(0, place));
    const point = this.points[this.place];
    const text = `Turn ${point.turn + 1}: ${this.tell(point)}`;
    this.now.textContent = text;
    this.slider.setAttribute('aria-valuenow', this.place + 1);
    this.slider.setAttribute('aria-valuetext', text);
    for (const [key, item] of this.items) item.classList.toggle('here', key === this.place);
    if (scroll) this.reveal(this.items.get(this.place));
    if (drawings.get(this.chart).width) refresh(this.chart);
  }

  /** Scrolls the turns, not the page. */
  reveal(item) {
    if (!item) return;
    const {turns} = this;
    const top = item.offsetTop - turns.offsetTop;
    if (top < turns.scrollTop || top + item.offsetHeight > turns.scrollTop + turns.clientHeight) {
      turns.scrollTop = top - turns.clientHeight / 3;
    }
  }

  onKey(event) {
    const steps = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5,
                   Home: -1e6, End: 1e6};
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.go(this.place + steps[event.key]);
  }

  onPointer(event) {
    const bounds = this.chart.getBoundingClientRect();
    const [left, right] = this.frame;
    const last = Math.max(1, this.conversation.turns - 1);
    const turn = last * (event.clientX - bounds.left - left) / (bounds.width - left - right);
    this.go(d3.leastIndex(this.points, (a, b) =>
        Math.abs(a.turn - turn) - Math.abs(b.turn - turn)));
  }

  draw(width) {
    this.frame = [32, 12];
    const here = this.points[this.place];
    return {
      height: 190, marginLeft: 32, marginRight: 12, marginTop: 12, marginBottom: 36,
      x: {domain: [0, Math.max(1, this.conversation.turns - 1)]}, y: {domain: [0, 1]},
      marks: [
        ...axes({x: {label: null, ticks: Math.min(8, this.conversation.turns), tickFormat: (x) =>
                   Number.isInteger(x) ? `${x + 1}` : ''},
                 y: {label: null, ticks: this.ticks}}),
        here && Plot.ruleX([here.turn], {stroke: 'var(--ink)', strokeOpacity: 0.5}),
        this.marks(here),
      ],
    };
  }

  marks(here) {
    return [
      Plot.line(this.points, {x: 'turn', y: 'outlook', stroke: 'var(--second)', strokeWidth: 1.6,
                              strokeDasharray: '7 3'}),
      Plot.line(this.points, {x: 'turn', y: 'state', stroke: 'var(--accent)', strokeWidth: 2.4}),
      Plot.dot(this.points, {x: 'turn', y: 'state', r: 3.5, fill: 'var(--accent)'}),
      here && Plot.dot([here], {x: 'turn', y: 'state', r: 6.5, fill: 'var(--accent)',
                                stroke: 'var(--surface)', strokeWidth: 2}),
    ];
  }
}

function answerBadge(answer, names = {}) {
  const glyph = {satisfied: '✓', dissatisfied: '✕', no_answer: DASH}[answer];
  return h('span', {class: `badge ${answer}`}, h('span', {'aria-hidden': 'true'}, glyph),
      h('span', {class: 'word'}, ` ${names[answer] ?? OUTCOMES[answer].name}`));
}

/** The states of a conversation, small. */
function sparkline(points, color) {
  const width = 84, height = 26, pad = 3;
  const known_ = points.filter(({state}) => known(state));
  const last = Math.max(1, known_.at(-1)?.turn ?? 1);
  const x = ({turn}) => pad + (width - 2 * pad) * turn / last;
  const y = ({state}) => height - pad - (height - 2 * pad) * state;
  const end = known_.at(-1);
  return svg('svg', {class: 'spark', width, height, viewBox: `0 0 ${width} ${height}`,
                     'aria-hidden': 'true'},
      svg('line', {x1: pad, x2: width - pad, y1: height / 2, y2: height / 2, class: 'middle'}),
      svg('polyline', {
        points: known_.map((d) => `${x(d).toFixed(1)},${y(d).toFixed(1)}`).join(' ')}),
      end && svg('circle', {cx: x(end), cy: y(end), r: 3, fill: color}));
}
