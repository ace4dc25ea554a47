#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"
#include "eval/figures.h"
#include "eval/turn_classes.h"

namespace arcsat {

/// A surveyed conversation: the model's chance and the answer.
struct SurveyItem {
  std::string id;
  double p = 0;              ///< calibrated chance of satisfied, 0..1
  bool y = false;            ///< satisfied
  std::string channel;       ///< "chat", "voice", or empty
  std::string problem_type;  ///< or empty
  int turns = 0;             ///< of the conversation, everyone's
};

/// A rated customer turn.
struct TurnItem {
  int conversation = 0;      ///< any number that turns of one conversation share
  double state = 0;          ///< calibrated, 0..1
  double rating = 3;         ///< 1..5: the annotators' mean, or MajorityRating() of them
  std::string channel;       ///< of the conversation
  std::string problem_type;  ///< of the conversation
  int turns = 0;             ///< of the conversation
};

struct EvaluationOptions {
  double threshold = 0.5;  ///< satisfied where p >= threshold
  int bins = 15;           ///< of the calibration errors
  TurnClasses classes;     ///< of rated turns: the calibration's, where it has them
  BootstrapOptions bootstrap;
};

/// Figures of one group of items.
struct Slice {
  std::string by;     ///< "all", "channel", "problem_type", "length"
  std::string value;  ///< "chat", "billing", "9-16"; "(none)" where the field is missing
  int n = 0;          ///< items
  int conversations = 0;
  std::vector<double> shares;    ///< of the classes, lowest class first
  std::vector<Figure> figures;   ///< the model's
  std::vector<Figure> majority;  ///< of always naming the group's commonest class
};

/// Survey slices have classes dissatisfied, satisfied; turn slices negative, neutral, positive. The
/// first slice of each is everything ("all"); empty where there are no such labels.
struct Evaluation {
  EvaluationOptions options;
  std::vector<Slice> survey;
  std::vector<Slice> turns;
};

/// Every figure of every group, with 95% intervals (bootstrap by conversation; Wilson's for the
/// accuracy of surveys, whose items are independent). Lengths are grouped 1-8, 9-16, 17-32, 33+
/// turns, fixed so that data sets compare. A figure that a group cannot have is empty and says why.
/// Error when there is nothing to evaluate, or a value is out of range.
Evaluation Evaluate(const std::vector<SurveyItem>& survey, const std::vector<TurnItem>& turns,
                    const EvaluationOptions& options = {});

/// "1-8", "9-16", "17-32", "33+".
std::string LengthGroup(int turns);

/// Figures by name: {"accuracy":{"value":…,"interval":[…]}}, with the "reason" where there is none.
Json ToJson(const std::vector<Figure>& figures);

/// As data/schema/evaluation.schema.json.
Json ToJson(const Evaluation& evaluation);

/// Aligned plain text for a terminal; figures read "0.913 [0.894, 0.930]".
std::string ToTable(const Evaluation& evaluation);

}  // namespace arcsat
