#include "export/calibration_graph.h"

#include <cmath>
#include <limits>

#include "eval/special.h"

namespace arcsat {
namespace {

using onnx::Dim;
using onnx::Graph;
using onnx::Type;
using onnx::Value;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

Value Affine(Graph& g, double slope, const Value& x, double offset) {
  return g.Add(g.Mul(x, g.Double(slope)), g.Double(offset));
}

/// 1 / (1 + exp(-x)) in double precision; runtimes have no other Sigmoid of doubles for sure.
Value Chance(Graph& g, const Value& x) {
  const Value one = g.Double(1);
  return g.Div(one, g.Add(one, g.Op("Exp", {g.Op("Neg", {x})})));
}

/// Log-odds (M, K-1) to the calibrated state (M).
Value TurnStates(Graph& g, const Value& logits, const StateMap& map) {
  const auto scope = g.Enter("state");
  const Value raw = g.Reduce("Mean", Chance(g, g.Cast(logits, Type::kDouble)), 1);
  if (map.method == "identity") return raw;
  const Value clipped = g.Max(g.Min(raw, g.Double(1 - kStateClip)), g.Double(kStateClip));
  const Value odds = g.Div(clipped, g.Sub(g.Double(1), clipped));
  return Chance(g, Affine(g, map.a, g.Log(odds), map.b));
}

struct Ends {
  Value entry, exit, delta;  // (B)
};

/// The state at the customer's first and last turn of each conversation.
Ends FindEnds(Graph& g, const Value& state, const PackedInputs& in, const StateMap& map) {
  const auto scope = g.Enter("ends");
  const Value customer = g.Cast(in.is_customer, Type::kInt64);  // (B, N)
  const Value spoke = g.Greater(g.Reduce("Max", customer, 1), g.Int(0));
  const Value even = g.Double(ApplyState(map, 0.5));
  const auto at = [&](std::int64_t from_last) {
    const Value turn = g.Op("ArgMax", {customer},
                            {{"axis", std::int64_t{1}},
                             {"keepdims", std::int64_t{1}},
                             {"select_last_index", from_last}});
    const Value number = g.Op("GatherElements", {in.turn_at, turn}, {{"axis", std::int64_t{1}}});
    return g.Where(spoke, g.Gather(state, g.Squeeze(number, 1)), even);
  };
  Ends ends;
  ends.entry = at(0);
  ends.exit = at(1);
  ends.delta = g.Sub(ends.exit, ends.entry);
  return ends;
}

struct LogOdds {
  Value value, variance;  // (B)
};

LogOdds OutlookLogOdds(Graph& g, const Value& outlook, const OutlookMap& map) {
  const auto& c = map.covariance;
  const Value slope_part = g.Mul(outlook, Affine(g, c(1, 1), outlook, c(0, 1) + c(1, 0)));
  return {Affine(g, map.a, outlook, map.b), g.Add(slope_part, g.Double(c(0, 0)))};
}

LogOdds ArcLogOdds(Graph& g, const Ends& ends, const Value& outlook, const ArcMap& map) {
  const Value columns[] = {ends.entry, ends.delta, outlook};
  LogOdds odds{g.Double(map.coefficients(0)), g.Double(map.covariance(0, 0))};
  for (int i = 1; i < 4; ++i) {
    odds.value = g.Add(odds.value, g.Mul(columns[i - 1], g.Double(map.coefficients(i))));
    for (int j = 0; j < 4; ++j) {
      // The first row has no column of its own: a pair with it counts on both sides.
      const double c = j == 0 ? map.covariance(i, 0) + map.covariance(0, i) : map.covariance(i, j);
      const Value term = g.Mul(columns[i - 1], g.Double(c));
      odds.variance = g.Add(odds.variance, j == 0 ? term : g.Mul(term, columns[j - 1]));
    }
  }
  return odds;
}

/// 95% interval (B, 2); NaN where the calibration tells none.
Value ChanceInterval(Graph& g, const LogOdds& odds) {
  const auto scope = g.Enter("interval");
  const Value known = g.Greater(odds.variance, g.Double(0));
  const Value bounded = g.Max(odds.variance, g.Double(0));
  const Value half = g.Mul(g.Op("Sqrt", {bounded}), g.Double(NormalQuantile(0.975)));
  const auto end = [&](const Value& at) {
    return g.Unsqueeze(g.Where(known, Chance(g, at), g.Double(kUnknown)), 1);
  };
  const Value low = end(g.Sub(odds.value, half)), high = end(g.Add(odds.value, half));
  return g.Concat({low, high}, 1);
}

Value Csat(Graph& g, const Value& p, const CsatMap& map) {
  const auto scope = g.Enter("csat");
  if (!map.fitted) return Affine(g, 0, p, kUnknown);
  const Value answer = Affine(g, map.c1, p, map.c0);
  return g.Max(g.Min(answer, g.Double(map.high)), g.Double(map.low));
}

}  // namespace

void AddScores(Graph& g, const HeadLogits& logits, const PackedInputs& in,
               const Calibration& calibration) {
  Value state, outlook, p, interval, csat;
  Ends ends;
  {
    const auto scope = g.Enter("calibration");
    state = TurnStates(g, logits.state, calibration.state);
    const Value raw = g.Cast(logits.outlook, Type::kDouble);
    outlook = Chance(g, Affine(g, calibration.outlook.a, raw, calibration.outlook.b));
    ends = FindEnds(g, state, in, calibration.state);
    // Without any turn the odds are even.
    const Value any = g.Reduce("Max", g.Cast(in.exists, Type::kInt64), 1);
    const Value last = g.Where(g.Greater(any, g.Int(0)), g.Gather(raw, in.last_turn), g.Double(0));
    const LogOdds odds = calibration.chosen == "arc" ? ArcLogOdds(g, ends, last, calibration.arc)
                                                     : OutlookLogOdds(g, last, calibration.outlook);
    p = Chance(g, odds.value);
    interval = ChanceInterval(g, odds);
    csat = Csat(g, p, calibration.csat);
  }
  const auto single = [&](const Value& x) { return g.Cast(x, Type::kFloat); };
  const auto by_turn = [&](const Value& x) {
    return g.Where(in.exists, g.Gather(single(x), in.turn_at), g.Float(0));
  };
  const std::vector<Dim> turns = {"batch", "turns"}, one = {"batch"};
  g.Output("state", by_turn(state), Type::kFloat, turns,
           "0..1, how satisfied at this turn; means something where the customer speaks");
  g.Output("outlook", by_turn(outlook), Type::kFloat, turns,
           "0..1, the chance at this turn that the conversation ends satisfied");
  g.Output("entry", single(ends.entry), Type::kFloat, one, "state at the customer's first turn");
  g.Output("exit", single(ends.exit), Type::kFloat, one, "state at the customer's last turn");
  g.Output("delta", single(ends.delta), Type::kFloat, one, "exit - entry, -1..1");
  g.Output("p_satisfied", single(p), Type::kFloat, one, "chance of a satisfied answer");
  g.Output("interval", single(interval), Type::kFloat, {"batch", 2},
           "95% interval of p_satisfied; NaN where the calibration has none");
  g.Output("csat", single(csat), Type::kFloat, one,
           "expected answer on the survey's scale; NaN where it was not fitted");
}

}  // namespace arcsat
