#pragma once

#include <string>
#include <vector>

#include "eval/report/report.h"

namespace arcsat {

enum class FindingStanding {
  kGood,     ///< shown: the whole interval lies on the right side
  kOpen,     ///< the interval holds both answers
  kBad,      ///< shown to be otherwise
  kFact,     ///< a figure that is neither good nor bad
  kUnknown,  ///< not measured
};

/// "good", "open", "bad", "fact", "unknown".
const char* Name(FindingStanding standing);

/// The answer to one question of the reader.
struct Finding {
  std::string section;  ///< of the report that shows it: "accuracy", "calibration", …
  std::string label;    ///< "Accuracy"
  std::string result;   ///< in two or three words: "target not shown"
  FindingStanding standing = FindingStanding::kUnknown;
  std::string text;  ///< one or two plain sentences
};

Json ToJson(const Finding& finding);

struct Verdict {
  std::string headline;  ///< "Right in 89.2% of 371 answered conversations"
  std::vector<Finding> findings;
};

/// What an evaluation says, in words: accuracy against target and baseline, calibration, the
/// population's satisfaction, and whether the transition matters. Both reports begin with it.
Verdict Judge(const Json& evaluation, const ReportOptions& options);

}  // namespace arcsat
