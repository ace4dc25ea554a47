#include "export/lexical_graph.h"

#include <cmath>
#include <memory>

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Type;
using onnx::Value;

/// The tokens' features: (P) each, the words first, then the pair that ends at each token. Where
/// there is none, `real` is false and the key is -1.
struct Features {
  Value feature, real;  ///< (2P) below LexicalFeatureCount, and whether it is one
  Value key;            ///< (2P) different for each conversation
};

Features ListFeatures(Graph& g, std::int64_t vocabulary, const PackedInputs& in) {
  const Value length = g.Gather(in.lengths, in.turn_of);
  const Value inner = g.Less(in.positions, g.Sub(length, g.Int(1)));
  const Value word_real = g.And(inner, g.Greater(in.positions, g.Int(0)));
  const Value pair_real = g.And(inner, g.Greater(in.positions, g.Int(1)));
  const Value side = g.Min(g.Gather(in.speaker, in.turn_of), g.Int(1));
  const Value word = g.Add(g.Mul(side, g.Int(vocabulary)), in.ids);
  // The token before; the first one's is itself, and is no pair.
  const Value before = g.Max(g.Sub(g.Range(g.Int(0), in.token_count), g.Int(1)), g.Int(0));
  const Value both = g.Add(g.Mul(g.Gather(in.ids, before), g.Int(vocabulary)), in.ids);
  const Value hash = g.Op("Mod", {g.Add(g.Mul(both, g.Int(2)), side), g.Int(kPairWeights)});
  const Value pair = g.Add(hash, g.Int(2 * vocabulary));
  Features out;
  out.real = g.Concat({word_real, pair_real}, 0);
  const Value any = g.Concat({word, pair}, 0);
  out.feature = g.Where(out.real, any, g.Int(0));
  const Value conversation = g.Gather(in.first_turn, in.turn_of);  // (P), one number for each
  const Value base = g.Mul(conversation, g.Int(LexicalFeatureCount(vocabulary)));
  out.key = g.Where(out.real, g.Add(g.Concat({base, base}, 0), any), g.Int(-1));
  return out;
}

/// (2P) bool: no token before it has the same key. Words and pairs never share one, so that the
/// order within each kind is the order of the tokens.
Value FirstOfEach(Graph& g, const Value& key) {
  const Value first = g.Ops("Unique", {key}, 2, {{"sorted", std::int64_t{0}}})[1];
  const Value none = g.Op("Expand", {g.Int(0), g.Op("Shape", {key})});
  const Value one = g.Op("Expand", {g.Int(1), g.Op("Shape", {first})});
  return g.Equal(g.Op("ScatterElements", {none, first, one}), g.Int(1));
}

/// Sums of values (P) over all tokens of a turn's conversation up to the turn's end: (M).
Value SoFar(Graph& g, const Value& values, const PackedInputs& in) {
  const Value until = g.CumSum(values, /*exclusive=*/false);
  const Value before = g.CumSum(values, /*exclusive=*/true);
  const Value begin = g.Gather(in.start, in.first_turn);
  return g.Sub(g.Gather(until, g.Sub(in.end, g.Int(1))), g.Gather(before, begin));
}

Value WeightTable(Graph& g, const LexicalModel& model) {
  const auto kept = std::make_shared<const std::vector<float>>(model.weight);
  return g.Constant("lexical/weight", Type::kFloat, {static_cast<std::int64_t>(kept->size())},
                    {reinterpret_cast<const char*>(kept->data()), kept->size() * sizeof(float)},
                    kept);
}

/// From the sum of the weights and how much was said.
Value Shift(Graph& g, const LexicalModel& model, const Value& sum, const Value& said) {
  const Value logit =
      g.Add(g.Div(sum, g.Op("Sqrt", {g.Max(said, g.Double(1))})), g.Double(model.bias));
  return g.Mul(logit, g.Double(model.share));
}

}  // namespace

Value AddLexicalShift(Graph& g, const LexicalModel& model, const PackedInputs& in) {
  const auto scope = g.Enter("lexical");
  const Value table = WeightTable(g, model);
  const Features features = ListFeatures(g, model.vocabulary, in);
  const Value counts = g.And(features.real, FirstOfEach(g, features.key));
  const Value weight = g.Cast(g.Gather(table, features.feature), Type::kDouble);
  const Value halves = g.Reshape(g.Where(counts, weight, g.Double(0)), {2, -1});
  const Value said = g.Reshape(g.Cast(features.real, Type::kDouble), {2, -1});
  const Value sum = SoFar(g, g.Reduce("Sum", halves, 0), in);
  return Shift(g, model, sum, SoFar(g, g.Reduce("Sum", said, 0), in));
}

LexicalTurn AddLexicalTurn(Graph& g, const LexicalModel& model, const Value& ids,
                           const Value& speaker, const Value& past_words, const Value& past_said) {
  const auto scope = g.Enter("lexical");
  const std::int64_t vocabulary = model.vocabulary;
  const Value side = g.Min(speaker, g.Int(1));  // (1)
  // Without the special tokens at both ends.
  const Value length = g.Unsqueeze(g.Size(ids, 0), 0);
  const Value inner = g.Slice(ids, g.Ints({1}), g.Sub(length, g.Ints({1})), 0);
  const Value words = g.Add(g.Mul(side, g.Int(vocabulary)), inner);
  const Value count = g.Unsqueeze(g.Size(inner, 0), 0);
  const Value left = g.Slice(inner, g.Ints({0}), g.Max(g.Sub(count, g.Int(1)), g.Ints({0})), 0);
  const Value right = g.Slice(inner, g.Ints({1}), count, 0);
  const Value both = g.Add(g.Mul(left, g.Int(vocabulary)), right);
  const Value hash = g.Op("Mod", {g.Add(g.Mul(both, g.Int(2)), side), g.Int(kPairWeights)});
  const Value pairs = g.Add(hash, g.Int(2 * vocabulary));
  LexicalTurn out;
  const Value all = g.Concat({past_words, words, pairs}, 0);
  out.words = g.Ops("Unique", {all}, 2, {{"sorted", std::int64_t{0}}})[0];
  const Value more = g.Add(g.Size(words, 0), g.Size(pairs, 0));
  out.said = g.Add(past_said, more);
  const Value weight = g.Cast(g.Gather(WeightTable(g, model), out.words), Type::kDouble);
  out.shift = Shift(g, model, g.Reduce("Sum", weight, 0), g.Cast(out.said, Type::kDouble));
  return out;
}

}  // namespace arcsat
