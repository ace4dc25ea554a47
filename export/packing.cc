#include "export/packing.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Type;
using onnx::Value;

/// `values` (M - 1) and one more: (M).
Value WithNone(Graph& g, const Value& values, const Value& none) {
  return g.Concat({values, none}, 0);
}

void PackTurns(Graph& g, const PaddedInputs& in, PackedInputs* out) {
  const auto scope = g.Enter("turns");
  out->exists = g.Greater(in.turn_tokens, g.Int(0));                        // (B, N)
  out->is_customer = g.And(out->exists, g.Equal(in.speaker, g.Int(0)));     // (B, N)
  const Value where = g.Transpose(g.Op("NonZero", {out->exists}), {1, 0});  // (M-1, 2)
  const Value count = g.Size(where, 0);                                     // M - 1
  out->turn_count = g.Add(count, g.Int(1));
  const Value none = g.Ints({0});
  const Value count1 = g.Unsqueeze(count, 0);
  out->lengths = WithNone(g, g.GatherNd(in.turn_tokens, where), g.Ints({1}));
  out->start = g.CumSum(out->lengths, /*exclusive=*/true);
  out->end = g.CumSum(out->lengths, /*exclusive=*/false);
  out->speaker = WithNone(g, g.GatherNd(in.speaker, where), none);

  // Conversations: how many turns each has, and the number of its first.
  const Value conversation = g.Gather(where, g.Int(0), 1);  // (M-1)
  out->channel = WithNone(g, g.Gather(in.channel, conversation), none);
  const Value turns = g.Reduce("Sum", g.Cast(out->exists, Type::kInt64), 1);  // (B)
  const Value first = g.CumSum(turns, /*exclusive=*/true);                    // (B)
  out->first_turn = WithNone(g, g.Gather(first, conversation), count1);
  const Value last = g.Sub(g.Add(first, turns), g.Int(1));
  out->last_turn = g.Where(g.Greater(turns, g.Int(0)), last, count);  // (B)

  const Value flat = g.Reshape(g.Cast(out->exists, Type::kInt64), {-1});
  const Value number = g.Op("Reshape", {g.CumSum(flat, true), g.Op("Shape", {out->exists})});
  out->turn_at = g.Where(out->exists, number, count);  // (B, N)
  const Value place = g.Sub(g.Range(g.Int(0), out->turn_count), out->first_turn);
  out->features =
      TurnFeatures(g, WithNone(g, g.GatherNd(in.gap, where), g.Floats("no_gap", {1}, {-1})), place);
}

void PackTokens(Graph& g, const PaddedInputs& in, std::int64_t pad_id, PackedInputs* out) {
  const auto scope = g.Enter("tokens");
  const Value places = g.Range(g.Int(0), g.Size(in.ids, 2));          // (T)
  const Value real = g.Less(places, g.Unsqueeze(in.turn_tokens, 2));  // (B, N, T)
  const Value where = g.Transpose(g.Op("NonZero", {real}), {1, 0});   // (P-1, 3)
  out->ids = WithNone(g, g.GatherNd(in.ids, where), g.Ints({pad_id}));
  out->positions = WithNone(g, g.Gather(where, g.Int(2), 1), g.Ints({0}));
  const Value turn = g.Slice(where, g.Ints({0}), g.Ints({2}), 1);  // (P-1, 2)
  const Value none = g.Unsqueeze(g.Sub(out->turn_count, g.Int(1)), 0);
  out->turn_of = WithNone(g, g.GatherNd(out->turn_at, turn), none);
  out->token_count = g.Size(out->ids, 0);
}

}  // namespace

Value TurnFeatures(Graph& g, const Value& gap, const Value& place) {
  const auto scope = g.Enter("features");
  // NaN fails the comparison, so it is unknown too.
  const Value known = g.AtLeast(gap, g.Float(0));
  const Value seconds = g.Where(known, gap, g.Float(0));
  const Value columns[] = {g.Log(g.Add(seconds, g.Float(1))), g.Cast(known, Type::kFloat),
                           g.Log(g.Add(g.Cast(place, Type::kFloat), g.Float(1)))};
  return g.Concat(
      {g.Unsqueeze(columns[0], 1), g.Unsqueeze(columns[1], 1), g.Unsqueeze(columns[2], 1)}, 1);
}

void AddTurnInputs(Graph& g, PaddedInputs* in) {
  in->speaker = g.Input("speaker", Type::kInt64, {"batch", "turns"}, kSpeakerMeaning);
  in->channel = g.Input("channel", Type::kInt64, {"batch"}, kChannelMeaning);
  in->gap = g.Input("gap_seconds", Type::kFloat, {"batch", "turns"}, kGapMeaning);
}

PaddedInputs AddIdInputs(Graph& g) {
  PaddedInputs in;
  in.ids = g.Input("input_ids", Type::kInt64, {"batch", "turns", "tokens"},
                   "token ids of each turn, special tokens included, then padding of any value");
  in.turn_tokens = g.Input("turn_tokens", Type::kInt64, {"batch", "turns"},
                           "how many of a turn's ids are real; 0: no such turn");
  AddTurnInputs(g, &in);
  return in;
}

PackedInputs PackInputs(Graph& g, const PaddedInputs& in, std::int64_t pad_id) {
  const auto scope = g.Enter("pack");
  PackedInputs out;
  PackTurns(g, in, &out);
  PackTokens(g, in, pad_id, &out);
  return out;
}

DistinctTurns FindDistinctTurns(Graph& g, const PaddedInputs& in, const PackedInputs& packed,
                                std::int64_t pad_id) {
  const auto scope = g.Enter("distinct");
  DistinctTurns out;
  const Value width = g.Size(in.ids, 2);
  const Value places = g.Range(g.Int(0), width);  // (T)
  const auto real = [&](const Value& lengths) { return g.Less(places, g.Unsqueeze(lengths, 1)); };
  // The ids of each turn, -1 behind its last, in rows; the last row is that of no turn.
  const Value where = g.Transpose(g.Op("NonZero", {packed.exists}), {1, 0});  // (M-1, 2)
  const Value none =
      g.Op("Expand", {g.Ints({pad_id}), g.Concat({g.Ints({1}), g.Unsqueeze(width, 0)}, 0)});
  const Value rows = g.Concat({g.GatherNd(in.ids, where), none}, 0);  // (M, T)
  const Value told = g.Where(real(packed.lengths), rows, g.Int(-1));
  const auto unique =
      g.Ops("Unique", {told}, 3, {{"axis", std::int64_t{0}}, {"sorted", std::int64_t{1}}});
  out.turn_at = unique[2];
  out.lengths = g.Gather(packed.lengths, unique[1]);
  out.start = g.CumSum(out.lengths, /*exclusive=*/true);
  out.end = g.CumSum(out.lengths, /*exclusive=*/false);
  out.turn_count = g.Size(out.lengths, 0);
  const Value tokens = g.Transpose(g.Op("NonZero", {real(out.lengths)}), {1, 0});  // (D, 2)
  out.ids = g.GatherNd(unique[0], tokens);
  out.turn_of = g.Gather(tokens, g.Int(0), 1);
  out.positions = g.Gather(tokens, g.Int(1), 1);
  out.token_count = g.Size(out.ids, 0);
  const Value begin = g.Gather(out.start, g.Gather(out.turn_at, packed.turn_of));  // (P)
  out.token_at = g.Add(begin, packed.positions);
  return out;
}

}  // namespace arcsat
