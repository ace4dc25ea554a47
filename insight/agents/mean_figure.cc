#include "insight/agents/mean_figure.h"

#include <algorithm>
#include <cmath>

#include "eval/student.h"

namespace arcsat {
namespace {

Interval Within(Interval interval, Behaviour behaviour) {
  interval.low = std::max(0.0, interval.low);  // none of the figures is negative
  const bool share = BehaviourRules()[static_cast<std::size_t>(behaviour)].share ||
                     behaviour == Behaviour::kQuestions;
  if (share) interval.high = std::min(1.0, interval.high);
  return interval;
}

}  // namespace

ClusterMean MeanOverClusters(const std::vector<std::vector<double>>& clusters) {
  ClusterMean out;
  double sum = 0;
  for (const auto& cluster : clusters) {
    for (const double value : cluster) sum += value;
    out.n += static_cast<int>(cluster.size());
    out.clusters += cluster.empty() ? 0 : 1;
  }
  if (out.n == 0) return out;
  out.mean = sum / out.n;
  double squares = 0;
  for (const auto& cluster : clusters) {
    double rest = 0;
    for (const double value : cluster) rest += value - out.mean;
    squares += rest * rest;
  }
  if (out.clusters > 1) {
    out.variance = squares / out.n / out.n * out.clusters / (out.clusters - 1);
  }
  return out;
}

std::vector<double> BehaviourValues(const AgentRecords& records,
                                    std::span<const std::size_t> members, Behaviour behaviour) {
  std::vector<double> values;
  for (const std::size_t i : members) {
    const float value = records.behaviour[i][static_cast<std::size_t>(behaviour)];
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

MeanFigure AsFigure(const ClusterMean& mean, Behaviour behaviour, double level) {
  MeanFigure figure{mean.mean, {mean.mean, mean.mean}, mean.n};
  if (mean.clusters < 2) return figure;
  const double reach =
      StudentQuantile(0.5 + level / 2, mean.clusters - 1) * std::sqrt(mean.variance);
  figure.interval = Within({mean.mean - reach, mean.mean + reach}, behaviour);
  return figure;
}

MeanFigure OwnFigure(const std::vector<double>& values, Behaviour behaviour, double level) {
  std::vector<std::vector<double>> single;
  for (const double value : values) single.push_back({value});
  const ClusterMean mean = MeanOverClusters(single);
  MeanFigure figure = AsFigure(mean, behaviour, level);
  if (mean.n > 0 && BehaviourRules()[static_cast<std::size_t>(behaviour)].share) {
    figure.interval = *WilsonInterval(mean.mean * mean.n, mean.n, level);
  }
  return figure;
}

}  // namespace arcsat
