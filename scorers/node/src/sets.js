// Conformal sets (conformal.json of a bundle): the answers that hold a stated share of cases, as
// `arcsat score` gives them (docs/statistics.md).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BundleError } from './bundle.js';

const FORMAT = 'arcsat-conformal';
const VERSION = 1;
const NAME = 'conformal.json';

/** The thresholds of a bundle's file; BundleError says what is wrong with it. */
export class AnswerSets {
  #lowest; #boxes; #sideBySide; #weighted; #everyone; #groups;

  /** `lowest` is the first answer of the survey's scale. */
  constructor(path, lowest) {
    this.#lowest = lowest;
    try {
      const told = JSON.parse(readFileSync(path, 'utf8'));
      if (told.format !== FORMAT || !(told.version >= 1 && told.version <= VERSION)) {
        throw new Error(`expected ${FORMAT} of version ${VERSION} at most`);
      }
      if (!['set', 'interval'].includes(told.shape)) throw new Error(`its shape is ${told.shape}`);
      this.level = told.level;
      this.randomised = told.randomised;
      this.#boxes = told.boxes;
      this.#sideBySide = told.shape === 'interval';
      this.#weighted = told.weighted;
      this.#everyone = this.#threshold(told.everyone);
      this.#groups = new Map(Object.entries(told.groups)
        .map(([name, group]) => [name, this.#threshold(group)]));
    } catch (error) {
      throw new BundleError(path, `cannot be read: ${error.message}`);
    }
  }

  /** The set of a score; null where the score lacks the chances that the sets are made of. */
  predict(score, channel) {
    const scale = this.#boxes !== 2;
    const chances = scale ? score.boxes ?? [] : [1 - score.p_satisfied, score.p_satisfied];
    if (chances.length !== this.#boxes) return null;
    const threshold = this.#groups.get(channel ?? '') ?? this.#everyone;
    const boxes = [];
    let before = 0;
    for (const box of order(chances, this.#sideBySide)) {
      if (before <= threshold) boxes.push(box);
      before += chances[box];
    }
    boxes.sort((a, b) => a - b);
    return scale ? { level: this.level, answers: boxes.map((box) => this.#lowest + box) }
      : { level: this.level, satisfied: boxes };
  }

  #threshold({ steps, largest_weight: largest }) {
    // A conversation's own weight is not known here; the largest only widens the set.
    const weight = this.#weighted ? largest : 1;
    const step = steps.find(([, heaviest]) => heaviest >= weight);
    return step === undefined ? Infinity : step[0];
  }
}

/** The sets of a bundle that has them, or null. Randomised ones are left to `arcsat score`. */
export function openSets(folder, manifest) {
  if (!(NAME in manifest.files)) return null;
  const sets = new AnswerSets(join(folder, NAME), manifest.scoring?.csat_scale?.[0] ?? 0);
  return sets.randomised ? null : sets;
}

/** Boxes as sets take them in: by falling chance, or from the likeliest on whichever neighbour is
 * likelier. Ties go to the lower box. */
function order(chances, sideBySide) {
  const all = [...chances.keys()];
  if (!sideBySide) return all.sort((a, b) => chances[b] - chances[a] || a - b);
  let low = all.reduce((best, box) => (chances[box] > chances[best] ? box : best), 0);
  let high = low;
  const taken = [low];
  while (taken.length < chances.length) {
    const down = low > 0 && (high + 1 === chances.length || chances[low - 1] >= chances[high + 1]);
    taken.push(down ? --low : ++high);
  }
  return taken;
}
