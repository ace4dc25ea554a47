// Reads arrays as JSON on standard input and writes the figures of eval/'s survey statistics as
// JSON on standard output, for tests/parity/test_population.py to compare with ppi_py, balance and
// scipy.
#include <numeric>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/population.h"
#include "eval/prediction_powered.h"
#include "eval/sensitivity.h"
#include "eval/student.h"
#include "eval/weighted_mean.h"
#include "tests/parity/probe.h"

namespace arcsat {
namespace {

Json Ppi(const Json& in) {
  PpiOptions options;
  options.level = in.at("level").get<double>();
  if (!in.at("lambda").is_null()) options.lambda = in.at("lambda").get<double>();
  options.weights = Vector(in.at("w"));
  options.weights_without = Vector(in.at("w_without"));
  const PpiMean mean = PredictionPoweredMean(Vector(in.at("y")), Vector(in.at("f")),
                                             Vector(in.at("f_without")), options);
  return {{"value", mean.value},
          {"standard_error", mean.standard_error},
          {"lambda", mean.lambda},
          {"interval", Reals{mean.interval.low, mean.interval.high}}};
}

std::vector<SurveyContext> Contexts(const Json& in) {
  std::vector<SurveyContext> contexts;
  for (std::size_t i = 0; i < in.at("turns").size(); ++i) {
    contexts.push_back({in.at("channel")[i].get<std::string>(),
                        in.at("problem_type")[i].get<std::string>(),
                        in.at("turns")[i].get<int>(),
                        in.at("entry")[i].get<double>(),
                        in.at("exit")[i].get<double>(),
                        {}});
  }
  return contexts;
}

Json BalanceOf(const Json& in) {
  const auto answered = in.at("answered").get<std::vector<int>>();
  const auto lines = Balance(Contexts(in), answered, Vector(in.at("weights")));
  Json out = Json::object();
  for (const BalanceLine& line : lines) out[line.name] = Reals{line.before, line.after};
  const MeanBalance mean = MeanOf(lines);
  out["mean"] = Reals{mean.before, mean.after};
  return out;
}

Json Figure(const WeightedFigure& figure) {
  Json json = {{"value", figure.value}, {"standard_error", figure.standard_error}};
  if (figure.lambda) json["lambda"] = *figure.lambda;
  return json;
}

// The response model's columns, coefficients and weights, and the figures made with them.
Json Weighted(const Json& in) {
  const auto contexts = Contexts(in);
  const auto answered = in.at("answered").get<std::vector<int>>();
  ResponseOptions options;
  options.ridge = in.at("ridge").get<double>();
  options.trim = in.value("trim", options.trim);
  const ResponseModel model = *FitResponse(contexts, answered, options);
  const WeightedMeans means(model, contexts, answered);
  const Eigen::VectorXd y = Vector(in.at("y")), f = Vector(in.at("f"));
  std::vector<int> all(answered.size()), part = in.at("part").get<std::vector<int>>();
  std::iota(all.begin(), all.end(), 0);
  const Eigen::MatrixXd x = model.columns.Matrix(contexts);
  Json columns = Json::array();
  for (Eigen::Index j = 0; j < x.cols(); ++j) columns.push_back(Array(x.col(j)));
  return {{"columns", columns},
          {"names", model.columns.names()},
          {"likelihood", Array(model.fit.coefficients)},
          {"balancing", Array(model.balancing.coefficients)},
          {"auc", model.auc},
          {"weights", Array(means.weights())},
          {"reweighted", Figure(means.Reweighted(all, y))},
          {"powered", Figure(means.PredictionPowered(all, y, f))},
          {"part", Figure(means.PredictionPowered(part, y, f))}};
}

Json Range(const Json& in) {
  const TiltedRange range = WeightedMeanRange(in.at("y").get<Reals>(), in.at("odds").get<Reals>(),
                                              in.at("gamma").get<double>());
  return Json(Reals{range.low, range.high});
}

Json Answer(const Json& in) {
  Json out = Json::object();
  if (in.contains("ppi")) out["ppi"] = Ppi(in["ppi"]);
  if (in.contains("balance")) out["balance"] = BalanceOf(in["balance"]);
  if (in.contains("weighted")) out["weighted"] = Weighted(in["weighted"]);
  if (in.contains("range")) out["range"] = Range(in["range"]);
  if (in.contains("kish")) out["kish"] = KishEffectiveSize(Vector(in["kish"]));
  if (in.contains("student")) {
    out["student"] = Json::array();
    for (const Json& pair : in["student"]) {
      out["student"].push_back(StudentQuantile(pair.at(0).get<double>(), pair.at(1).get<double>()));
    }
  }
  return out;
}

}  // namespace
}  // namespace arcsat

int main() { return arcsat::RunProbe(arcsat::Answer); }
