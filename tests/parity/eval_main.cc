// Reads numbers as JSON on standard input and writes the figures of eval/ as JSON on standard
// output, for tests/parity/test_eval.py and test_answers.py to compare with scikit-learn, scipy and
// statsmodels.
#include <cmath>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/answers.h"
#include "eval/calibration.h"
#include "eval/claim.h"
#include "eval/evaluation.h"
#include "eval/logistic.h"
#include "eval/metrics.h"
#include "eval/sparse_logistic.h"
#include "eval/special.h"
#include "tests/parity/probe.h"

namespace arcsat {
namespace {

Json Binary(const Json& in) {
  const Reals p = in.at("p").get<Reals>(), w = in.at("w").get<Reals>();
  const Integers y = in.at("y").get<Integers>();
  const double t = in.at("threshold").get<double>();
  const int bins = in.at("bins").get<int>();
  return {{"accuracy", NumberJson(Accuracy(p, y, t, w))},
          {"balanced_accuracy", NumberJson(BalancedAccuracy(p, y, t, w))},
          {"macro_f1", NumberJson(MacroF1(p, y, t, w))},
          {"roc_auc", NumberJson(RocAuc(p, y, w))},
          {"pr_auc", NumberJson(PrAuc(p, y, w))},
          {"brier", NumberJson(Brier(p, y, w))},
          {"log_loss", NumberJson(LogLoss(p, y, w))},
          {"ece", NumberJson(ExpectedCalibrationError(p, y, bins, w))},
          {"debiased", NumberJson(DebiasedCalibrationError(p, y, bins, w))}};
}

Json Classes(const Json& in) {
  const Integers y = in.at("y").get<Integers>(), predicted = in.at("predicted").get<Integers>();
  const Eigen::MatrixXd confusion =
      Confusion(y, predicted, in.at("classes").get<int>(), in.at("w").get<Reals>());
  return {{"accuracy", NumberJson(Accuracy(confusion))},
          {"uar", NumberJson(UnweightedAverageRecall(confusion))},
          {"macro_f1", NumberJson(MacroF1(confusion))},
          {"kappa", NumberJson(CohenKappa(confusion))},
          {"kappa_linear", NumberJson(CohenKappa(confusion, KappaWeights::kLinear))},
          {"kappa_quadratic", NumberJson(CohenKappa(confusion, KappaWeights::kQuadratic))}};
}

Json Logistic(const Json& in) {
  const Json& columns = in.at("x");
  const Eigen::VectorXd y = Vector(in.at("y"));
  Eigen::MatrixXd x(y.size(), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t j = 0; j < columns.size(); ++j) {
    x.col(static_cast<Eigen::Index>(j)) = Vector(columns[j]);
  }
  LogisticOptions options;
  options.ridge = in.at("ridge").get<double>();
  const LogisticFit fit = FitLogistic(x, y, options, Vector(in.at("w")));
  return {{"coefficients", Array(fit.coefficients)},
          {"standard_errors", Array(fit.StandardErrors())},
          {"log_likelihood", fit.log_likelihood},
          {"separated", fit.separated}};
}

Json Sparse(const Json& in) {
  const Json& rows = in.at("x");
  SparseItems items{{}, Vector(in.at("y")), Vector(in.at("w"))};
  const auto n = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd dense(n, static_cast<Eigen::Index>(rows[0].size()));
  for (Eigen::Index i = 0; i < n; ++i) dense.row(i) = Vector(rows[static_cast<std::size_t>(i)]);
  items.x = dense.sparseView();
  const SparseLogistic fit = FitSparseLogistic(items, in.at("c").get<double>());
  return {{"weights", Array(fit.weights)}, {"bias", fit.bias}};
}

Json Temperature(const Json& in) {
  const TemperatureFit fit = FitTemperature(Vector(in.at("logit")), Vector(in.at("y")));
  return {{"slope", fit.slope}, {"standard_error", fit.standard_error}};
}

Json Claim(const Json& in) {
  Json tests = Json::array();
  for (const NestedTest& test :
       TestClaim(in.at("entry").get<Reals>(), in.at("exit").get<Reals>(),
                 in.at("outlook_logit").get<Reals>(), in.at("y").get<Integers>())) {
    tests.push_back({{"name", test.name},
                     {"coefficient", test.coefficient},
                     {"interval", {test.interval.low, test.interval.high}},
                     {"chi_squared", NumberJson(test.chi_squared)},
                     {"p_value", NumberJson(test.p_value)}});
  }
  return tests;
}

Json ChiSquare(const Json& in) {
  Json out = Json::array();
  for (const Json& pair : in) {
    out.push_back(ChiSquareSurvival(pair.at(0).get<double>(), pair.at(1).get<int>()));
  }
  return out;
}

// Surveyed conversations and, beside them, two rated turns each.
Json Report(const Json& in) {
  const Reals p = in.at("p").get<Reals>(), entry = in.at("entry").get<Reals>(),
              exit = in.at("exit").get<Reals>(), rating = in.at("rating").get<Reals>();
  const Integers y = in.at("y").get<Integers>();
  std::vector<SurveyItem> survey;
  std::vector<TurnItem> turns;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const int c = static_cast<int>(i);
    const std::string channel = i % 2 == 0 ? "chat" : "voice";
    survey.push_back({"c", p[i], y[i] == 1, channel, "billing", 4 + c % 40});
    turns.push_back({c, entry[i], rating[i], channel, "billing", 4 + c % 40});
    turns.push_back({c, exit[i], rating[i], channel, "billing", 4 + c % 40});
  }
  return ToJson(Evaluate(survey, turns));
}

Json CalibrationOf(const Json& in) {
  const Reals entry = in.at("entry").get<Reals>(), exit = in.at("exit").get<Reals>(),
              outlook = in.at("outlook_logit").get<Reals>();
  const Integers y = in.at("y").get<Integers>();
  std::vector<LabeledScore> items(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    items[i].raw.outlook_logit = outlook[i];
    items[i].raw.turns = {{0, Speaker::kCustomer, entry[i], 0},
                          {2, Speaker::kCustomer, exit[i], 0}};
    items[i].satisfied = y[i] == 1;
  }
  return ToJson(FitCalibration(items));
}

Json AnswersOf(const Json& in) {
  const Reals answer = in.at("answer").get<Reals>(), csat = in.at("csat").get<Reals>();
  const auto boxes = in.at("boxes").get<std::vector<Reals>>();
  std::vector<AnswerItem> items;
  for (std::size_t i = 0; i < answer.size(); ++i) {
    items.push_back({answer[i], csat[i], boxes[i], i % 3 == 0 ? "voice" : "chat", "", 6});
  }
  AnswerOptions options;
  options.low = in.at("low").get<double>();
  options.high = in.at("high").get<double>();
  options.bins = in.at("bins").get<int>();
  if (in.contains("mean")) options.calibration_mean = in["mean"].get<double>();
  options.bootstrap.resamples = in.at("resamples").get<int>();
  return ToJson(MeasureAnswers(items, options));
}

Json Answer(const Json& in) {
  Json out = Json::object();
  if (in.contains("binary")) out["binary"] = Binary(in["binary"]);
  if (in.contains("classes")) out["classes"] = Classes(in["classes"]);
  if (in.contains("ranks")) {
    out["spearman"] =
        NumberJson(Spearman(in["ranks"].at("a").get<Reals>(), in["ranks"].at("b").get<Reals>()));
  }
  if (in.contains("logistic")) out["logistic"] = Logistic(in["logistic"]);
  if (in.contains("sparse")) out["sparse"] = Sparse(in["sparse"]);
  if (in.contains("temperature")) out["temperature"] = Temperature(in["temperature"]);
  if (in.contains("claim")) out["claim"] = Claim(in["claim"]);
  if (in.contains("chi_square")) out["chi_square"] = ChiSquare(in["chi_square"]);
  if (in.contains("report")) out["report"] = Report(in["report"]);
  if (in.contains("calibration")) out["calibration"] = CalibrationOf(in["calibration"]);
  if (in.contains("answers")) out["answers"] = AnswersOf(in["answers"]);
  return out;
}

}  // namespace
}  // namespace arcsat

int main() { return arcsat::RunProbe(arcsat::Answer); }
