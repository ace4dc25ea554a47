// Puts the page together: token, queue, conversation, keys.

class TriagePage {
  constructor(data) {
    this.service = new Service(() => this.askToken('The token is wrong or missing.'));
    this.queue = new Queue((item) => this.read(item, true));
    this.reader = new CallReader();
    this.asked = this.answered = 0;
    this.timer = null;
    this.closing = new Closing((action, extra) => this.act(action, extra));
    this.live = h('span', {class: 'live'}, 'not connected');
    this.says = h('p', {class: 'says', role: 'status'});
    this.who = h('input', {type: 'text', id: 'who', autocomplete: 'off', maxlength: 80,
                           onchange: () => stored('arcsat-name', this.who.value.trim())});
    this.who.value = stored('arcsat-name') ?? '';
    this.status = h('select', {id: 'status', onchange: () => this.load()},
        Object.entries(STATUSES).map(([value, text]) => h('option', {value}, text)));
    this.buttons = this.makeButtons();
    this.reader.element.prepend(this.buttons);
    this.reader.element.hidden = true;
    this.main = h('main', {id: 'report', tabindex: -1});
    append(document.getElementById('page'), [
      h('div', {class: 'top', role: 'banner'},
          h('p', {class: 'brand'}, 'arcsat ', h('span', null, 'triage')), this.live, themeSwitch()),
      this.main,
    ]);
    this.rules = `Alerts at a chance of ${percent(data.rules.outlook, 0)} or less for a satisfied ` +
        `end, or a fall of ${fixed(data.rules.fall, 2)}. Model ${data.model}.`;
    document.addEventListener('keydown', (event) => this.onKey(event));
    if (this.service.token) this.start();
    else this.askToken('');
  }

  makeButtons() {
    const button = (key, text, action) => h('button', {type: 'button', 'data-action': action,
                                                       onclick: () => this.press(action)},
        h('kbd', null, key), ` ${text}`);
    return h('div', {class: 'actions'}, button('c', 'Claim', 'claim'),
        button('d', 'Done', 'done'), button('x', 'Dismiss', 'dismiss'),
        button('r', 'Release', 'release'));
  }

  askToken(why) {
    const field = h('input', {type: 'password', id: 'token', autocomplete: 'off'});
    this.main.replaceChildren(h('form', {class: 'enter', onsubmit: (event) => {
      event.preventDefault();
      this.service.setToken(field.value.trim());
      this.start();
    }}, h('label', {for: 'token'}, 'Token of the service'), field,
        h('button', {type: 'submit'}, 'Open the queue'), why && h('p', {class: 'wrong'}, why)));
    field.focus();
  }

  start() {
    this.main.replaceChildren(
        h('div', {class: 'bar'},
            h('label', {for: 'status'}, 'Show', this.status),
            h('label', {for: 'who'}, 'Your name', this.who),
            h('p', {class: 'keys'}, h('kbd', null, 'j'), ' ', h('kbd', null, 'k'), ' next, previous')),
        this.says,
        h('div', {class: 'columns'}, this.queue.element, this.reader.element),
        h('p', {class: 'lead rules'}, this.rules));
    this.load();
    if (this.listening) return;
    this.listening = true;
    this.service.listen((name) => this.soon(name), (stands) => {
      this.live.textContent = stands ? 'live' : 'not connected';
      this.live.classList.toggle('on', stands);
      if (stands) this.load();
    }).finally(() => { this.listening = false; });
  }

  /** Several events together cause one question; however many come, it is not put off. */
  soon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.load();
    }, 150);
  }

  async load() {
    const asked = ++this.asked;
    try {
      const {items, counts} = await this.service.queue(this.status.value);
      // An answer may be overtaken by that to a later question, of another status, say.
      if (asked < this.answered) return;
      this.answered = asked;
      this.queue.show(items, counts);
      if (this.queue.item()) this.refresh();
      else this.read(null);
    } catch (error) {
      this.tell(error.message);
    }
  }

  /** The conversation at hand may have grown. */
  refresh() {
    const item = this.queue.item();
    if (item.changed_at !== this.shown?.changed_at || item.arc.length !== this.shown?.arc.length) {
      this.read(item);
    }
  }

  /** `bring`: scrolls to the conversation where it is out of sight, on a narrow page. */
  async read(item, bring = false) {
    this.shown = item;
    // The chart cannot be drawn before there is a conversation.
    this.reader.element.hidden = !item || !this.reader.conversation;
    if (!item) return;
    const closed = ['done', 'dismissed'].includes(item.status);
    for (const button of this.buttons.children) {
      const {action} = button.dataset;
      button.disabled = closed || (action === 'release') !== (item.status === 'claimed') &&
          ['claim', 'release'].includes(action);
    }
    try {
      const record = await this.service.conversation(item.conversation);
      if (this.shown !== item) return;
      this.reader.open(record);
      this.reader.element.hidden = false;
      const {top} = this.reader.element.getBoundingClientRect();
      if (bring && top < 0) this.reader.element.scrollIntoView({block: 'start'});
    } catch (error) {
      this.tell(error.message);
    }
  }

  press(action) {
    if (!this.queue.item()) return;
    if (action in CLOSINGS) this.closing.ask(action);
    else this.act(action, {});
  }

  async act(action, extra) {
    const item = this.queue.item();
    if (!this.who.value.trim()) {
      this.tell('Give your name first, so that the others see who calls.');
      this.who.focus();
      return;
    }
    try {
      await this.service.act(action,
          {conversation: item.conversation, by: this.who.value.trim(), ...extra});
      this.tell(`${item.conversation}: ${action}`);
      if (action in CLOSINGS) this.queue.step(1);
    } catch (error) {
      this.tell(error.message);
    }
    this.load();
  }

  tell(text) { this.says.replaceChildren(quote(text)); }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.closing.element.open) return;
    if (event.target.closest('input, select, textarea')) return;
    const keys = {j: () => this.queue.step(1), k: () => this.queue.step(-1),
                  c: () => this.press('claim'), r: () => this.press('release'),
                  d: () => this.press('done'), x: () => this.press('dismiss')};
    const button = {c: 'claim', r: 'release', d: 'done', x: 'dismiss'}[event.key];
    if (!(event.key in keys)) return;
    if (button && this.buttons.querySelector(`[data-action=${button}]`).disabled) return;
    event.preventDefault();
    keys[event.key]();
  }
}

{
  const page = new TriagePage(JSON.parse(document.getElementById('data').textContent));
  document.body.append(page.closing.element);
}
