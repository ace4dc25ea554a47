// The queue: whom to call back, the most surely unsatisfied first.

const REASONS = {fall: 'fall', outlook: 'outlook', ended: 'ended'};
const STATUSES = {
  waiting: 'Waiting', done: 'Done', dismissed: 'Dismissed',
};

/** "3 min ago". */
function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

const arcPoints = (arc) => arc.map(([turn, state, outlook]) => ({turn, state, outlook}));

class Queue {
  /** `open` is called with the item that was chosen, or null. */
  constructor(open) {
    this.open = open;
    this.items = [];
    this.chosen = null;
    this.body = h('tbody');
    this.count = h('p', {class: 'count', role: 'status'});
    this.element = h('div', {class: 'list'}, this.count,
        h('table', null,
            h('thead', null, h('tr', null,
                ['Conversation', 'State', 'Unsatisfied', ''].map((name) =>
                    h('th', {scope: 'col'}, name)))),
            this.body));
  }

  show(items, counts) {
    this.items = items;
    const waiting = (counts.open ?? 0) + (counts.claimed ?? 0);
    this.count.textContent = items.length === 0 ? 'Nobody is waiting for a call.' :
        `${count(waiting)} waiting, ${count(counts.claimed ?? 0)} of them claimed`;
    this.body.replaceChildren(...items.map((item) => this.row(item)));
    if (!items.some((item) => item.conversation === this.chosen)) this.chosen = null;
    this.mark();
  }

  row(item) {
    const reasons = [...new Set(item.alerts.map((alert) => alert.reason))];
    const problem = item.alerts.map((alert) => alert.problem_type).find(Boolean);
    const row = h('tr', {onclick: () => this.choose(item.conversation)},
        h('th', {scope: 'row'},
            h('button', {class: 'pick', type: 'button'}, quote(item.conversation)),
            h('span', {class: 'meta'}, problem && [quote(problem), ' · '],
                item.channel && [quote(item.channel), ' · '], ago(item.raised_at))),
        h('td', null, sparkline(arcPoints(item.arc), 'var(--dissatisfied)')),
        h('td', {class: 'figure'}, percent(item.chance, 0)),
        h('td', {class: 'marks'},
            item.by ? h('span', {class: 'claimed'}, quote(item.by)) : null,
            reasons.map((reason) => h('span', {class: `reason ${reason}`},
                REASONS[reason] ?? reason))));
    row.dataset.id = item.conversation;
    return row;
  }

  item() { return this.items.find(({conversation}) => conversation === this.chosen) ?? null; }

  choose(id) {
    this.chosen = id;
    this.mark();
    this.open(this.item());
  }

  step(by) {
    if (this.items.length === 0) return;
    const at = this.items.findIndex(({conversation}) => conversation === this.chosen);
    const next = at < 0 ? 0 : Math.min(this.items.length - 1, Math.max(0, at + by));
    this.choose(this.items[next].conversation);
    this.body.children[next].querySelector('.pick').focus({preventScroll: true});
    this.body.children[next].scrollIntoView({block: 'nearest'});
  }

  mark() {
    for (const row of this.body.children) {
      const current = row.dataset.id === this.chosen;
      row.classList.toggle('current', current);
      row.querySelector('.pick').setAttribute('aria-pressed', current);
    }
  }
}
