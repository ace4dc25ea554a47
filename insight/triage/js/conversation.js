// The conversation that is read: why it is here, its arc and turns, and what can be done with it.

const SPEAKER_CODES = {customer: 0, agent: 1, bot: 2};

class CallReader extends Reader {
  /** `record` as /v1/conversation gives it. */
  open(record) {
    const points = arcPoints(record.queue?.arc ?? []);
    const first = points[0], last = points.at(-1);
    this.show({
      id: record.id, channel: record.channel ?? '', problem: record.problem_type ?? '',
      turns: record.turns.length, entry: first?.state, exit: last?.state,
      alerts: record.alerts, actions: record.actions, queue: record.queue,
    }, points, record.turns.map(({speaker, text}) => [SPEAKER_CODES[speaker], text]));
    const alert = record.alerts.at(-1);
    const place = points.findIndex(({turn}) => turn === alert?.i);
    if (place >= 0) this.go(place);
  }

  describe({channel, problem, turns, entry, exit, alerts, actions, queue}) {
    return [
      h('p', {class: 'meta'}, channel && [quote(channel), ' · '], problem && [quote(problem), ' · '],
          `${count(turns)} turns`),
      h('ul', {class: 'why'}, alerts.map((alert) => h('li', null, quote(alert.says)))),
      facts([
        ['State', `${fixed(entry, 2)} → ${fixed(exit, 2)}`],
        ['Unsatisfied', percent(queue?.chance, 0)],
      ]),
      actions.length > 0 && h('ul', {class: 'log'}, actions.map((act) =>
          h('li', null, `${act.action} · `, quote(act.by),
              act.outcome && ` · ${act.outcome}`, act.reason && ` · ${named(act.reason)}`,
              act.note && [': ', quote(act.note)]))),
    ].filter(Boolean);
  }
}

/** What a claim is closed with. */
const CLOSINGS = {
  done: {
    title: 'What did the customer say of the conversation?', key: 'outcome',
    choices: [['satisfied', 'Satisfied'], ['unsatisfied', 'Unsatisfied'],
              ['unreached', 'Not reached']],
  },
  dismiss: {
    title: 'Why no call?', key: 'reason',
    choices: [['false_alarm', 'False alarm'], ['duplicate', 'Duplicate'], ['other', 'Other']],
  },
};

class Closing {
  /** `finish(action, extra)` is called with the choice. */
  constructor(finish) {
    this.finish = finish;
    this.element = h('dialog', {class: 'closing'});
  }

  ask(action) {
    const {title, key, choices} = CLOSINGS[action];
    const note = h('textarea', {rows: 3, 'aria-label': 'Note', placeholder: 'Note (optional)'});
    const choose = (value) => {
      this.element.close();
      this.finish(action, {[key]: value, ...(note.value && {note: note.value})});
    };
    this.element.replaceChildren(
        h('h3', null, title),
        h('div', {class: 'choices'}, choices.map(([value, text], place) =>
            h('button', {type: 'button', onclick: () => choose(value)},
                h('kbd', null, `${place + 1}`), ` ${text}`))),
        note,
        h('button', {type: 'button', class: 'plain', onclick: () => this.element.close()},
            'Cancel'));
    this.element.onkeydown = (event) => {
      const place = Number(event.key) - 1;
      if (event.target === note || !(place in choices)) return;
      event.preventDefault();
      choose(choices[place][0]);
    };
    this.element.showModal();
    this.element.querySelector('.choices button').focus();
  }
}
