#pragma once

#include <Eigen/Dense>
#include <span>
#include <vector>

namespace arcsat {

/// Figures of a model against labels. Small pure functions: labels `y` are 0 or 1, probabilities
/// `p` lie in 0..1, `w` are weights >= 0 (frequencies; empty means 1 each), all of one length.
/// A figure that cannot be had (no items, one class only where both are needed) is NaN, never a
/// crash. Lengths that differ, or values out of range, are an Error.
using Values = std::span<const double>;
using Labels = std::span<const int>;

/// Share of items where (p >= threshold) == y. NaN without items.
double Accuracy(Values p, Labels y, double threshold = 0.5, Values w = {});
/// Mean of the two classes' recalls. NaN unless both classes are there.
double BalancedAccuracy(Values p, Labels y, double threshold = 0.5, Values w = {});
/// Mean of the classes' F1. A class in neither labels nor predictions is left out; a class in only
/// one of them counts 0 (as scikit-learn). NaN without items.
double MacroF1(Values p, Labels y, double threshold = 0.5, Values w = {});
/// Chance that a positive ranks above a negative, ties half (midranks). NaN unless both classes.
double RocAuc(Values p, Labels y, Values w = {});
/// Average precision, sum of (R_n - R_{n-1}) P_n over distinct thresholds (as scikit-learn, no
/// interpolation). NaN without a positive.
double PrAuc(Values p, Labels y, Values w = {});
/// Mean of (p - y)^2. NaN without items.
double Brier(Values p, Labels y, Values w = {});
/// Mean of -log(chance given to what happened), p clipped to [eps, 1 - eps] with the double's eps
/// (as scikit-learn). NaN without items.
double LogLoss(Values p, Labels y, Values w = {});
/// Expected calibration error over `bins` bins of equal mass: the weighted mean of
/// |mean p - mean y|. Items of equal p share a bin, the one where the middle of their mass falls,
/// so the order of the items never matters. NaN without items.
double ExpectedCalibrationError(Values p, Labels y, int bins = 15, Values w = {});
/// Root of the debiased squared calibration error (Kumar, Liang, Ma 2019, section 5), over the same
/// bins: each bin's squared gap less mean_y (1 - mean_y) / (n_b - 1), 0 where the sum is negative.
/// Bins of mass <= 1 are left out. NaN without such a bin.
double DebiasedCalibrationError(Values p, Labels y, int bins = 15, Values w = {});

/// The bin, 0..bins - 1, of items of equal p: the one where the middle of their mass falls, given
/// as a share of all mass. The rule of every bin of equal mass in eval/.
std::size_t EqualMassBin(double middle, std::size_t bins);

/// What a threshold says against the labels, in weights.
struct BinaryCounts {
  double true_positive = 0, false_positive = 0, true_negative = 0, false_negative = 0;
};
double Accuracy(const BinaryCounts& counts);
double BalancedAccuracy(const BinaryCounts& counts);
double MacroF1(const BinaryCounts& counts);

/// The items sorted once by p, so that every figure of a bootstrap resample is a pass over them.
///
///   BinarySample sample(p, y);
///   sample.Arrange(counts_of_the_resample, &w);
///   double auc = sample.RocAuc(w);
///
/// All `w` below are as Arrange() leaves them.
class BinarySample {
 public:
  BinarySample(Values p, Labels y);

  std::size_t size() const { return p_.size(); }
  /// Weights in the items' own order (empty: 1 each) brought into ascending order of p.
  void Arrange(Values weights, std::vector<double>* arranged) const;

  BinaryCounts Counts(double threshold, Values w) const;
  double RocAuc(Values w) const;
  double PrAuc(Values w) const;
  double Brier(Values w) const;
  double LogLoss(Values w) const;
  double ExpectedCalibrationError(int bins, Values w) const;
  /// `noise` is how often sampling noise went into the gaps: 1 in a sample, 2 in a bootstrap
  /// resample of it; as often it is taken out of their squares.
  double DebiasedCalibrationError(int bins, Values w, double noise = 1) const;

  /// What a bin holds: its weight, and the weighted sums of chances and of labels.
  struct Bin {
    double mass = 0, p = 0, y = 0;
  };
  /// The bins of equal mass behind both errors, some of them empty.
  std::vector<Bin> Bins(int bins, Values w) const;

 private:
  std::vector<std::size_t> order_;      // item at each place
  std::vector<double> p_, y_;           // ascending p
  std::vector<double> square_, loss_;   // each item's share of Brier and log loss
  std::vector<std::size_t> group_end_;  // where runs of equal p end
};

/// Rows are labels, columns predictions, both 0..classes-1; entries are sums of weights.
Eigen::MatrixXd Confusion(Labels y, Labels predicted, int classes, Values w = {});

/// Of a confusion matrix. NaN where it is empty.
double Accuracy(const Eigen::MatrixXd& confusion);
/// Unweighted average recall over the classes that have labels.
double UnweightedAverageRecall(const Eigen::MatrixXd& confusion);
/// Macro F1 over the classes in labels or predictions.
double MacroF1(const Eigen::MatrixXd& confusion);

enum class KappaWeights { kNone, kLinear, kQuadratic };
/// Cohen's kappa; NaN where chance alone agrees fully (one class only).
double CohenKappa(const Eigen::MatrixXd& confusion, KappaWeights weights = KappaWeights::kNone);

/// Spearman's rank correlation with midranks. NaN for fewer than two items or a constant side.
double Spearman(Values a, Values b, Values w = {});

/// Both sides sorted once, for the bootstrap. Weights are frequencies: 2 equals the item twice.
class RankSample {
 public:
  RankSample(Values a, Values b);
  /// `w` in the items' own order; empty: 1 each.
  double Spearman(Values w) const;

 private:
  struct Side {
    std::vector<std::size_t> order, group_end;
  };
  static Side Sort(Values values);
  static void Midranks(const Side& side, Values w, std::vector<double>* ranks);
  Side a_, b_;
};

/// The rating most annotators gave; of ratings given equally often the lowest (as USS's published
/// code, Sun et al. 2021). NaN for none.
double MajorityRating(Values ratings);

}  // namespace arcsat
