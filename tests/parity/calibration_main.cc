// Fits calibrators to numbers read as JSON on standard input, and writes the calibration as a small
// ONNX graph of its own, for tests/parity/test_calibration.py to compare with scikit-learn,
// betacal, statsmodels and ONNX Runtime. Needs no torch.
//
// A request has any of: "isotonic", "outlook", "ordinal", "graph" (see the functions), and gets an
// answer of the same name.
#include <cmath>
#include <string>
#include <vector>

#include "data/json.h"
#include "eval/calibration.h"
#include "eval/special.h"
#include "export/calibration_graph.h"
#include "export/onnx_writer.h"
#include "tests/parity/probe.h"

namespace arcsat {
namespace {

// {"x", "y", "w", "at"}: corners, and the values at `at`.
Json Isotonic(const Json& in) {
  const IsotonicFit fit = FitIsotonic(Vector(in.at("x")), Vector(in.at("y")), Vector(in.at("w")));
  Reals values;
  for (const double at : in.at("at").get<Reals>()) values.push_back(Interpolate(fit.x, fit.y, at));
  return {{"x", fit.x}, {"y", fit.y}, {"values", values}};
}

// {"method", "z", "y", "at"}: the map and its chances at `at`.
Json Outlook(const Json& in) {
  std::string warning;
  const OutlookMap map = FitOutlook(in.at("method").get<std::string>(), Vector(in.at("z")),
                                    Vector(in.at("y")), &warning);
  Reals chances, errors;
  for (const double at : in.at("at").get<Reals>()) {
    chances.push_back(ApplyOutlook(map, at));
    errors.push_back(std::sqrt(OutlookVariance(map, at)));
  }
  return {{"coefficients", Array(map.coefficients)},
          {"knots", map.knots},
          {"knot_chances", map.chances},
          {"chances", chances},
          {"errors", errors},
          {"warning", warning}};
}

// {"x", "box"}: thresholds, slope and errors of proportional odds.
Json Ordinal(const Json& in) {
  const OrdinalFit fit = FitOrdinal(Vector(in.at("x")), in.at("box").get<std::vector<int>>());
  const Eigen::VectorXd errors = fit.covariance.diagonal().cwiseSqrt();
  return {{"thresholds", Array(fit.thresholds)},
          {"slope", fit.slope},
          {"errors", Array(errors)},
          {"log_likelihood", fit.log_likelihood},
          {"warning", fit.warning}};
}

// {"calibration": calibration.json, "path", "state", "outlook", "turns": customer's or not, by
// conversation}: writes the graph that calibrates heads' log-odds, and gives what Apply says.
// "state" has a row of log-odds for each turn of all conversations, in order, and one more for "no
// such turn"; so has "outlook".
Json CalibrationGraph(const Json& in) {
  const Calibration calibration = ParseCalibration(in.at("calibration").dump(), "calibration");
  onnx::Graph g("calibration");
  using onnx::Type;
  HeadLogits logits;
  logits.state = g.Input("state_logits", Type::kFloat, {"all", "thresholds"});
  logits.outlook = g.Cast(g.Input("outlook_logits", Type::kFloat, {"all"}), Type::kDouble);
  PackedInputs packed;
  packed.turn_at = g.Input("turn_at", Type::kInt64, {"batch", "turns"});
  packed.exists = g.Input("exists", Type::kBool, {"batch", "turns"});
  packed.is_customer = g.Input("is_customer", Type::kBool, {"batch", "turns"});
  packed.last_turn = g.Input("last_turn", Type::kInt64, {"batch"});
  AddScores(g, logits, packed, calibration);
  onnx::ModelDef model;
  model.graph = g.Finish();
  WriteOnnx(model, in.at("path").get<std::string>());

  const auto state = in.at("state").get<std::vector<std::vector<float>>>();
  const auto outlook = in.at("outlook").get<std::vector<float>>();
  Json scores = Json::array();
  std::size_t at = 0;
  for (const Json& turns : in.at("turns")) {
    RawScore raw;
    raw.id = std::to_string(scores.size());
    for (std::size_t i = 0; i < turns.size(); ++i, ++at) {
      double sum = 0;
      for (const float logit : state[at]) sum += Sigmoid(static_cast<double>(logit));
      raw.outlook_logit = static_cast<double>(outlook[at]);
      if (turns[i].get<bool>()) {
        raw.turns.push_back({static_cast<int>(i), Speaker::kCustomer,
                             sum / static_cast<double>(state[at].size()), raw.outlook_logit});
      }
    }
    scores.push_back(Json::parse(ToJsonLine(Apply(calibration, raw))));
  }
  return scores;
}

Json Answer(const Json& in) {
  Json out = Json::object();
  if (in.contains("isotonic")) out["isotonic"] = Isotonic(in["isotonic"]);
  if (in.contains("outlook")) out["outlook"] = Outlook(in["outlook"]);
  if (in.contains("ordinal")) out["ordinal"] = Ordinal(in["ordinal"]);
  if (in.contains("graph")) out["graph"] = CalibrationGraph(in["graph"]);
  return out;
}

}  // namespace
}  // namespace arcsat

int main() { return arcsat::RunProbe(arcsat::Answer); }
