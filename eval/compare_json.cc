#include "eval/compare.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

constexpr const char* kComparisonFormat = "arcsat-comparison";
constexpr int kComparisonVersion = 1;

Json DifferencesJson(const std::vector<Difference>& differences) {
  Json object = Json::object();
  for (const Difference& d : differences) {
    Json entry = {{"value", NumberJson(d.value)}, {"interval", IntervalJson(d.interval)}};
    if (!d.test.empty()) {
      entry["test"] = d.test;
      entry["p"] = NumberJson(d.p);
      entry["p_holm"] = NumberJson(d.p_holm);
    }
    if (!d.value) entry["reason"] = d.reason;
    object[d.name] = std::move(entry);
  }
  return object;
}

Json SliceJson(const ComparedSlice& slice, const std::vector<std::string>& labels) {
  Json versions = Json::array(), differences = Json::array();
  for (std::size_t v = 0; v < labels.size(); ++v) {
    versions.push_back({{"label", labels[v]}, {"figures", ToJson(slice.figures[v])}});
    if (v == 0) continue;
    differences.push_back({{"first", labels[0]},
                           {"other", labels[v]},
                           {"figures", DifferencesJson(slice.differences[v - 1])}});
  }
  return {{"by", slice.by},
          {"value", slice.value},
          {"n", slice.n},
          {"satisfied", slice.satisfied},
          {"versions", std::move(versions)},
          {"differences", std::move(differences)}};
}

Json ArcJson(const Score& score, bool right) {
  Json turns = Json::array();
  for (const ScoredTurn& turn : score.turns) {
    turns.push_back({{"i", turn.index}, {"state", turn.state}, {"outlook", turn.outlook}});
  }
  return {{"p_satisfied", score.p_satisfied},
          {"right", right},
          {"entry", score.entry},
          {"exit", score.exit},
          {"delta", score.delta},
          {"turns", std::move(turns)}};
}

Json FlipsJson(const std::vector<Flip>& flips) {
  Json array = Json::array();
  for (const Flip& flip : flips) {
    array.push_back({{"id", flip.item.id},
                     {"channel", flip.item.channel},
                     {"problem_type", flip.item.problem_type},
                     {"turns", flip.item.turns},
                     {"satisfied", flip.item.y},
                     {"first", ArcJson(flip.first, flip.first_right)},
                     {"other", ArcJson(flip.other, flip.other_right)}});
  }
  return array;
}

Json VerdictJson(const CompareVerdict& verdict) {
  Json requirements = Json::array();
  for (const CompareRequirement& r : verdict.requirements) {
    requirements.push_back({{"name", r.name}, {"outcome", Name(r.outcome)}, {"text", r.text}});
  }
  return {{"outcome", Name(verdict.outcome)},
          {"text", verdict.text},
          {"requirements", std::move(requirements)}};
}

Json PairJson(const ComparedPair& pair) {
  return {{"first", pair.first},
          {"other", pair.other},
          {"mcnemar",
           {{"only_first_right", pair.mcnemar.only_first},
            {"only_other_right", pair.mcnemar.only_other},
            {"method", pair.mcnemar.method},
            {"statistic", pair.mcnemar.statistic},
            {"p", pair.mcnemar.p_value}}},
          {"delong",
           {{"difference", NumberJson(pair.delong.difference)},
            {"standard_error", NumberJson(pair.delong.standard_error)},
            {"interval", IntervalJson(pair.delong.interval)},
            {"z", NumberJson(pair.delong.z)},
            {"p", NumberJson(pair.delong.p_value)}}},
          {"mended", pair.mended},
          {"spoilt", pair.spoilt},
          {"flips", FlipsJson(pair.flips)},
          {"shifts", FlipsJson(pair.shifts)},
          {"verdict", VerdictJson(pair.verdict)}};
}

}  // namespace

Json ToJson(const Comparison& comparison) {
  const CompareOptions& o = comparison.options;
  Json json = {{"format", kComparisonFormat},
               {"version", kComparisonVersion},
               {"options",
                {{"figure", o.figure},
                 {"at_least", o.at_least},
                 {"worse_by", o.worse_by},
                 {"judge_by", o.judge_by},
                 {"min_slice", o.min_slice},
                 {"flips", o.flips},
                 {"resamples", o.bootstrap.resamples},
                 {"level", o.bootstrap.level},
                 {"seed", o.bootstrap.seed}}},
               {"versions", Json::array()},
               {"slices", Json::array()},
               {"pairs", Json::array()}};
  for (std::size_t v = 0; v < comparison.labels.size(); ++v) {
    json["versions"].push_back(
        {{"label", comparison.labels[v]}, {"threshold", comparison.thresholds[v]}});
  }
  for (const ComparedSlice& slice : comparison.slices) {
    json["slices"].push_back(SliceJson(slice, comparison.labels));
  }
  for (const ComparedPair& pair : comparison.pairs) json["pairs"].push_back(PairJson(pair));
  json["verdict"] = VerdictJson(comparison.verdict);
  return json;
}

}  // namespace arcsat
