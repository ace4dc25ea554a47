#include <algorithm>

#include "data/files.h"
#include "data/json.h"
#include "eval/report/json_view.h"
#include "eval/report/report.h"

namespace arcsat {
namespace {

// Averages each `window` neighbouring losses into one point at their last update.
std::vector<LearningPoint> Averaged(const std::vector<LearningPoint>& points, std::size_t window) {
  std::vector<LearningPoint> result;
  for (std::size_t begin = 0; begin < points.size(); begin += window) {
    const std::size_t end = std::min(points.size(), begin + window);
    LearningPoint point = points[end - 1];
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += *points[i].loss;
    point.loss = sum / static_cast<double>(end - begin);
    result.push_back(std::move(point));
  }
  return result;
}

LearningPoint ReadValidation(const Json& line) {
  LearningPoint point;
  const Json* best = Find(line, {"best"});
  point.best = best && best->is_boolean() && best->get<bool>();
  for (const auto& [name, value] : line.items()) {
    if (value.is_number_float()) point.validation.emplace_back(name, value.get<double>());
  }
  return point;
}

}  // namespace

std::vector<LearningPoint> ReadLearningCurve(const std::filesystem::path& metrics, int points) {
  std::vector<LearningPoint> training, validation;
  LineReader lines(metrics.string());
  for (std::string text; lines.Next(&text);) {
    const Json line = ParseJson(text, {lines.place(), "remove the line"});
    const auto update = FindNumber(line, {"update"});
    if (!update) continue;
    const std::string kind = FindText(line, {"kind"});
    const auto loss = FindNumber(line, {"loss"});
    LearningPoint point;
    if (kind == "validation") {
      point = ReadValidation(line);
    } else if (kind == "train" && loss) {
      point.loss = loss;
      if (const auto epoch = FindNumber(line, {"epoch"})) point.epoch = static_cast<int>(*epoch);
    } else {
      continue;
    }
    point.update = static_cast<std::int64_t>(*update);
    (kind == "train" ? training : validation).push_back(std::move(point));
  }
  const auto most = static_cast<std::size_t>(std::max(points, 1));
  auto result = Averaged(training, std::max<std::size_t>(1, (training.size() + most - 1) / most));
  result.insert(result.end(), validation.begin(), validation.end());
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& a, const auto& b) { return a.update < b.update; });
  return result;
}

}  // namespace arcsat
