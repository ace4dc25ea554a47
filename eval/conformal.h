#pragma once

#include <Eigen/Dense>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"

namespace arcsat {

struct ConformalOptions {
  double level = 0.9;         ///< share of answers that lie in their set, in (0, 1)
  std::string shape = "set";  ///< set: the likeliest boxes | interval: boxes side by side
  int min_group = 50;         ///< answers a group needs for a threshold of its own (with weights:
                              ///< their effective number); below it takes everyone's, >= 1
};

/// Answered conversations, one a row.
struct ConformalItems {
  Eigen::MatrixXd chances;         ///< (items, boxes): of each box, rows sum to 1; two boxes are
                                   ///< dissatisfied, satisfied (TwoBoxes)
  std::vector<int> answer;         ///< the box chosen, 0..boxes - 1
  std::vector<std::string> group;  ///< the channel, say; empty vector: no groups
  std::vector<double> weight;      ///< 1 / propensity to answer, > 0; empty vector: 1 each
  std::vector<double> uniform;     ///< in 0..1, drawn at random: randomised sets; empty vector:
                                   ///< deterministic ones
};

/// A score threshold that depends on the test conversation's own weight: the first step whose
/// `heaviest` reaches it; beyond the last step every box is in the set.
struct ConformalThreshold {
  int n = 0;                  ///< answers behind it
  double effective = 0;       ///< (sum w)^2 / sum w^2, n without weights
  double largest_weight = 1;  ///< taken where a conversation's own is not known
  struct Step {
    double score = 0, heaviest = 0;
  };
  std::vector<Step> steps;  ///< both ascending; a single one without weights
};

/// What split conformal prediction learned: stored beside the model, applied row by row.
struct ConformalSets {
  double level = 0.9;
  std::string shape = "set";
  int boxes = 2;
  int min_group = 50;
  bool weighted = false, randomised = false;
  ConformalThreshold everyone;
  std::map<std::string, ConformalThreshold> groups;  ///< those with a threshold of their own
  std::vector<std::string> notes;  ///< groups that took everyone's; a level out of reach
};

/// Split conformal prediction on answers that neither the model nor its calibration saw.
///
/// Score: boxes are put in order, the likeliest first (shape "set"), or from the likeliest one on
/// whichever neighbour is likelier (shape "interval": ordinal sets, Lu et al. 2022); ties go to the
/// lower box. A box's score is the chance of all boxes before it; randomised, (1 - u) of its own
/// chance more. These are the adaptive prediction sets of Romano, Sesia, Candes (2020), where the
/// last box is kept always, or with a chance that makes coverage exact. Deterministic sets are
/// never empty; randomised ones may be.
///
/// Threshold: the ceil((n + 1) level)-th smallest score, so that a set holds the answer with a
/// chance of at least `level` for a conversation exchangeable with these, whatever the model.
/// Mondrian (Vovk 2005): so within each group of at least min_group answers. Weighted (Tibshirani
/// et al. 2019): the level-quantile of the scores under weights w_i / (sum w + w_test), with the
/// rest of the mass at infinity: so for all conversations, where the weights are right, though only
/// some answered.
///
/// Error on items that do not fit together or lie out of range, UsageError on options.
ConformalSets FitConformal(const ConformalItems& items, const ConformalOptions& options = {});

/// Two columns from the chance of satisfied: 1 - p, p.
Eigen::MatrixXd TwoBoxes(std::span<const double> p_satisfied);

/// What is known of a conversation to predict.
struct ConformalCase {
  std::string group;              ///< unknown ones take everyone's threshold
  std::optional<double> weight;   ///< 1 / propensity; empty: the largest of the calibration's,
                                  ///< which only makes the set wider. Unused without weights.
  std::optional<double> uniform;  ///< needed by randomised sets, unused by others
};

/// The boxes in the set, ascending; side by side where the shape is "interval".
std::vector<int> PredictBoxes(const ConformalSets& sets, std::span<const double> chances,
                              const ConformalCase& conversation = {});

/// How often sets held the answer, in one group.
struct ConformalCoverage {
  std::string group;  ///< "all" first, then by name
  int n = 0;
  double coverage = 0;               ///< share whose set holds the answer (weighted if items are)
  std::optional<Interval> interval;  ///< Wilson's; at the effective number of items if weighted
  double mean_size = 0;              ///< boxes a set (weighted if items are)
  bool own = false;                  ///< the group has a threshold of its own
};

struct ConformalReport {
  double level = 0.9;
  std::vector<ConformalCoverage> groups;
  std::vector<std::string> notes;
};

/// Coverage on held-out answers. `interval_level` is that of the intervals.
ConformalReport MeasureCoverage(const ConformalSets& sets, const ConformalItems& items,
                                double interval_level = 0.95);

/// The object "conformal" of evaluation.json.
Json ToJson(const ConformalReport& report);

/// conformal.json: format "arcsat-conformal", version 1.
Json ToJson(const ConformalSets& sets);
/// Error names `place` and the field: wrong type, missing, out of range, out of order, newer
/// version.
ConformalSets ParseConformal(std::string_view text, const std::string& place);
void SaveConformal(const ConformalSets& sets, const std::filesystem::path& path);
ConformalSets LoadConformal(const std::filesystem::path& path);
/// The conformal.json of a model folder; nothing where there is none.
std::optional<ConformalSets> FindConformal(const std::filesystem::path& folder);

}  // namespace arcsat
