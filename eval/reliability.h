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

struct ReliabilityOptions {
  int bins = 15;       ///< of equal mass, for every figure; as EvaluationOptions
  int slice_bins = 5;  ///< drawn for a slice: fewer, for it has fewer conversations
  BootstrapOptions bootstrap;
};

struct ReliabilitySlice {
  std::string by, value;  ///< "channel", "chat"
  int n = 0;
  std::optional<double> ece_debiased;  ///< over ReliabilityOptions::bins; empty: no bin holds two
  std::optional<Interval> interval;    ///< of it
  std::vector<ReliabilityBin> bins;
};

/// How far the chances can be taken at their word.
struct Reliability {
  std::vector<ReliabilityBin> bins;
  double ece = 0;                        ///< over the bins: ExpectedCalibrationError
  std::optional<Interval> ece_interval;  ///< basic bootstrap by conversation, cut at 0
  std::optional<double> ece_debiased;    ///< DebiasedCalibrationError; empty: no bin holds two
  SweptCalibrationError adaptive;
  double ece_width = 0;  ///< EqualWidthCalibrationError
  BrierParts brier;
  std::vector<ReliabilitySlice> slices;  ///< by channel, problem type, length
};

/// Everything above for surveyed conversations. Error without any, or on a chance outside 0..1;
/// UsageError on options out of range.
Reliability MeasureReliability(const std::vector<SurveyItem>& items,
                               const ReliabilityOptions& options = {});

/// The object "reliability" of evaluation.json.
Json ToJson(const Reliability& reliability);

}  // namespace arcsat
