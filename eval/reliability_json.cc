#include "eval/reliability.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

Json ReliabilityBinsJson(const std::vector<ReliabilityBin>& bins) {
  Json array = Json::array();
  for (const ReliabilityBin& bin : bins) {
    array.push_back({{"n", bin.n},
                     {"p", bin.p},
                     {"p_low", bin.p_low},
                     {"p_high", bin.p_high},
                     {"y", bin.y},
                     {"interval", IntervalJson(bin.interval)}});
  }
  return array;
}

Json BrierJson(const ReliabilityFigures& figures) {
  if (!figures.brier) return nullptr;
  const BrierParts& parts = *figures.brier;
  const ReliabilityIntervals& intervals = figures.intervals;
  return {{"value", NumberJson(parts.value)},
          {"value_interval", IntervalJson(intervals.brier)},
          {"reliability", NumberJson(parts.reliability)},
          {"reliability_interval", IntervalJson(intervals.reliability)},
          {"resolution", NumberJson(parts.resolution)},
          {"resolution_interval", IntervalJson(intervals.resolution)},
          {"uncertainty", NumberJson(parts.uncertainty)},
          {"uncertainty_interval", IntervalJson(intervals.uncertainty)},
          {"within_variance", NumberJson(parts.within_variance)},
          {"within_covariance", NumberJson(parts.within_covariance)}};
}

// Adaptive error and Brier parts, which everything and slices have alike.
void AddSharedFigures(const ReliabilityFigures& figures, Json* json) {
  const auto& adaptive = figures.adaptive;
  (*json)["ece_adaptive"] = adaptive ? NumberJson(adaptive->value) : Json(nullptr);
  (*json)["ece_adaptive_interval"] = IntervalJson(figures.intervals.ece_adaptive);
  (*json)["ece_adaptive_bins"] = adaptive ? Json(adaptive->bins) : Json(nullptr);
  (*json)["brier"] = BrierJson(figures);
}

Json ReliabilitySliceJson(const ReliabilitySlice& slice) {
  Json json = {{"by", slice.by},
               {"value", slice.value},
               {"n", slice.n},
               {"ece_debiased", NumberJson(slice.figures.ece_debiased)},
               {"interval", IntervalJson(slice.figures.intervals.ece_debiased)}};
  AddSharedFigures(slice.figures, &json);
  json["bins"] = ReliabilityBinsJson(slice.bins);
  return json;
}

}  // namespace

Json ToJson(const Reliability& r) {
  Json json = {{"bins", ReliabilityBinsJson(r.bins)},
               {"ece", NumberJson(r.figures.ece)},
               {"ece_interval", IntervalJson(r.figures.intervals.ece)},
               {"ece_debiased", NumberJson(r.figures.ece_debiased)},
               {"ece_debiased_interval", IntervalJson(r.figures.intervals.ece_debiased)},
               {"ece_width", NumberJson(r.ece_width)}};
  AddSharedFigures(r.figures, &json);
  Json slices = Json::array();
  for (const ReliabilitySlice& slice : r.slices) slices.push_back(ReliabilitySliceJson(slice));
  json["slices"] = std::move(slices);
  return json;
}

}  // namespace arcsat
