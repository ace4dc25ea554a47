// arcsat-score: the interface of `arcsat score`, on a bundle.
import { parseArgs } from 'node:util';
import { BundleError } from './bundle.js';
import { InputError, Lines } from './lines.js';
import { Output, OutputError } from './output.js';
import { Progress } from './progress.js';
import { parse, RecordError } from './records.js';
import { Scorer } from './scorer.js';

const WINDOW = 1024;
const WINDOW_BYTES = 32 << 20;
const SHOWN = 20;
const HELP = `Scores conversations with a bundle that arcsat export made. One JSON object a line.

Example
  arcsat-score --model bundles/first --data calls.jsonl.gz --out scores.jsonl --resume

  --model BUNDLE    folder of the bundle
  --data FILE       file of conversations, or - for standard input (default -)
  --out FILE        file for the scores; standard output where none is given
  --variant NAME    graph of the bundle (default fp32)
  --threads NUMBER  CPU threads; 0: ONNX Runtime's choice (default 0)
  --skip-bad        leave out records that cannot be scored, reported on standard error and, with
                    --out, in FILE.rejects.jsonl, instead of ending
  --resume          keep what is done in FILE.partial, and go on there after a stop; give it from the
                    start
  --json            what was done, or the error, as JSON for machines
  --quiet           no progress on standard error
  --help            this text
`;
const OPTIONS = {
  model: { type: 'string', default: '' }, data: { type: 'string', default: '-' },
  out: { type: 'string', default: '' }, variant: { type: 'string', default: 'fp32' },
  threads: { type: 'string', default: '0' }, 'skip-bad': { type: 'boolean', default: false },
  resume: { type: 'boolean', default: false }, json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
};

/** The words after the command's name to its exit code: 0 done, 1 the work failed, 2 the call was
 * wrong. */
export async function main(words) {
  let options;
  try {
    options = parseArgs({ args: words, options: OPTIONS }).values;
    checkOptions(options);
  } catch (error) {
    console.error(`arcsat-score: ${error.message}. To go on: see arcsat-score --help`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const begin = performance.now();
  process.stdout.on('error', () => {});  // write() tells of it
  let run = null;
  try {
    for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]]) {
      process.once(signal, () => {
        run?.out.abandon();
        process.exit(128 + number);
      });
    }
    run = await Run.open(options);
    await run.run();
  } catch (error) {
    const known = [BundleError, InputError, OutputError, RecordError].some((c) => error instanceof c);
    if (!known && error.code === undefined) throw error;
    console.error(`arcsat-score: ${error.message}`);
    if (options.json) {
      console.error(JSON.stringify({ error: { command: 'score', message: error.message } }));
    }
    return 1;
  } finally {
    run?.out.abandon();
  }
  tell(run, options, (performance.now() - begin) / 1000);
  return 0;
}

function checkOptions(options) {
  if (options.help) return;
  if (options.model === '') throw new Error('--model is missing');
  if (!/^\d{1,4}$/.test(options.threads) || Number(options.threads) > 4096) {
    throw new Error(`--threads ${options.threads}: expected a number from 0 to 4096`);
  }
  if (options.resume && ['', '-'].includes(options.out)) throw new Error('--resume needs --out FILE');
}

/** Reads, scores and writes a window of conversations at a time: memory is one window. */
class Run {
  #options; #waiting = []; #bytes = 0; #rejects = [];
  reasons = [];

  static async open(options) {
    const run = new Run();
    run.#options = options;
    run.scorer = await Scorer.open(options.model,
      { variant: options.variant, threads: Number(options.threads) });
    run.out = new Output(options.out, run.scorer.model, options.resume);
    return run;
  }

  async run() {
    const lines = new Lines(this.#options.data);
    const progress = new Progress(this.#options.quiet, this.out.resumed);
    for await (const line of lines) {
      if (this.out.take(line) && !line.every((byte) => byte === 32 || byte === 9 || byte === 13)) {
        this.#read(line, lines);
      }
      if (this.#waiting.length >= WINDOW || this.#bytes >= WINDOW_BYTES) {
        await this.#flush();
        const share = lines.total > 0 ? Math.min(1, lines.consumed / lines.total) : null;
        progress.update(this.out.scored, share);
      }
    }
    await this.#flush();
    progress.update(this.out.scored, null, true);
    if (this.out.scored === 0) {
      throw new InputError(`${lines.name}: holds no conversation that can be scored; expected one ` +
        'JSON object a line. To go on: see docs/formats.md');
    }
    this.out.commit();
  }

  #read(line, lines) {
    this.#bytes += line.length;
    try {
      this.#waiting.push(parse(line));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      if (!this.#options['skip-bad']) {
        throw new RecordError(`${lines.place}: ${error.message}. To go on: mend the line, or pass ` +
          '--skip-bad to leave it out');
      }
      this.#rejects.push(`${JSON.stringify({ line: lines.number, reason: error.message })}\n`);
      if (this.reasons.length < SHOWN) this.reasons.push(`${lines.place}: ${error.message}`);
    }
  }

  async #flush() {
    const scores = await this.scorer.scoreChecked(this.#waiting);
    await this.out.write(scores.map((score) => `${JSON.stringify(score)}\n`).join(''), scores.length,
      this.#rejects.join(''), this.#rejects.length);
    this.#waiting = [];
    this.#rejects = [];
    this.#bytes = 0;
  }
}

function tell(run, options, seconds) {
  if (run.out.rejected > 0 && !options.quiet) {
    console.error(`left out: ${run.out.rejected.toLocaleString('en')}`);
    for (const reason of run.reasons) console.error(`  ${reason}`);
  }
  if (options.json && !['', '-'].includes(options.out)) {
    console.log(JSON.stringify({
      scored: run.out.scored, rejected: run.out.rejected, resumed: run.out.resumed,
      seconds: Number(seconds.toFixed(3)), model: run.scorer.model,
    }));
  }
}
