// The service behind the page: questions with the token, and what it tells by itself.

class Service {
  constructor(onRefused) {
    this.onRefused = onRefused;
    this.token = this.findToken();
  }

  /** From behind the # of the address, which is then cleared, or from this tab's memory. */
  findToken() {
    const given = new URLSearchParams(location.hash.slice(1)).get('token');
    if (given) history.replaceState(null, '', location.pathname);
    try {
      if (given) sessionStorage.setItem('arcsat-token', given);
      return given ?? sessionStorage.getItem('arcsat-token') ?? '';
    } catch { /* no storage */ }
    return given ?? '';
  }

  setToken(token) {
    this.token = token;
    try { sessionStorage.setItem('arcsat-token', token); } catch { /* no storage */ }
  }

  async ask(path, options = {}) {
    const response = await fetch(path, {
      ...options, cache: 'no-store',
      headers: {Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json'},
    });
    if (response.status === 401) this.onRefused();
    return response;
  }

  /** The answer's JSON; throws what the service says is wrong. */
  async json(path, options) {
    const response = await this.ask(path, options);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error?.message ?? `status ${response.status}`);
    return answer;
  }

  queue(status) { return this.json(`/v1/queue?status=${status}&limit=200`); }
  conversation(id) { return this.json(`/v1/conversation?id=${encodeURIComponent(id)}`); }
  act(action, body) {
    return this.json(`/v1/queue/${action}`, {method: 'POST', body: JSON.stringify(body)});
  }

  /**
   * Calls `tell` for every event, and `state` with whether the connection stands. EventSource cannot
   * carry a token, so the stream is read by hand.
   */
  async listen(tell, state) {
    for (let wait = 500; this.token;) {
      try {
        const response = await this.ask('/v1/events');
        if (response.status === 401) return;
        if (!response.ok) throw new Error('no stream');
        state(true);
        wait = 500;
        await this.read(response.body.getReader(), tell);
      } catch { /* comes back below */ }
      state(false);
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(10000, 2 * wait);
    }
  }

  async read(reader, tell) {
    const decoder = new TextDecoder();
    for (let text = '';;) {
      const {value, done} = await reader.read();
      if (done) return;
      text += decoder.decode(value, {stream: true});
      const parts = text.split('\n\n');
      text = parts.pop();
      for (const part of parts) {
        const name = /^event: (.*)$/m.exec(part)?.[1];
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (name && data) tell(name, JSON.parse(data));
      }
    }
  }
}
