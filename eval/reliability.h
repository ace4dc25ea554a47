#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"
#include "eval/evaluation.h"
#include "eval/metrics.h"

namespace arcsat {

/// Conversations of similar chances: what the model said and what happened.
struct ReliabilityBin {
  int n = 0;                         ///< conversations
  double p = 0;                      ///< mean chance
  double p_low = 0, p_high = 0;      ///< the lowest and the highest chance in it
  double y = 0;                      ///< share that was satisfied
  std::optional<Interval> interval;  ///< Wilson's, of that share
};

/// The items in bins of equal mass, ascending, empty bins left out. Items of equal p share a bin,
/// the one where the middle of their mass falls, as in ExpectedCalibrationError (metrics.h).
std::vector<ReliabilityBin> EqualMassBins(Values p, Labels y, int bins, double level = 0.95);

/// Weighted mean of |mean p - share| over bins: the expected calibration error of these bins.
/// NaN without items.
double CalibrationGap(const std::vector<ReliabilityBin>& bins);

/// Expected calibration error over `bins` bins of equal width on 0..1 (Guo et al. 2017), the last
/// closed above: for comparison with publications. NaN without items.
double EqualWidthCalibrationError(Values p, Labels y, int bins);

/// Expected calibration error that chooses its own number of bins: equal mass, as many as leave the
/// bins' shares non-decreasing, found by adding one bin at a time (ECE sweep, Roelofs et al. 2022),
/// at most `max_bins`. Less biased than a fixed number where the model ranks well.
struct SweptCalibrationError {
  double value = 0;  ///< NaN without items
  int bins = 0;      ///< chosen
};
SweptCalibrationError AdaptiveCalibrationError(Values p, Labels y, int max_bins = 256);

/// The Brier score taken apart over bins (Murphy 1973), with what varies within bins (Stephenson,
/// Coelho, Jolliffe 2008): value = reliability - resolution + uncertainty, exactly.
struct BrierParts {
  double value = 0;        ///< mean of (p - y)^2
  double reliability = 0;  ///< mean squared gap of the bins: 0 is perfect
  double resolution = 0;   ///< generalised: Murphy's less within_variance plus within_covariance
  double uncertainty = 0;  ///< of the answers themselves: share * (1 - share)
  double within_variance = 0;    ///< of the chances inside bins
  double within_covariance = 0;  ///< twice the covariance of chance and answer inside bins
};
/// Over the bins of EqualMassBins. All NaN without items.
BrierParts DecomposeBrier(Values p, Labels y, int bins);

/// The interval of share * (1 - share): Wilson's of the share, through that curve. Resamples would
/// never exceed 0.25, and miss it where half the answers are satisfied. Empty for no trials.
std::optional<Interval> UncertaintyInterval(double successes, double trials, double level = 0.95);

struct ReliabilityOptions {
  int bins = 15;       ///< of equal mass, of both errors and of everything's Brier parts
  int slice_bins = 5;  ///< drawn of a slice, and of its Brier parts: each bin adds noise to these
  int min_slice = 30;  ///< answers from which on a slice has Brier parts and an adaptive error
  BootstrapOptions bootstrap;
};

/// By conversation; each empty where the figure is, or where resamples do not have it. How they are
/// made, and how often they hold the truth: docs/statistics.md, "Reliability".
struct ReliabilityIntervals {
  std::optional<Interval> ece;           ///< IntervalKind::kError
  std::optional<Interval> ece_debiased;  ///< percentiles, the bins' noise taken out twice
  std::optional<Interval> ece_adaptive;  ///< the same, the number of bins held
  std::optional<Interval> brier;         ///< percentiles
  std::optional<Interval> reliability;   ///< as ece_debiased; from 4 answers a bin on
  std::optional<Interval> resolution;    ///< as reliability
  std::optional<Interval> uncertainty;   ///< UncertaintyInterval
};

/// The figures of some conversations.
struct ReliabilityFigures {
  double ece = 0;                                 ///< ExpectedCalibrationError
  std::optional<double> ece_debiased;             ///< empty: no bin holds two
  std::optional<SweptCalibrationError> adaptive;  ///< empty: a slice below min_slice
  std::optional<BrierParts> brier;                ///< as adaptive
  ReliabilityIntervals intervals;  ///< of adaptive and brier: from min_slice answers on
};

struct ReliabilitySlice {
  std::string by, value;  ///< "channel", "chat"
  int n = 0;
  ReliabilityFigures figures;
  std::vector<ReliabilityBin> bins;  ///< ReliabilityOptions::slice_bins
};

/// How far the chances can be taken at their word.
struct Reliability {
  std::vector<ReliabilityBin> bins;
  ReliabilityFigures figures;
  double ece_width = 0;                  ///< EqualWidthCalibrationError
  std::vector<ReliabilitySlice> slices;  ///< by channel, problem type, length
};

/// Everything above for surveyed conversations. Error without any, or on a chance outside 0..1;
/// UsageError on options out of range.
Reliability MeasureReliability(const std::vector<SurveyItem>& items,
                               const ReliabilityOptions& options = {});

/// The object "reliability" of evaluation.json.
Json ToJson(const Reliability& reliability);

}  // namespace arcsat
