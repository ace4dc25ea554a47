// The list of conversations: search, filters, order, pages.

const PAGE = 12;

class Explorer {
  constructor(archive, reader = new Reader()) {
    this.archive = archive;
    this.filter = {query: '', order: Object.keys(archive.orders)[0], outcome: '', readable: false,
                   channel: null, problem_type: null, length: null};
    this.page = 0;
    this.reader = reader;
    this.body = h('tbody');
    this.summary = h('p', {class: 'count', role: 'status'});
    this.pager = h('div', {class: 'pager'});
    this.list = h('div', {class: 'list', onkeydown: (event) => this.onKey(event)},
        this.summary,
        h('table', null,
            h('caption', {class: 'hidden'}, 'Conversations'),
            h('thead', null, h('tr', null, this.heads().map((name) =>
                h('th', {scope: 'col'}, name)))),
            this.body),
        this.pager);
    this.element = h('div', {class: 'explorer'}, this.controls(),
        h('div', {class: 'columns'}, this.list, this.reader.element));
    this.update();
    if (this.rows.length > 0) this.open(this.rows[0]);
  }

  heads() { return ['Conversation', 'Arc', 'Delta', 'Chance', 'Satisfied']; }

  /** Choices of this kind of list: [name, key of the filter, [text, value]…]. */
  outcomes() {
    return [['Answer', 'outcome', [['Any', ''], ['Satisfied', 'satisfied'],
      ['Dissatisfied', 'dissatisfied'], ['None', 'no_answer'], ['Told wrong', 'wrong']]]];
  }

  readables() { return [['Any', false], ['In this file', true]]; }

  controls() {
    const search = h('input', {type: 'search', placeholder: 'id, problem, words…',
      autocomplete: 'off', spellcheck: 'false', oninput: () => {
        this.filter.query = search.value;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.change({}), 120);
      }});
    const select = (name, key, options) => options.length > 1 &&
        h('label', null, name, h('select', {
          'data-key': key,
          onchange: (event) => this.change({[key]: options[event.target.value][1]}),
        }, options.map(([text], i) => h('option', {value: i}, text))));
    const stay = (event) => event.preventDefault();
    return h('form', {class: 'controls', role: 'search', onsubmit: stay},
        h('label', {class: 'search'}, 'Search', search),
        select('Order', 'order',
            Object.entries(this.archive.orders).map(([key, name]) => [name, key])),
        this.outcomes().map((choice) => select(...choice)),
        ['channel', 'problem_type', 'length'].map((key) =>
            select(named(key), key, this.choices(key))),
        select('Words', 'readable', this.readables()));
  }

  /** The values of a column, most of them first for lengths' sake: they come in order. */
  choices(key) {
    const values = [...this.archive.columns[key].values].sort((a, b) =>
      a.localeCompare(b, 'en', {numeric: true}));
    if (values.length < 2) return [];
    return [['Any', null], ...values.map((value) => [short(value, 40), value])];
  }

  change(filter) {
    clearTimeout(this.timer);
    Object.assign(this.filter, filter);
    this.page = 0;
    this.update();
  }

  update() {
    this.rows = this.archive.select(this.filter);
    this.render();
  }

  get pages() { return Math.max(1, Math.ceil(this.rows.length / PAGE)); }

  render() {
    const from = this.page * PAGE;
    const shown = this.rows.slice(from, from + PAGE);
    this.body.replaceChildren(...shown.map((row) => this.entry(row)));
    this.summary.textContent = this.found(from + 1, from + shown.length);
    this.mark();
    this.renderPager();
  }

  found(from, to) {
    const {rows, archive} = this;
    if (rows.length === 0) return 'No conversation is like that.';
    const all = rows.length <= PAGE ? count(rows.length) :
                                      `${count(from)} to ${count(to)} of ${count(rows.length)}`;
    const sample = archive.total > archive.size ? ` (a sample of ${count(archive.total)})` : '';
    return all + (rows.length < archive.size ? ` found in ${count(archive.size)}` : '') + sample;
  }

  renderPager() {
    const button = (name, glyph, page) => h('button', {
      type: 'button', 'aria-label': name, disabled: page === this.page || page < 0 ||
          page >= this.pages, onclick: () => this.turnTo(page, name),
    }, glyph);
    this.pager.replaceChildren(
        button('First page', '«', 0), button('Previous page', '‹', this.page - 1),
        h('span', null, `page ${count(this.page + 1)} of ${count(this.pages)}`),
        button('Next page', '›', this.page + 1), button('Last page', '»', this.pages - 1));
  }

  turnTo(page, name) {
    this.page = page;
    this.render();
    const again = this.pager.querySelector(`button[aria-label="${name}"]:enabled`);
    (again ?? this.pager.querySelector('button:enabled'))?.focus();
  }

  entry(row) {
    const conversation = this.archive.get(row);
    const {id, channel, problem, turns, delta, p, answer} = conversation;
    return h('tr', {'data-row': row, onclick: () => this.open(row, true)},
        h('th', {scope: 'row'},
            h('button', {type: 'button', class: 'pick'}, quote(id)),
            h('span', {class: 'meta'}, problem && [quote(problem), ' · '],
                `${count(turns)} turns`, channel && [' · ', quote(channel)])),
        h('td', null, sparkline(this.archive.arc(row), OUTCOMES[answer].color)),
        h('td', {class: 'figure', 'data-label': 'Δ'}, signed(delta)),
        h('td', {class: 'figure', 'data-label': 'chance'}, percent(p, 0)),
        h('td', null, answerBadge(answer,
            {satisfied: 'yes', dissatisfied: 'no', no_answer: 'not said'})));
  }

  /** `bring`: on a narrow page, where the reader lies below the list, scrolls to it. */
  open(row, bring = false) {
    this.row = row;
    this.reader.show(this.archive.get(row), this.archive.arc(row), this.archive.transcript(row));
    this.mark();
    const {reader, list} = this;
    if (bring && reader.element.offsetTop > list.offsetTop + 40) {
      reader.title.focus({preventScroll: true});
      reader.element.scrollIntoView({block: 'start'});
    }
  }

  mark() {
    for (const entry of this.body.children) {
      const current = Number(entry.dataset.row) === this.row;
      entry.classList.toggle('current', current);
      if (current) entry.setAttribute('aria-current', 'true');
      else entry.removeAttribute('aria-current');
    }
  }

  /** Up and down go through the list, over the ends of its pages. */
  onKey(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    const entry = event.target.closest('tr[data-row]');
    if (!step || !entry) return;
    event.preventDefault();
    const next = this.rows.indexOf(Number(entry.dataset.row)) + step;
    if (next < 0 || next >= this.rows.length) return;
    if (Math.floor(next / PAGE) !== this.page) {
      this.page = Math.floor(next / PAGE);
      this.render();
    }
    this.open(this.rows[next]);
    this.body.children[next % PAGE].querySelector('button').focus();
  }
}

function conversationsSection(report) {
  const {conversations, evaluation} = report;
  if (conversations.id.length === 0) {
    return [missing('conversations', 'No conversations were given to list.', evaluation.notes)];
  }
  const archive = new Archive(conversations, evaluation.options?.threshold ?? 0.5);
  const readable = Object.keys(conversations.texts).length;
  return [
    h('p', {class: 'lead'}, `${count(archive.size)} conversations`,
        archive.total > archive.size ? `, an even sample of ${count(archive.total)}` : '',
        `; ${count(readable)} have their words in this file. Search looks through ids, channels, `,
        'problem types and those words.',
        known(conversations.points) &&
            ` Long arcs are thinned out to ${conversations.points} turns.`),
    new Explorer(archive).element,
  ];
}
