// Reads numbers as JSON on standard input and writes what the comparison of versions makes of them
// as JSON on standard output, for tests/parity/test_compare.py.
#include <cmath>
#include <string>
#include <vector>

#include "eval/compare.h"
#include "eval/delong.h"
#include "eval/drift.h"
#include "eval/paired_tests.h"
#include "tests/parity/probe.h"

namespace arcsat {
namespace {

Json McNemars(const Json& in) {
  Json out = Json::array();
  for (const Json& pair : in) {
    const McNemarTest test =
        McNemar(pair.at(0).get<std::int64_t>(), pair.at(1).get<std::int64_t>());
    out.push_back({{"method", test.method}, {"statistic", test.statistic}, {"p", test.p_value}});
  }
  return out;
}

Json Adjusted(const Json& in) {
  Json out = Json::array();
  for (const double p : Holm(in.get<Reals>())) out.push_back(NumberJson(p));
  return out;
}

Json DeLongOf(const Json& in) {
  const DeLongTest test =
      DeLong(in.at("first").get<Reals>(), in.at("other").get<Reals>(), in.at("y").get<Integers>());
  return {{"auc_first", NumberJson(test.auc_first)},
          {"auc_other", NumberJson(test.auc_other)},
          {"difference", NumberJson(test.difference)},
          {"standard_error", NumberJson(test.standard_error)},
          {"interval", IntervalJson(test.interval)},
          {"z", NumberJson(test.z)},
          {"p", NumberJson(test.p_value)}};
}

Json Swaps(const Json& in) {
  const PairedDecisions decisions =
      CountDecisions(in.at("y").get<Integers>(), in.at("first").get<Reals>(), 0.5,
                     in.at("other").get<Reals>(), 0.5);
  const auto test = [&](double (*figure)(const BinaryCounts&)) {
    return NumberJson(SwapTest(decisions, figure));
  };
  return {{"accuracy", test(Accuracy)},
          {"balanced_accuracy", test(BalancedAccuracy)},
          {"macro_f1", test(MacroF1)}};
}

Json SignFlips(const Json& in) {
  return NumberJson(SignFlipTest(in.at("differences").get<Reals>(), in.at("resamples").get<int>(),
                                 in.at("seed").get<std::uint64_t>()));
}

Json Drifts(const Json& in) {
  return ToJson(MeasureDrift("column", in.at("values").get<std::vector<std::string>>(),
                             in.at("before").get<Reals>(), in.at("after").get<Reals>()));
}

// Versions of the same conversations: {"y":[…],"channel":[…],"turns":[…],"versions":[[p…],…]}.
Json Compared(const Json& in) {
  const Integers y = in.at("y").get<Integers>(), turns = in.at("turns").get<Integers>();
  const auto channel = in.at("channel").get<std::vector<std::string>>();
  std::vector<CompareItem> items;
  for (std::size_t i = 0; i < y.size(); ++i) {
    items.push_back({std::to_string(i), y[i] == 1, channel[i], "", turns[i]});
  }
  std::vector<CompareVersion> versions;
  for (const Json& chances : in.at("versions")) {
    CompareVersion version;
    version.label = std::string(1, static_cast<char>('A' + versions.size()));
    for (const double p : chances.get<Reals>()) {
      Score score;
      score.id = std::to_string(version.scores.size());
      score.p_satisfied = p;
      version.scores.push_back(std::move(score));
    }
    versions.push_back(std::move(version));
  }
  CompareOptions options;
  options.bootstrap.resamples = in.at("resamples").get<int>();
  return ToJson(Compare(items, versions, options));
}

Json Answer(const Json& in) {
  Json out = Json::object();
  if (in.contains("mcnemar")) out["mcnemar"] = McNemars(in["mcnemar"]);
  if (in.contains("holm")) out["holm"] = Adjusted(in["holm"]);
  if (in.contains("delong")) {
    for (const Json& one : in["delong"]) out["delong"].push_back(DeLongOf(one));
  }
  if (in.contains("swap")) out["swap"] = Swaps(in["swap"]);
  if (in.contains("sign_flip")) out["sign_flip"] = SignFlips(in["sign_flip"]);
  if (in.contains("drift")) out["drift"] = Drifts(in["drift"]);
  if (in.contains("compare")) out["compare"] = Compared(in["compare"]);
  return out;
}

}  // namespace
}  // namespace arcsat

int main() { return arcsat::RunProbe(arcsat::Answer); }
