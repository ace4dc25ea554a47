// Reads numbers as JSON on standard input and writes the reliability, claim, curves and conformal
// sets of eval/ as JSON on standard output, for tests/parity/test_reliability.py.
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/claim.h"
#include "eval/conformal.h"
#include "eval/curves.h"
#include "eval/delta_table.h"
#include "eval/reliability.h"
#include "tests/parity/probe.h"

namespace arcsat {
namespace {

Json ReliabilityOf(const Json& in) {
  const Reals p = in.at("p").get<Reals>();
  const Integers y = in.at("y").get<Integers>();
  std::vector<SurveyItem> items;
  for (std::size_t i = 0; i < p.size(); ++i) {
    items.push_back({"c", p[i], y[i] == 1, i % 3 == 0 ? "voice" : "chat", "", 6});
  }
  ReliabilityOptions options;
  options.bins = in.at("bins").get<int>();
  options.bootstrap.resamples = 100;
  return ToJson(MeasureReliability(items, options));
}

Json ClaimOf(const Json& in) {
  ClaimOptions options;
  options.folds = in.at("folds").get<int>();
  options.seed = in.at("seed").get<std::uint64_t>();
  return ToJson(ExamineClaim(in.at("entry").get<Reals>(), in.at("exit").get<Reals>(),
                             in.at("outlook_logit").get<Reals>(), in.at("y").get<Integers>(),
                             options));
}

Json CurvesOf(const Json& in) {
  CurveOptions options;
  options.points = in.at("points").get<int>();
  return ToJson(MakeCurves(in.at("p").get<Reals>(), in.at("y").get<Integers>(), options));
}

ConformalItems Items(const Json& in) {
  ConformalItems items;
  items.answer = in.at("answer").get<Integers>();
  const auto rows = in.at("chances").get<std::vector<Reals>>();
  items.chances.resize(static_cast<Eigen::Index>(rows.size()),
                       static_cast<Eigen::Index>(rows.at(0).size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t b = 0; b < rows[i].size(); ++b) {
      items.chances(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(b)) = rows[i][b];
    }
  }
  if (in.contains("group")) items.group = in["group"].get<std::vector<std::string>>();
  if (in.contains("weight")) items.weight = in["weight"].get<Reals>();
  if (in.contains("uniform")) items.uniform = in["uniform"].get<Reals>();
  return items;
}

Json ConformalOf(const Json& in) {
  ConformalOptions options;
  options.level = in.at("level").get<double>();
  options.shape = in.value("shape", "set");
  options.min_group = in.value("min_group", 50);
  // By way of the file, so that parity is that of what is stored.
  const ConformalSets sets =
      ParseConformal(ToJson(FitConformal(Items(in.at("fit")), options)).dump(), "probe");
  const ConformalItems test = Items(in.at("test"));
  Json boxes = Json::array();
  for (std::size_t i = 0; i < test.answer.size(); ++i) {
    ConformalCase conversation;
    if (!test.group.empty()) conversation.group = test.group[i];
    if (!test.weight.empty()) conversation.weight = test.weight[i];
    if (!test.uniform.empty()) conversation.uniform = test.uniform[i];
    const Eigen::RowVectorXd row = test.chances.row(static_cast<Eigen::Index>(i));
    boxes.push_back(
        PredictBoxes(sets, {row.data(), static_cast<std::size_t>(row.size())}, conversation));
  }
  return {
      {"boxes", boxes}, {"sets", ToJson(sets)}, {"report", ToJson(MeasureCoverage(sets, test))}};
}

Json Answer(const Json& in) {
  Json out = Json::object();
  if (in.contains("reliability")) out["reliability"] = ReliabilityOf(in["reliability"]);
  if (in.contains("claim")) out["claim"] = ClaimOf(in["claim"]);
  if (in.contains("curves")) out["curves"] = CurvesOf(in["curves"]);
  if (in.contains("conformal")) out["conformal"] = ConformalOf(in["conformal"]);
  if (in.contains("monotone")) {
    out["monotone"] = MonotoneFit(in["monotone"].at("values").get<Reals>(),
                                  in["monotone"].at("weights").get<Reals>());
  }
  return out;
}

}  // namespace
}  // namespace arcsat

int main() { return arcsat::RunProbe(arcsat::Answer); }
