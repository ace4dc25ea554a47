/** How far the work has come, on standard error: a bar on a terminal, lines elsewhere. */
export class Progress {
  #quiet; #start;
  #begin = performance.now();
  #shown = performance.now();

  /** `start`: conversations of an earlier run, which the rate leaves out. */
  constructor(quiet, start = 0) {
    this.#quiet = quiet;
    this.#start = start;
  }

  /** `share` of the input that is done is null where its size is not known. */
  update(done, share, last = false) {
    const now = performance.now();
    const terminal = process.stderr.isTTY;
    if (this.#quiet || (!last && now - this.#shown < (terminal ? 100 : 5000))) return;
    this.#shown = now;
    const seconds = Math.max((now - this.#begin) / 1000, 1e-9);
    let text = `scoring: ${done.toLocaleString('en')} conversations  ` +
      `${((done - this.#start) / seconds).toFixed(1)}/s`;
    if (last) {
      text += `  ${clock(seconds)}`;
    } else if (share !== null) {
      text += `  ${(100 * share).toFixed(0)}%`;
      if (share > 0) text += `  ${clock(seconds * (1 - share) / share)} left`;
    }
    process.stderr.write((terminal ? '\r\x1b[K' : '') + text + (last || !terminal ? '\n' : ''));
  }
}

function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
