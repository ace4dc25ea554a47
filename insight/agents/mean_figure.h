#pragma once

#include <span>
#include <vector>

#include "insight/agents/paths.h"

namespace arcsat {

/// The mean of all values of several clusters, with a variance that lets values of one cluster
/// hang together (Taylor linearisation of the ratio mean; Cochran 1977, 9A).
struct ClusterMean {
  double mean = 0, variance = 0;
  int clusters = 0, n = 0;
};
ClusterMean MeanOverClusters(const std::vector<std::vector<double>>& clusters);

/// The known figures of a behaviour in these records.
std::vector<double> BehaviourValues(const AgentRecords& records,
                                    std::span<const std::size_t> members, Behaviour behaviour);

/// With Student's interval; shares stay in 0..1. `answer_seconds` stays on its logarithm.
MeanFigure AsFigure(const ClusterMean& mean, Behaviour behaviour, double level);

/// One agent's own mean: Wilson's interval for shares, Student's for numbers.
MeanFigure OwnFigure(const std::vector<double>& values, Behaviour behaviour, double level);

}  // namespace arcsat
