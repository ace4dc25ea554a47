#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"
#include "eval/figures.h"

namespace arcsat {

/// A conversation whose customer answered on the survey's scale: what was said, what was expected.
struct AnswerItem {
  double answer = 0;          ///< on the scale
  double csat = 0;            ///< expected answer, on the scale
  std::vector<double> boxes;  ///< chance of each whole answer of the scale, lowest first, together
                              ///< 1; empty where not known
  std::string channel;        ///< "chat", "voice", or empty
  std::string problem_type;   ///< or empty
  int turns = 0;              ///< of the conversation, everyone's
};

struct AnswerOptions {
  double low = 1, high = 5;                ///< ends of the scale
  std::optional<double> calibration_mean;  ///< of the answers that csat was fitted to, where known
  int bins = 15;                           ///< of the calibration errors
  BootstrapOptions bootstrap;
};

/// Of one box, or of all boxes up to one: what was expected and what was answered.
struct BoxShare {
  int answer = 0;                    ///< the box, or the highest one
  double chance = 0;                 ///< mean over conversations
  double share = 0;                  ///< of the answers
  std::optional<Interval> interval;  ///< Wilson's, of that share
};

/// The chances of boxes against whole answers. With K boxes, F_k the chance of at most box k and
/// O_k 1 where the answer is at most box k, else 0:
///   rps              ranked probability score (Epstein 1969; Murphy 1971), the mean over
///                    conversations of the sum over k < K of (F_k - O_k)^2, over K - 1: 0..1
///   rps_skill        1 - rps / the rps of always giving these answers' own shares, <= 1
///   log_loss         mean of -log of the chance of the box chosen, at least the double's epsilon
///   accuracy         share of answers in the likeliest box, of equally likely ones the lowest
///   kappa_quadratic  Cohen's kappa of answer and likeliest box, weights (i - j)^2, <= 1
///   ece, ece_debiased  ExpectedCalibrationError and DebiasedCalibrationError (metrics.h) of F_k
///                    and O_k, mean over k < K
struct BoxFigures {
  int n = 0;           ///< conversations
  int impossible = 0;  ///< answers that had chance 0
  std::vector<Figure> figures;
  std::vector<BoxShare> each;   ///< every box, lowest first
  std::vector<BoxShare> up_to;  ///< every box but the highest
};

/// Some of the conversations: "mae", "bias", and "rps" over those that have chances of boxes.
struct AnswerSlice {
  std::string by, value;  ///< "channel", "chat"
  int n = 0;
  int boxed = 0;  ///< of them with a whole answer and chances of boxes
  std::vector<Figure> figures;
};

/// The expected answer against the given one:
///   mae, rmse   mean absolute error and root mean squared error, >= 0
///   bias        mean csat - mean answer
///   spearman    rank correlation, -1..1
///   skill       1 - mean squared error / that of always saying `reference`, <= 1
///   slope, intercept  of the answer's least-squares line on csat; 1 and 0 are calibrated
struct Answers {
  double low = 1, high = 5;  ///< ends of the scale
  int n = 0;                 ///< conversations
  double mean_answer = 0, mean_csat = 0;
  double reference = 0;              ///< the calibration's mean answer, else these answers' own
  bool reference_is_theirs = false;  ///< it is these answers' own
  std::vector<Figure> csat;
  std::optional<BoxFigures> boxes;  ///< nothing where no conversation has chances of boxes
  std::vector<AnswerSlice> slices;  ///< by channel, problem type, length
};

/// Everything above on held-out answers, with intervals by the bootstrap over conversations; none
/// below 10 conversations, of which a bootstrap makes intervals that are much too short. A figure
/// that cannot be had says why. Error without items, on an answer or csat off the scale, on chances
/// that are none or not one a box; UsageError on options.
Answers MeasureAnswers(const std::vector<AnswerItem>& items, const AnswerOptions& options = {});

/// The object "answers" of evaluation.json.
Json ToJson(const Answers& answers);

}  // namespace arcsat
