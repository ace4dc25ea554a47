#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "eval/compare.h"
#include "eval/drift.h"
#include "eval/report/verdict.h"

namespace arcsat {

/// One later version against the first, for a reader who decides: page and Markdown begin with it.
struct PairWords {
  std::string headline;           ///< "B passes: it can take A's place"
  std::string text;               ///< who is right how often, and whether that may be chance
  std::vector<Finding> findings;  ///< the rule's requirements, what flipped, the training data
};

PairWords Words(const Comparison& comparison, std::size_t pair,
                const std::vector<DriftReport>& drift);

/// What versions are called beside their labels: the last part of each path, with as many parts
/// before it as tell them apart. "runs/a/model" is "a/model" beside "runs/b/model".
std::vector<std::string> ShortNames(const std::vector<std::string>& paths);

}  // namespace arcsat
