// Scores support conversations with a bundle that `arcsat export` made.
//
//   const scorer = await Scorer.open('bundles/first');
//   const [score] = await scorer.score([{ id: 'c-1', turns: [{ speaker: 'customer', text: 'Hi?' }] }]);
//   score.p_satisfied  // 0..1, calibrated
//
// Scores are those of `arcsat score` (docs/formats.md), within 1e-5.
export { BundleError } from './bundle.js';
export { RecordError } from './records.js';
export { Scorer } from './scorer.js';
