#include "eval/report/compare/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <set>

#include "eval/report/json_view.h"

namespace arcsat {
namespace {

std::string Headline(const ComparedPair& pair) {
  if (pair.verdict.outcome == CompareOutcome::kPass) {
    return fmt::format("{} passes: it can take {}'s place", pair.other, pair.first);
  }
  if (pair.verdict.outcome == CompareOutcome::kUndecided) {
    return fmt::format("Not enough conversations to decide about {}", pair.other);
  }
  const bool low = pair.verdict.requirements.front().outcome == CompareOutcome::kFail;
  return low ? fmt::format("{} fails: it is not good enough", pair.other)
             : fmt::format("{} fails: it got worse than {}", pair.other, pair.first);
}

std::string Points(double share) {
  return fmt::format("{}{:.1f}", share < 0 ? "−" : "+", std::abs(100 * share));
}

std::string MoreOrFewer(double share) {
  return fmt::format("{:.1f} points {}", std::abs(100 * share), share > 0 ? "more" : "fewer");
}

// Accuracy, whatever the rule's figure is: everybody knows what "right" means.
std::string RightHowOften(const Comparison& comparison, std::size_t pair) {
  const ComparedPair& two = comparison.pairs[pair];
  const ComparedSlice& all = comparison.slices.front();
  const Difference& accuracy = all.differences[pair].front();
  const double first = *all.figures.front().front().value;
  const double other = *all.figures[pair + 1].front().value;
  const std::string who = fmt::format("{} is right in {} of {} conversations, {} in {}", two.other,
                                      Percent(other), Count(all.n), two.first, Percent(first));
  if (two.mended + two.spoilt == 0) return who + ": they decide every one alike.";
  std::string range;
  if (accuracy.interval) {
    range = fmt::format("{:g}% interval {} to {}", 100 * comparison.options.bootstrap.level,
                        Points(accuracy.interval->low), Points(accuracy.interval->high));
  }
  if (other == first) {
    return fmt::format("{} and {} are right equally often, in {} of {} conversations{}.", two.first,
                       two.other, Percent(other), Count(all.n),
                       range.empty() ? "" : " (difference: " + range + " points)");
  }
  const bool sure = accuracy.p && *accuracy.p < 1 - comparison.options.bootstrap.level;
  if (!sure) {
    return fmt::format("{}. That difference may be chance ({} points{}).", who,
                       Points(*accuracy.value), range.empty() ? "" : "; " + range);
  }
  return fmt::format("{}: {}, and chance alone hardly explains that{}.", who,
                     MoreOrFewer(*accuracy.value), range.empty() ? "" : " (" + range + ")");
}

FindingStanding StandingOf(CompareOutcome outcome) {
  return outcome == CompareOutcome::kPass   ? FindingStanding::kGood
         : outcome == CompareOutcome::kFail ? FindingStanding::kBad
                                            : FindingStanding::kOpen;
}

std::string Capital(std::string text) {
  if (!text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Finding Requirement(const CompareRequirement& requirement, const CompareOptions& options) {
  const bool least = requirement.name == "at_least";
  const std::string label =
      least ? fmt::format("{} of {:g} or more", Capital(FigureWords(options.figure)),
                          options.at_least)
            : fmt::format("Nowhere worse by more than {:g}", options.worse_by);
  const char* result = requirement.outcome == CompareOutcome::kPass   ? "met"
                       : requirement.outcome == CompareOutcome::kFail ? "missed"
                                                                      : "not settled";
  return {least ? "figures" : "groups", label, result, StandingOf(requirement.outcome),
          Capital(requirement.text) + "."};
}

Finding Flipped(const ComparedPair& pair, double level) {
  const std::int64_t flipped = pair.mended + pair.spoilt;
  if (flipped == 0) {
    return {"flips", "What flipped", "nothing", FindingStanding::kFact,
            fmt::format("{} and {} decide every conversation alike.", pair.first, pair.other)};
  }
  const double p = pair.mcnemar.p_value;
  Finding finding{"flips", "What flipped",
                  fmt::format("{} mended, {} spoilt", Count(static_cast<double>(pair.mended)),
                              Count(static_cast<double>(pair.spoilt))),
                  FindingStanding::kOpen, ""};
  if (p < 1 - level) {
    finding.standing = pair.mended > pair.spoilt ? FindingStanding::kGood : FindingStanding::kBad;
  }
  finding.text = fmt::format(
      "{} corrects {} of {}'s mistakes and makes {} that {} did not make (McNemar's test: p {}).",
      pair.other, Count(static_cast<double>(pair.mended)), pair.first,
      Count(static_cast<double>(pair.spoilt)), pair.first,
      p < 0.0001 ? "< 0.0001" : fmt::format("{:.2g}", p));
  return finding;
}

std::string ColumnWords(const std::string& name) {
  if (name == "problem_type") return "problem type";
  if (name == "answered") return "share answered";
  if (name == "satisfied") return "share satisfied";
  return name;
}

Finding Drifted(const ComparedPair& pair, const std::vector<DriftReport>& drift) {
  Finding finding{"drift", "Training data", "not compared", FindingStanding::kUnknown,
                  "What the versions learned from is not at hand."};
  const std::string from = pair.first + "'s", to = pair.other + "'s";
  const auto between = std::find_if(drift.begin(), drift.end(), [&](const DriftReport& report) {
    return report.from.starts_with(from) && report.to.starts_with(to);
  });
  if (between == drift.end() || between->columns.empty()) return finding;
  const ColumnDrift& most =
      *std::max_element(between->columns.begin(), between->columns.end(),
                        [](const ColumnDrift& a, const ColumnDrift& b) { return a.psi < b.psi; });
  const bool moved = most.size != "small";
  finding.standing = moved ? FindingStanding::kOpen : FindingStanding::kFact;
  finding.result = moved ? fmt::format("{} moved", ColumnWords(most.name)) : "much alike";
  finding.text = fmt::format(
      "{} learned from {} conversations, {} from {}. What differs most is the {}: {} drift, in {} "
      "of "
      "the conversations.",
      pair.first, Count(static_cast<double>(between->before)), pair.other,
      Count(static_cast<double>(between->after)), ColumnWords(most.name), most.size,
      Percent(most.total_variation));
  if (most.psi == 0) {
    finding.text = fmt::format("{} and {} learned from data that no column tells apart.",
                               pair.first, pair.other);
  }
  return finding;
}

}  // namespace

PairWords Words(const Comparison& comparison, std::size_t pair,
                const std::vector<DriftReport>& drift) {
  const ComparedPair& two = comparison.pairs[pair];
  PairWords words{Headline(two), RightHowOften(comparison, pair), {}};
  for (const CompareRequirement& requirement : two.verdict.requirements) {
    words.findings.push_back(Requirement(requirement, comparison.options));
  }
  words.findings.push_back(Flipped(two, comparison.options.bootstrap.level));
  words.findings.push_back(Drifted(two, drift));
  return words;
}

std::vector<std::string> ShortNames(const std::vector<std::string>& paths) {
  std::vector<std::vector<std::string>> parts(paths.size());
  std::size_t longest = 1;
  for (std::size_t v = 0; v < paths.size(); ++v) {
    for (const auto& part : std::filesystem::path(paths[v])) {
      const std::string text = part.string();
      if (!text.empty() && text != "/" && text != ".") parts[v].push_back(text);
    }
    longest = std::max(longest, parts[v].size());
  }
  std::vector<std::string> names(paths.size());
  for (std::size_t kept = 1; kept <= longest; ++kept) {
    for (std::size_t v = 0; v < paths.size(); ++v) {
      const std::size_t skip = parts[v].size() - std::min(kept, parts[v].size());
      names[v] = fmt::format("{}", fmt::join(parts[v].begin() + static_cast<std::ptrdiff_t>(skip),
                                             parts[v].end(), "/"));
    }
    if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) break;
  }
  return names;
}

}  // namespace arcsat
