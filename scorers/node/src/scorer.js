// Conversations to scores through ONNX Runtime.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Bundle, BundleError } from './bundle.js';
import { CHANNELS, check, RecordError, SPEAKERS } from './records.js';
import { openSets } from './sets.js';
import { TurnTokenizer } from './text.js';

const LONGEST = 3.4028234663852886e38;

/** A loaded bundle. `const scorer = await Scorer.open(folder)`. */
export class Scorer {
  #session; #tokenizer; #sets; #pad; #batchTokens;

  /** Checks the bundle file by file (BundleError says what is wrong) and loads one of its graphs.
   * `threads` 0 lets ONNX Runtime choose; `batchTokens` are computed at once and bound memory. */
  static async open(folder, { variant = 'fp32', threads = 0, batchTokens = 8192 } = {}) {
    const scorer = new Scorer();
    scorer.bundle = new Bundle(folder, variant);
    scorer.manifest = scorer.bundle.manifest;
    scorer.model = scorer.manifest.model;
    scorer.#pad = scorer.manifest.text.pad_id;
    scorer.#batchTokens = batchTokens;
    try {
      scorer.#session = await InferenceSession.create(scorer.bundle.graphPath, {
        executionProviders: ['cpu'], logSeverityLevel: 3,
        ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
      });
    } catch (error) {
      throw new BundleError(scorer.bundle.graphPath, `is refused by ONNX Runtime: ${error.message}`,
        'export the model again, or use a newer onnxruntime-node');
    }
    scorer.bundle.checkSession(scorer.#session);
    scorer.#sets = openSets(folder, scorer.manifest);
    try {
      scorer.#tokenizer = new TurnTokenizer(folder, scorer.manifest.text);
    } catch (error) {
      throw new BundleError(folder, `its tokenizer cannot be read: ${error.message}`);
    }
    return scorer;
  }

  /** A score for each conversation, in the order given (docs/formats.md). One that cannot be scored
   * throws RecordError; with `reject` that is told its place and the reason instead, and its score
   * is null. */
  async score(conversations, reject = null) {
    const good = [];
    conversations.forEach((conversation, i) => {
      try {
        check(conversation);
        good.push(i);
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        if (reject === null) throw new RecordError(`conversation ${i}: ${error.message}`);
        reject(i, error.message);
      }
    });
    const scores = new Array(conversations.length).fill(null);
    const found = await this.scoreChecked(good.map((i) => conversations[i]));
    good.forEach((i, n) => { scores[i] = found[n]; });
    return scores;
  }

  /** Like score, for conversations that records.parse has read. */
  async scoreChecked(conversations) {
    const encoded = this.#encode(conversations);
    const scores = new Array(conversations.length);
    for (const batch of this.#batches(encoded)) {
      const outputs = await this.#run(batch.map((i) => encoded[i]));
      batch.forEach((i, row) => {
        scores[i] = this.#assemble(conversations[i], encoded[i], outputs, row);
      });
    }
    return scores;
  }

  /** Texts that repeat are tokenised once. */
  #encode(conversations) {
    const known = new Map();
    const idsOf = (text) => {
      let ids = known.get(text);
      if (ids === undefined) known.set(text, ids = this.#tokenizer.encode(text));
      return ids;
    };
    return conversations.map(({ turns, channel }) => {
      const ids = turns.map((turn) => idsOf(turn.text));
      return {
        ids, speakers: turns.map((turn) => SPEAKERS.indexOf(turn.speaker)),
        channel: CHANNELS[channel] ?? 0, gaps: gapsOf(turns),
        tokens: ids.reduce((sum, turn) => sum + turn.length, 0),
        longest: ids.reduce((most, turn) => Math.max(most, turn.length), 1),
      };
    });
  }

  /** Conversations of like length together, so that inputs are padded little. The graph itself
   * computes no padding, so a batch is bounded by its real tokens, and, as the ids are handed over
   * padded, by eight times as many padded ones. */
  * #batches(encoded) {
    const order = [...encoded.keys()].sort((a, b) => encoded[a].tokens - encoded[b].tokens ||
      encoded[a].ids.length - encoded[b].ids.length || a - b);
    let batch = [];
    let tokens = 0;
    let turns = 0;
    let longest = 0;
    for (const i of order) {
      const one = encoded[i];
      const padded = (batch.length + 1) * Math.max(turns, one.ids.length) *
        Math.max(longest, one.longest);
      if (batch.length > 0 && (tokens + one.tokens > this.#batchTokens ||
          padded > 8 * this.#batchTokens)) {
        yield batch;
        batch = [];
        tokens = turns = longest = 0;
      }
      batch.push(i);
      tokens += one.tokens;
      turns = Math.max(turns, one.ids.length);
      longest = Math.max(longest, one.longest);
    }
    if (batch.length > 0) yield batch;
  }

  async #run(batch) {
    const turns = Math.max(1, ...batch.map((one) => one.ids.length));
    const tokens = Math.max(...batch.map((one) => one.longest));
    const shape = [batch.length, turns];
    const cells = batch.length * turns;
    const ids = new BigInt64Array(cells * tokens).fill(BigInt(this.#pad));
    const counts = new BigInt64Array(cells);
    const speakers = new BigInt64Array(cells);
    const gaps = new Float32Array(cells).fill(-1);
    batch.forEach((one, row) => one.ids.forEach((turn, i) => {
      const cell = row * turns + i;
      for (let t = 0; t < turn.length; ++t) ids[cell * tokens + t] = BigInt(turn[t]);
      counts[cell] = BigInt(turn.length);
      speakers[cell] = BigInt(one.speakers[i]);
      gaps[cell] = one.gaps[i];
    }));
    const channel = BigInt64Array.from(batch, (one) => BigInt(one.channel));
    return this.#session.run({
      input_ids: new Tensor('int64', ids, [...shape, tokens]),
      turn_tokens: new Tensor('int64', counts, shape), speaker: new Tensor('int64', speakers, shape),
      channel: new Tensor('int64', channel, [batch.length]),
      gap_seconds: new Tensor('float32', gaps, shape),
    });
  }

  #assemble({ id, channel }, encoded, outputs, row) {
    const score = { id };
    for (const name of ['entry', 'exit', 'delta', 'p_satisfied']) score[name] = outputs[name].data[row];
    const [low, high] = outputs.interval.data.subarray(2 * row, 2 * row + 2);
    if (!Number.isNaN(low)) score.interval = [low, high];
    const csat = outputs.csat.data[row];
    if (!Number.isNaN(csat)) score.csat = csat;
    if (outputs.boxes) {
      const width = outputs.boxes.dims[1];
      score.boxes = [...outputs.boxes.data.subarray(width * row, width * (row + 1))];
    }
    const set = this.#sets?.predict(score, channel);
    if (set) score.set = set;
    const first = row * outputs.state.dims[1];
    score.turns = encoded.speakers.flatMap((speaker, i) => (speaker !== 0 ? [] : [{
      i, speaker: 'customer', state: outputs.state.data[first + i],
      outlook: outputs.outlook.data[first + i],
    }]));
    score.model = this.model;
    return score;
  }
}

/** Seconds since the turn before; -1 where either time is unknown, and at the first turn. */
function gapsOf(turns) {
  let before = null;
  return turns.map((turn) => {
    const at = turn.at ?? null;
    // The graph takes single precision; a longer gap than it holds is as long as it holds.
    const gap = at === null || before === null ? -1 : Math.min(Math.max(0, at - before), LONGEST);
    before = at;
    return gap;
  });
}
