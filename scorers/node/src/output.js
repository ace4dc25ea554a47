// Result files that appear whole, and that a killed run can go on with.
//
// With `resume`, results grow in OUT.partial and OUT.partial.rejects, and OUT.partial.json says how
// far they are good: it is replaced (temporary file, fsync, rename) after the results of a window
// are on the disk. What lies beyond that is cut off when the work goes on, so nothing is scored twice
// in the result and nothing is lost. arcsat itself and the package for Python keep the same files.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const FORMAT = 'arcsat-partial-scores';
const VERSION = 1;

/** The results cannot be written, or do not belong to this call. */
export class OutputError extends Error {
  constructor(message) {
    super(message);
    this.name = 'OutputError';
  }
}

/** Where results go: OUT and, where something was left out, OUT.rejects.jsonl; or standard output,
 * without a file of rejects. */
export class Output {
  #standard; #path; #model; #resume; #names = []; #files = []; #device = null; #sizes = [0, 0];
  #sum = '';  // over the lines so far: SHA-256 of the sum before, the line and "\n"
  #lines = 0;
  #state = null;

  constructor(out, model, resume = false) {
    this.#standard = out === '' || out === '-';
    this.#path = out;
    this.#model = model;
    this.#resume = resume;
    this.scored = 0;
    this.rejected = 0;
    if (this.#standard) return;
    // A link stays a link: what it points at is replaced.
    if (fs.existsSync(out)) this.#path = out = fs.realpathSync(out);
    if (fs.existsSync(out) && !fs.statSync(out).isFile()) {
      // A device or a pipe: renaming over it would destroy it, so it is written to.
      if (resume) throw new OutputError(`${out}: is no regular file. To go on: --resume needs one`);
      this.#device = fs.openSync(out, 'w');
      return;
    }
    const parts = resume ? ['.partial', '.partial.rejects']
      : [`.tmp${process.pid}`, `.rejects.tmp${process.pid}`];
    this.#names = parts.map((end) => out + end);
    if (resume && fs.existsSync(`${out}.partial.json`)) {
      this.#goOn();
    } else {
      this.#files = this.#names.map((name) => fs.openSync(name, 'w'));
    }
  }

  /** Conversations that an earlier run has scored. */
  get resumed() { return this.#state?.scored ?? 0; }

  #goOn() {
    const place = `${this.#path}.partial.json`;
    try {
      const state = JSON.parse(fs.readFileSync(place, 'utf8'));
      if (state.format !== FORMAT || !(state.version <= VERSION)) {
        throw new Error('of another format or newer');
      }
      for (const name of ['lines', 'bytes', 'rejects_bytes', 'scored', 'rejected']) {
        if (!Number.isSafeInteger(state[name])) throw new Error(`${name} is no number`);
      }
      this.#sizes = [state.bytes, state.rejects_bytes];
      this.#files = this.#names.map((name) => fs.openSync(name, 'r+'));
      this.#files.forEach((file, i) => {
        if (fs.fstatSync(file).size < this.#sizes[i]) {
          throw new Error(`${this.#names[i]} is shorter than it says`);
        }
        fs.ftruncateSync(file, this.#sizes[i]);
      });
      this.#state = state;
    } catch (error) {
      throw new OutputError(`${place}: cannot be gone on with (${error.message}). To go on: remove ` +
        `${this.#names[0]}*, and begin again`);
    }
    if (this.#state.model !== this.#model) {
      throw new OutputError(`${place}: found scores of the model ${this.#state.model}; expected ` +
        `${this.#model}. To go on: use that model, or remove ${this.#names[0]}*`);
    }
    this.scored = this.#state.scored;
    this.rejected = this.#state.rejected;
  }

  /** Notes a line of the input; false where its result is there already. */
  take(line) {
    if (this.#resume) {
      this.#sum = createHash('sha256').update(this.#sum).update(line).update('\n').digest('hex');
    }
    ++this.#lines;
    const done = this.#state?.lines ?? 0;
    if (this.#lines === done && this.#sum !== this.#state.lines_sha256) {
      this.#refuseOtherData();
    }
    return this.#lines > done;
  }

  #refuseOtherData() {
    throw new OutputError(`${this.#names[0]}: holds scores of other data: the first ` +
      `${this.#state.lines} lines differ. To go on: give the same data, or remove ${this.#names[0]}*`);
  }

  /** Results of the lines taken since the last call; durable afterwards with `resume`. */
  async write(scores, count, rejects, rejected) {
    if (this.#lines < (this.#state?.lines ?? 0)) this.#refuseOtherData();
    this.scored += count;
    this.rejected += rejected;
    if (this.#standard) {
      if (scores === '') return;
      await new Promise((done, fail) => {
        process.stdout.write(scores, (error) => (error ? fail(error) : done()));
      });
      return;
    }
    if (this.#device !== null) {
      fs.writeFileSync(this.#device, scores);
      return;
    }
    [scores, rejects].forEach((text, i) => {
      const part = Buffer.from(text);
      for (let at = 0; at < part.length;) {
        const size = fs.writeSync(this.#files[i], part, at, part.length - at, this.#sizes[i]);
        at += size;
        this.#sizes[i] += size;
      }
    });
    if (this.#resume) this.#checkpoint();
  }

  #checkpoint() {
    for (const file of this.#files) fs.fsyncSync(file);
    const state = {
      format: FORMAT, version: VERSION, model: this.#model, lines: this.#lines,
      lines_sha256: this.#sum, bytes: this.#sizes[0],
      rejects_bytes: this.#sizes[1], scored: this.scored, rejected: this.rejected,
    };
    const temporary = `${this.#path}.partial.json.tmp`;
    const file = fs.openSync(temporary, 'w');
    fs.writeSync(file, `${JSON.stringify(state)}\n`);
    fs.fsyncSync(file);
    fs.closeSync(file);
    fs.renameSync(temporary, `${this.#path}.partial.json`);
  }

  /** Gives the results their names. */
  commit() {
    if (this.#standard || this.#device !== null) return;
    for (const file of this.#files) {
      fs.fsyncSync(file);
      fs.closeSync(file);
    }
    this.#files = [];
    // First, so that a stop between the names below never leaves a state without its results.
    fs.rmSync(`${this.#path}.partial.json`, { force: true });
    const rejects = `${this.#path}.rejects.jsonl`;
    if (this.rejected > 0) {
      fs.renameSync(this.#names[1], rejects);
    } else {
      fs.rmSync(this.#names[1]);
      fs.rmSync(rejects, { force: true });  // of an earlier run
    }
    fs.renameSync(this.#names[0], this.#path);
    const folder = fs.openSync(path.dirname(this.#path));
    fs.fsyncSync(folder);
    fs.closeSync(folder);
  }

  /** Removes what is not whole, unless it can be gone on with. */
  abandon() {
    if (this.#standard || this.#resume) return;
    this.#files.forEach((file, i) => {
      fs.closeSync(file);
      fs.rmSync(this.#names[i], { force: true });
    });
    this.#files = [];
  }
}
