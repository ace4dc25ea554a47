#pragma once

#include <string>
#include <vector>

#include "app/compare_inputs.h"
#include "eval/compare.h"
#include "eval/drift.h"

namespace arcsat {

/// All that `arcsat compare` found.
struct CompareReport {
  Comparison comparison;
  std::vector<VersionScores> versions;  ///< without their scores
  std::vector<DriftReport> drift;
  std::vector<std::string> notes;
};

/// Aligned text for a terminal, the verdict last. Words of the data cannot steer it.
std::string CompareText(const CompareReport& report);

/// For a pull request, the verdict first; every word of the data is escaped.
std::string CompareMarkdown(const CompareReport& report);

}  // namespace arcsat
