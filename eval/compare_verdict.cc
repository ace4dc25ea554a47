#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "eval/compare.h"

namespace arcsat {
namespace {

// Shares of whole numbers of conversations: 0.88 - 0.90 must not be more than 0.02 below.
constexpr double kFigureRounding = 1e-12;

template <class Named>
const Named* Find(const std::vector<Named>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string Place(const ComparedSlice& slice) {
  if (slice.by == "all") return fmt::format("over all {} conversations", slice.n);
  const std::string by = slice.by == "problem_type" ? "problem type" : slice.by;
  return fmt::format("in {} {} ({} conversations)", by, slice.value, slice.n);
}

CompareRequirement AtLeast(const ComparedSlice& all, std::size_t version, const std::string& other,
                           const CompareOptions& o) {
  const Figure* figure = Find(all.figures[version], o.figure);
  const std::string who = fmt::format("{}'s {}", other, FigureWords(o.figure));
  if (all.n < o.min_slice) {
    return {"at_least", CompareOutcome::kUndecided,
            fmt::format("{} is of only {} conversations, and {} are needed to judge", who, all.n,
                        o.min_slice)};
  }
  if (!figure->value) {
    return {"at_least", CompareOutcome::kUndecided,
            fmt::format("{} is not known: {}", who, figure->reason)};
  }
  const double value = *figure->value, least = o.at_least - kFigureRounding;
  if (o.judge_by == "point") {
    const bool met = value >= least;
    return {
        "at_least", met ? CompareOutcome::kPass : CompareOutcome::kFail,
        fmt::format("{} is {:.3f}, {} {:.3f}", who, value, met ? "at least" : "below", o.at_least)};
  }
  if (!figure->interval) {
    return {"at_least", CompareOutcome::kUndecided,
            fmt::format("{} is {:.3f}, and too few resamples had it for an interval", who, value)};
  }
  const Interval& range = *figure->interval;
  const std::string shown =
      fmt::format("{} is {:.3f} [{:.3f}, {:.3f}]", who, value, range.low, range.high);
  if (range.low >= least) {
    return {"at_least", CompareOutcome::kPass,
            fmt::format("{}, at least {:.3f} to the interval's low end", shown, o.at_least)};
  }
  if (range.high < least) {
    return {"at_least", CompareOutcome::kFail,
            fmt::format("{}, below {:.3f} to the interval's high end", shown, o.at_least)};
  }
  return {"at_least", CompareOutcome::kUndecided,
          fmt::format("{}, and that interval holds {:.3f}", shown, o.at_least)};
}

// What one group says of "not worse".
CompareOutcome JudgeDifference(const Difference& difference, const CompareOptions& o) {
  if (*difference.value >= -o.worse_by - kFigureRounding) return CompareOutcome::kPass;
  const bool sure = difference.p_holm && *difference.p_holm < 1 - o.bootstrap.level;
  return o.judge_by == "point" || sure ? CompareOutcome::kFail : CompareOutcome::kUndecided;
}

std::string Below(const ComparedSlice& slice, const Difference& difference, CompareOutcome outcome,
                  const std::string& first, const std::string& who, const CompareOptions& o) {
  std::string text = fmt::format("{} {} is {:.3f} below {}'s, more than the {:.3f} allowed", who,
                                 Place(slice), -*difference.value, first, o.worse_by);
  const std::string p = difference.p_holm
                            ? fmt::format("p {:.2g} with Holm's correction", *difference.p_holm)
                            : "which no test can tell from chance";
  if (o.judge_by == "point") return text;
  if (outcome == CompareOutcome::kFail) return fmt::format("{} ({})", text, p);
  return fmt::format("{}, but that may be chance ({})", text, p);
}

CompareRequirement WorseBy(const std::vector<ComparedSlice>& slices, std::size_t pair,
                           const std::string& first, const std::string& other,
                           const CompareOptions& o) {
  const std::string who = fmt::format("{}'s {}", other, FigureWords(o.figure));
  const ComparedSlice* worst = nullptr;
  CompareOutcome outcome = CompareOutcome::kPass;
  double furthest = 0;
  int judged = 0;
  for (const ComparedSlice& slice : slices) {
    const std::optional<CompareOutcome> here = JudgeGroup(slice, pair, o);
    if (!here) continue;
    ++judged;
    const double value = *Find(slice.differences[pair], o.figure)->value;
    if (worst != nullptr && (*here < outcome || (*here == outcome && value >= furthest))) continue;
    worst = &slice;
    outcome = *here;
    furthest = value;
  }
  if (worst == nullptr) {
    return {"worse_by", CompareOutcome::kUndecided,
            fmt::format("{} cannot be held against {}'s in any group of {} conversations", who,
                        first, o.min_slice)};
  }
  if (outcome != CompareOutcome::kPass) {
    return {"worse_by", outcome,
            Below(*worst, *Find(worst->differences[pair], o.figure), outcome, first, who, o)};
  }
  return {
      "worse_by", CompareOutcome::kPass,
      fmt::format("in none of {} groups is {} more than {:.3f} below {}'s (the least difference: "
                  "{:+.3f} {})",
                  judged, who, o.worse_by, first, furthest, Place(*worst))};
}

}  // namespace

std::string FigureWords(const std::string& name) {
  static const std::map<std::string, std::string> words = {
      {"balanced_accuracy", "balanced accuracy"},
      {"macro_f1", "macro-F1"},
      {"roc_auc", "ROC-AUC"},
      {"pr_auc", "PR-AUC"},
      {"brier", "Brier score"},
      {"log_loss", "log loss"}};
  const auto found = words.find(name);
  return found == words.end() ? name : found->second;
}

const char* Name(CompareOutcome outcome) {
  return outcome == CompareOutcome::kPass   ? "pass"
         : outcome == CompareOutcome::kFail ? "fail"
                                            : "undecided";
}

std::optional<CompareOutcome> JudgeGroup(const ComparedSlice& slice, std::size_t pair,
                                         const CompareOptions& options) {
  const Difference* difference = Find(slice.differences[pair], options.figure);
  if (slice.n < options.min_slice || difference == nullptr || !difference->value) return {};
  return JudgeDifference(*difference, options);
}

CompareVerdict JudgePair(const std::vector<ComparedSlice>& slices, std::size_t pair,
                         const std::string& first, const std::string& other,
                         const CompareOptions& options) {
  CompareVerdict verdict;
  verdict.requirements = {AtLeast(slices.front(), pair + 1, other, options),
                          WorseBy(slices, pair, first, other, options)};
  const CompareRequirement& at_least = verdict.requirements[0];
  const CompareRequirement& worse_by = verdict.requirements[1];
  const CompareRequirement& decisive = worse_by.outcome > at_least.outcome ? worse_by : at_least;
  verdict.outcome = decisive.outcome;
  switch (verdict.outcome) {
    case CompareOutcome::kPass:
      verdict.text = fmt::format("{} passes: {}, and {}.", other, at_least.text, worse_by.text);
      break;
    case CompareOutcome::kFail:
      verdict.text = fmt::format("{} fails: {}.", other, decisive.text);
      break;
    case CompareOutcome::kUndecided:
      verdict.text = fmt::format("There are not enough data to tell whether {} passes: {}.", other,
                                 decisive.text);
  }
  return verdict;
}

}  // namespace arcsat
