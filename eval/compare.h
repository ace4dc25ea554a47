#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/score.h"
#include "eval/bootstrap.h"
#include "eval/delong.h"
#include "eval/evaluation.h"
#include "eval/paired_tests.h"

namespace arcsat {

/// How versions are compared, and the rule for the verdict (docs/statistics.md).
struct CompareOptions {
  /// The rule's figure: accuracy | balanced_accuracy | macro_f1 | roc_auc.
  std::string figure = "accuracy";
  double at_least = 0.90;  ///< of the figure, over everything
  double worse_by = 0.02;  ///< in no group may the figure fall by more than this
  /// interval: a requirement is met or missed where the interval or the test says so, and undecided
  /// between; point: the figures alone decide.
  std::string judge_by = "interval";
  int min_slice = 30;  ///< smaller groups are shown, not judged
  int flips = 50;      ///< conversations listed of those that differ most; each kind
  BootstrapOptions bootstrap;
};

/// A conversation with an answer.
struct CompareItem {
  std::string id;
  bool y = false;            ///< satisfied
  std::string channel;       ///< "chat", "voice", or empty
  std::string problem_type;  ///< or empty
  int turns = 0;             ///< of the conversation, everyone's
};

struct CompareVersion {
  std::string label;          ///< as it is called in tables: "A"
  double threshold = 0.5;     ///< satisfied where p_satisfied >= threshold
  std::vector<Score> scores;  ///< one an item, in the items' order
};

/// How far a figure moved: the other version's less the first one's.
struct Difference {
  std::string name;
  std::optional<double> value;
  std::optional<Interval> interval;  ///< paired bootstrap by conversation, percentile
  std::string test;  ///< "mcnemar", "permutation", "delong", "sign flip", or empty: none
  std::optional<double> p;
  std::optional<double>
      p_holm;          ///< over groups of min_slice and more; of everything: over versions
  std::string reason;  ///< where `value` is empty
};

/// One group of conversations.
struct ComparedSlice {
  std::string by, value;  ///< as Slice
  int n = 0;
  double satisfied = 0;                              ///< share
  std::vector<std::vector<Figure>> figures;          ///< of each version
  std::vector<std::vector<Difference>> differences;  ///< of each version after the first
};

/// A conversation that two versions see differently.
struct Flip {
  CompareItem item;
  Score first, other;
  bool first_right = false, other_right = false;
};

enum class CompareOutcome { kPass, kUndecided, kFail };
const char* Name(CompareOutcome outcome);  ///< "pass", "undecided", "fail"

struct CompareRequirement {
  std::string name;  ///< "at_least" or "worse_by"
  CompareOutcome outcome = CompareOutcome::kUndecided;
  std::string text;  ///< one plain sentence
};

/// The worst of the requirements: fail before undecided before pass.
struct CompareVerdict {
  CompareOutcome outcome = CompareOutcome::kUndecided;
  std::string text;  ///< one plain sentence
  std::vector<CompareRequirement> requirements;
};

/// A later version against the first.
struct ComparedPair {
  std::string first, other;  ///< labels
  McNemarTest mcnemar;
  DeLongTest delong;
  std::int64_t mended = 0;   ///< wrong in the first, right in the other
  std::int64_t spoilt = 0;   ///< right in the first, wrong in the other
  std::vector<Flip> flips;   ///< of those, the ones whose chances differ most, the most first
  std::vector<Flip> shifts;  ///< the same of conversations that both decide alike
  CompareVerdict verdict;
};

struct Comparison {
  CompareOptions options;
  std::vector<std::string> labels;
  std::vector<double> thresholds;
  std::vector<ComparedSlice> slices;  ///< the first is everything
  std::vector<ComparedPair> pairs;
  CompareVerdict verdict;  ///< the worst of the pairs'
};

/// Compares two or more versions on the same conversations, each with the first. Error where there
/// are no items or fewer than two versions, or a version has not one score for each item (by id);
/// UsageError on options out of range.
Comparison Compare(const std::vector<CompareItem>& items,
                   const std::vector<CompareVersion>& versions, const CompareOptions& options = {});

/// The rule on what was measured: slices (the first is everything) and the version at `pair`, its
/// place among those after the first.
CompareVerdict JudgePair(const std::vector<ComparedSlice>& slices, std::size_t pair,
                         const std::string& first, const std::string& other,
                         const CompareOptions& options);

/// What a group that is judged says of "not worse by more than worse_by", by the difference of the
/// rule's figure there; empty where it is too small or has no difference.
std::optional<CompareOutcome> JudgeGroup(const ComparedSlice& slice, std::size_t pair,
                                         const CompareOptions& options);

/// "balanced_accuracy" as "balanced accuracy", "roc_auc" as "ROC-AUC".
std::string FigureWords(const std::string& name);

/// As data/schema/comparison.schema.json, without what only the command knows (data, files, drift).
Json ToJson(const Comparison& comparison);

}  // namespace arcsat
