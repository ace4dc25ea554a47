#include <fmt/format.h>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "eval/calibration_field.h"
#include "eval/conformal.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

constexpr const char* kConformalFormat = "arcsat-conformal";
constexpr int kConformalVersion = 1;
constexpr std::uintmax_t kLargestFile = std::uintmax_t{64} << 20;

Json ThresholdJson(const ConformalThreshold& threshold) {
  Json steps = Json::array();
  for (const auto& step : threshold.steps) {
    steps.push_back(Json::array({step.score, step.heaviest}));
  }
  return {{"n", threshold.n},
          {"effective", threshold.effective},
          {"largest_weight", threshold.largest_weight},
          {"steps", steps}};
}

ConformalThreshold ParseThreshold(const Field& field) {
  ConformalThreshold threshold;
  threshold.n = field.At("n").Integer(1);
  threshold.effective = field.At("effective").Number(0);
  threshold.largest_weight = field.At("largest_weight").Number(0);
  if (!(threshold.largest_weight > 0)) {
    field.At("largest_weight").Refuse("found 0", "expected a number above 0");
  }
  const Field steps = field.At("steps");
  for (std::size_t i = 0; i < steps.Length(); ++i) {
    const Field step = steps.At(i);
    if (step.Length() != 2) step.Refuse("found another length", "expected [score, heaviest]");
    // Sums of chances may pass 1 by a rounding.
    const ConformalThreshold::Step read{step.At(std::size_t{0}).Number(0, 1.001),
                                        step.At(1).Number(0)};
    if (!threshold.steps.empty() && (read.score <= threshold.steps.back().score ||
                                     read.heaviest <= threshold.steps.back().heaviest)) {
      step.Refuse(fmt::format("found [{}, {}]", read.score, read.heaviest),
                  "expected a step above the one before it");
    }
    threshold.steps.push_back(read);
  }
  return threshold;
}

}  // namespace

Json ToJson(const ConformalReport& report) {
  Json groups = Json::array();
  for (const ConformalCoverage& group : report.groups) {
    groups.push_back({{"group", group.group},
                      {"n", group.n},
                      {"coverage", NumberJson(group.coverage)},
                      {"interval", IntervalJson(group.interval)},
                      {"mean_size", NumberJson(group.mean_size)},
                      {"own", group.own}});
  }
  return {{"level", report.level}, {"groups", groups}, {"notes", Json(report.notes)}};
}

Json ToJson(const ConformalSets& sets) {
  Json groups = Json::object();
  for (const auto& [name, threshold] : sets.groups) groups[name] = ThresholdJson(threshold);
  return {{"format", kConformalFormat},
          {"version", kConformalVersion},
          {"level", sets.level},
          {"shape", sets.shape},
          {"boxes", sets.boxes},
          {"min_group", sets.min_group},
          {"weighted", sets.weighted},
          {"randomised", sets.randomised},
          {"everyone", ThresholdJson(sets.everyone)},
          {"groups", groups},
          {"notes", Json(sets.notes)}};
}

ConformalSets ParseConformal(std::string_view text, const std::string& place) {
  const Json json = ParseJson(text, {place, Field::kRemedy});
  const Field root(json, place, "");
  root.At("format").OneOf({kConformalFormat});
  const int version = root.At("version").Integer(1);
  if (version > kConformalVersion) {
    throw Error({fmt::format("{}: version", place), fmt::format("found {}", version),
                 fmt::format("expected {} or lower", kConformalVersion),
                 "the file was written by a newer arcsat: use that one, or calibrate again"});
  }
  ConformalSets sets;
  sets.level = root.At("level").Number(0, 1);
  if (!(sets.level > 0 && sets.level < 1)) {
    root.At("level").Refuse(fmt::format("found {}", sets.level),
                            "expected a number between 0 and 1");
  }
  sets.shape = root.At("shape").OneOf({"set", "interval"});
  sets.boxes = root.At("boxes").Integer(2);
  sets.min_group = root.At("min_group").Integer(1);
  sets.weighted = root.At("weighted").Boolean();
  sets.randomised = root.At("randomised").Boolean();
  sets.everyone = ParseThreshold(root.At("everyone"));
  const Field groups = root.At("groups");
  if (!groups.json().is_object()) groups.Refuse("found no object", "expected an object");
  for (const auto& [name, threshold] : groups.json().items()) {
    sets.groups[name] = ParseThreshold(groups.At(name));
  }
  sets.notes = root.At("notes").Texts();
  return sets;
}

void SaveConformal(const ConformalSets& sets, const std::filesystem::path& path) {
  WriteFile(path, DumpJson(ToJson(sets), path.string(), 2) + "\n");
}

ConformalSets LoadConformal(const std::filesystem::path& path) {
  return ParseConformal(ReadFile(path, kLargestFile), path.string());
}

std::optional<ConformalSets> FindConformal(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "conformal.json";
  if (!std::filesystem::exists(path)) return std::nullopt;
  return LoadConformal(path);
}

}  // namespace arcsat
