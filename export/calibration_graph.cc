#include "export/calibration_graph.h"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

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

/// coefficients · (1, columns).
Value Linear(Graph& g, const std::vector<Value>& columns, const Eigen::VectorXd& coefficients) {
  Value sum = g.Double(coefficients(0));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const double c = coefficients(static_cast<Eigen::Index>(i + 1));
    sum = g.Add(sum, g.Mul(columns[i], g.Double(c)));
  }
  return sum;
}

/// x' covariance x of x = (1, columns).
Value Variance(Graph& g, const std::vector<Value>& columns, const Eigen::MatrixXd& covariance) {
  Value sum = g.Double(covariance(0, 0));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i + 1);
    // The first row has no column of its own: a pair with it counts on both sides.
    const double single = covariance(row, 0) + covariance(0, row);
    sum = g.Add(sum, g.Mul(columns[i], g.Double(single)));
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const double c = covariance(row, static_cast<Eigen::Index>(j + 1));
      sum = g.Add(sum, g.Mul(g.Mul(columns[i], g.Double(c)), columns[j]));
    }
  }
  return sum;
}

/// x between two constants, less the lower one.
Value Stretch(Graph& g, const Value& x, double from, double to) {
  return g.Sub(g.Max(g.Min(x, g.Double(to)), g.Double(from)), g.Double(from));
}

/// The columns of eval/calibrators.h without the leading 1.
std::vector<Value> OutlookColumns(Graph& g, const Value& z, const OutlookMap& map) {
  if (map.method == "beta") {
    const Value small = g.Log(g.Add(g.Double(1), g.Op("Exp", {g.Op("Neg", {g.Op("Abs", {z})})})));
    const Value zero = g.Double(0);  // log p = min(z, 0) - log(1 + exp(-|z|))
    return {g.Sub(g.Min(z, zero), small), g.Add(g.Max(z, zero), small)};
  }
  if (map.method != "spline") return {z};
  const std::vector<double>& knots = map.knots;
  std::vector<Value> columns = {g.Sub(g.Min(z, g.Double(knots.front())), g.Double(knots.front()))};
  for (std::size_t i = 1; i < knots.size(); ++i) {
    columns.push_back(Stretch(g, z, knots[i - 1], knots[i]));
  }
  columns.push_back(g.Sub(g.Max(z, g.Double(knots.back())), g.Double(knots.back())));
  return columns;
}

/// Linear between knots, level outside: the first chance and what each stretch adds to it.
Value Interpolated(Graph& g, const Value& z, const OutlookMap& map) {
  const auto scope = g.Enter("knots");
  const std::vector<double>& x = map.knots;
  std::vector<double> slopes;
  for (std::size_t i = 1; i < x.size(); ++i) {
    slopes.push_back((map.chances[i] - map.chances[i - 1]) / (x[i] - x[i - 1]));
  }
  if (slopes.empty()) return Affine(g, 0, z, map.chances.front());
  const Value from = g.Doubles({x.begin(), x.end() - 1}), to = g.Doubles({x.begin() + 1, x.end()});
  const Value inside = g.Max(g.Min(g.Unsqueeze(z, 1), to), from);  // (…, stretches)
  const Value added = g.Mul(g.Sub(inside, from), g.Doubles(slopes));
  return g.Add(g.Reduce("Sum", added, 1), g.Double(map.chances.front()));
}

/// z (any number of them) to the calibrated outlook's log-odds.
Value OutlookLogOdds(Graph& g, const Value& z, const OutlookMap& map) {
  const auto scope = g.Enter("outlook");
  if (map.method != "isotonic") return Linear(g, OutlookColumns(g, z, map), map.coefficients);
  const Value p = Interpolated(g, z, map);
  return g.Log(g.Div(p, g.Sub(g.Double(1), p)));
}

/// The log-odds of p_satisfied; `outlook` is raw.
LogOdds FinalLogOdds(Graph& g, const Ends& ends, const Value& outlook, const Calibration& c) {
  if (c.chosen == "arc") {
    const std::vector<Value> columns = {ends.entry, ends.delta, outlook};
    return {Linear(g, columns, c.arc.coefficients), Variance(g, columns, c.arc.covariance)};
  }
  const Value value = OutlookLogOdds(g, outlook, c.outlook);
  if (c.outlook.method == "isotonic") return {value, g.Mul(value, g.Double(0))};
  return {value, Variance(g, OutlookColumns(g, outlook, c.outlook), c.outlook.covariance)};
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

/// Chance of each answer of the scale (B, boxes) from the final log-odds (B).
Value BoxChances(Graph& g, const Value& log_odds, const CsatMap& map) {
  const auto scope = g.Enter("boxes");
  const OrdinalMap& boxes = map.boxes;
  std::vector<double> thresholds(boxes.thresholds.data(),
                                 boxes.thresholds.data() + boxes.thresholds.size());
  const Value falling = g.Mul(g.Unsqueeze(log_odds, 1), g.Double(-boxes.slope));  // (B, 1)
  const Value below = Chance(g, g.Add(falling, g.Doubles(std::move(thresholds))));
  const Value zero = g.Mul(falling, g.Double(0));
  const Value up_to = g.Concat({below, g.Add(zero, g.Double(1))}, 1);
  const Value chances = g.Sub(up_to, g.Concat({zero, below}, 1));  // (B, answers that were given)
  // An answer that nobody gave takes the zero behind them.
  std::vector<std::int64_t> place(static_cast<std::size_t>(map.high - map.low) + 1,
                                  static_cast<std::int64_t>(boxes.answers.size()));
  for (std::size_t k = 0; k < boxes.answers.size(); ++k) {
    place[static_cast<std::size_t>(boxes.answers[k] - static_cast<int>(map.low))] =
        static_cast<std::int64_t>(k);
  }
  return g.Gather(g.Concat({chances, zero}, 1), g.Ints(std::move(place)), 1);
}

Value Csat(Graph& g, const Value& p, const std::optional<Value>& boxes, const CsatMap& map) {
  const auto scope = g.Enter("csat");
  Value answer;
  if (boxes) {
    std::vector<double> answers;
    for (double a = map.low; a <= map.high; ++a) answers.push_back(a);
    answer = g.Reduce("Sum", g.Mul(*boxes, g.Doubles(std::move(answers))), 1);
  } else if (map.fitted) {
    answer = Affine(g, map.c1, p, map.c0);
  } else {
    return Affine(g, 0, p, kUnknown);
  }
  return g.Max(g.Min(answer, g.Double(map.high)), g.Double(map.low));
}

/// The state at the customer's first and last turn so far, of those before (0 or 2) and of this
/// one.
Ends EndsSoFar(Graph& g, const Value& states, const StateMap& map) {
  const auto scope = g.Enter("ends");
  // Where the customer has not spoken, the even state is the only one there is.
  const Value even = g.Doubles({ApplyState(map, 0.5)});
  Ends ends;
  ends.entry = g.Gather(g.Concat({states, even}, 0), g.Ints({0}));
  ends.exit = g.Gather(g.Concat({even, states}, 0), g.Ints({-1}));
  ends.delta = g.Sub(ends.exit, ends.entry);
  return ends;
}

/// What is said of the conversation as a whole (B).
struct Verdict {
  Value p, interval, csat;
  std::optional<Value> boxes;
};

Verdict MakeVerdict(Graph& g, const Ends& ends, const Value& outlook, const Calibration& c) {
  const LogOdds odds = FinalLogOdds(g, ends, outlook, c);
  Verdict verdict;
  verdict.p = Chance(g, odds.value);
  verdict.interval = ChanceInterval(g, odds);
  if (c.csat.boxes.fitted()) verdict.boxes = BoxChances(g, odds.value, c.csat);
  verdict.csat = Csat(g, verdict.p, verdict.boxes, c.csat);
  return verdict;
}

Value Single(Graph& g, const Value& x) { return g.Cast(x, Type::kFloat); }

constexpr const char* kStateMeaning =
    "0..1, how satisfied at this turn; means something where the customer speaks";
constexpr const char* kOutlookMeaning =
    "0..1, the chance at this turn that the conversation ends satisfied";

/// The outputs after state and outlook; `batch` is their first axis.
void OutputVerdict(Graph& g, const Ends& ends, const Verdict& verdict, const Dim& batch,
                   const CsatMap& csat) {
  const std::vector<Dim> one = {batch};
  g.Output("entry", Single(g, ends.entry), Type::kFloat, one, "state at the customer's first turn");
  g.Output("exit", Single(g, ends.exit), Type::kFloat, one, "state at the customer's last turn");
  g.Output("delta", Single(g, ends.delta), Type::kFloat, one, "exit - entry, -1..1");
  g.Output("p_satisfied", Single(g, verdict.p), Type::kFloat, one, "chance of a satisfied answer");
  g.Output("interval", Single(g, verdict.interval), Type::kFloat, {batch, 2},
           "95% interval of p_satisfied; NaN where the calibration has none");
  g.Output("csat", Single(g, verdict.csat), Type::kFloat, one,
           "expected answer on the survey's scale; NaN where it was not fitted");
  if (!verdict.boxes) return;
  const auto count = static_cast<std::int64_t>(csat.high - csat.low) + 1;
  g.Output("boxes", Single(g, *verdict.boxes), Type::kFloat, {batch, count},
           "chance of each answer of the survey's scale, lowest first; together 1");
}

}  // namespace

void AddScores(Graph& g, const HeadLogits& logits, const PackedInputs& in,
               const Calibration& calibration) {
  Value state, outlook;
  Ends ends;
  Verdict verdict;
  {
    const auto scope = g.Enter("calibration");
    state = TurnStates(g, logits.state, calibration.state);
    outlook = Chance(g, OutlookLogOdds(g, logits.outlook, calibration.outlook));
    ends = FindEnds(g, state, in, calibration.state);
    // Without any turn the odds are even.
    const Value any = g.Reduce("Max", g.Cast(in.exists, Type::kInt64), 1);
    const Value last =
        g.Where(g.Greater(any, g.Int(0)), g.Gather(logits.outlook, in.last_turn), g.Double(0));
    verdict = MakeVerdict(g, ends, last, calibration);
  }
  const auto by_turn = [&](const Value& x) {
    return g.Where(in.exists, g.Gather(Single(g, x), in.turn_at), g.Float(0));
  };
  g.Output("state", by_turn(state), Type::kFloat, {"batch", "turns"}, kStateMeaning);
  g.Output("outlook", by_turn(outlook), Type::kFloat, {"batch", "turns"}, kOutlookMeaning);
  OutputVerdict(g, ends, verdict, "batch", calibration.csat);
}

Value AddTurnScores(Graph& g, const HeadLogits& logits, const Value& speaker,
                    const Value& past_states, const Calibration& calibration) {
  Value state, outlook, states;
  Ends ends;
  Verdict verdict;
  {
    const auto scope = g.Enter("calibration");
    state = TurnStates(g, logits.state, calibration.state);  // (1)
    outlook = Chance(g, OutlookLogOdds(g, logits.outlook, calibration.outlook));
    const Value now =
        g.Op("Compress", {state, g.Equal(speaker, g.Int(0))}, {{"axis", std::int64_t{0}}});
    states = g.Concat({past_states, now}, 0);
    ends = EndsSoFar(g, states, calibration.state);
    verdict = MakeVerdict(g, ends, logits.outlook, calibration);
  }
  g.Output("state", Single(g, state), Type::kFloat, {1}, kStateMeaning);
  g.Output("outlook", Single(g, outlook), Type::kFloat, {1}, kOutlookMeaning);
  OutputVerdict(g, ends, verdict, std::int64_t{1}, calibration.csat);
  // First and last; of none, none.
  const Value count = g.Unsqueeze(g.Size(states, 0), 0);
  const Value first = g.Slice(states, g.Ints({0}), g.Ints({1}), 0);
  const Value last = g.Slice(states, g.Max(g.Sub(count, g.Int(1)), g.Ints({0})), count, 0);
  return g.Concat({first, last}, 0);
}

}  // namespace arcsat
