#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/conversation.h"
#include "eval/bootstrap.h"

namespace arcsat {

/// The calibrated figures of one customer turn.
struct ReportState {
  int turn = 0;        ///< counts all turns of the conversation from 0
  double state = 0;    ///< 0..1; NaN where unknown
  double outlook = 0;  ///< chance that the conversation ends satisfied, 0..1; NaN where unknown
};

/// One turn to be read.
struct ReportTurn {
  Speaker speaker = Speaker::kCustomer;
  std::string text;  ///< UTF-8
};

struct ReportConversation {
  std::string id;
  std::string channel;       ///< or empty
  std::string problem_type;  ///< or empty
  int turns = 0;             ///< everyone's
  double entry = 0, exit = 0, delta = 0, p_satisfied = 0;
  std::optional<bool> satisfied;  ///< the answer; empty where nobody answered
  std::vector<ReportState> states;
  std::vector<ReportTurn> transcript;  ///< empty where it is not to be read
};

/// What a run's metrics.jsonl holds of one update.
struct LearningPoint {
  std::int64_t update = 0;
  std::optional<int> epoch;
  std::optional<double> loss;  ///< of training
  /// Figures of the validation side by name ("log_loss", "accuracy"); empty where none was made.
  std::vector<std::pair<std::string, double>> validation;
  bool best = false;  ///< the model of this update was kept
};

/// One experiment of the ledger, its figure the accuracy on the report's own conversations.
struct ExperimentPoint {
  std::string name;
  std::string date;  ///< ISO 8601, or empty
  double value = 0;
  std::optional<Interval> interval;
  std::string note;      ///< what was learned, or empty
  bool current = false;  ///< the one this report is of
};

/// How much of the conversations goes into a page.
struct ListOptions {
  int conversations = 20000;                 ///< listed at most; of more, an even sample
  int transcripts = 300;                     ///< with their turns to read, at most
  std::size_t transcript_bytes = 3'000'000;  ///< of all turns to read, at most
  std::size_t arc_bytes = 4'000'000;         ///< of all drawn arcs; longer ones are thinned out
};

struct ReportOptions : ListOptions {
  double target = 0.90;             ///< accuracy that is aimed at, 0..1
  double baseline = 0.60;           ///< accuracy the work started from, 0..1
  double calibration_error = 0.05;  ///< chances this far off on average still pass as calibrated
};

struct ReportData {
  std::string title;                 ///< "STAR: task done"
  std::string program;               ///< "arcsat 0.1.0"
  std::string made_at;               ///< ISO 8601
  Json evaluation = Json::object();  ///< as data/schema/evaluation.schema.json
  std::vector<ReportConversation> conversations;
  std::vector<LearningPoint> learning;
  std::vector<ExperimentPoint> experiments;  ///< oldest first
  /// How the model was made, shown as it is: ("learning rate", "0.0002").
  std::vector<std::pair<std::string, std::string>> making;
};

/// One HTML file that opens offline: charts, a list of conversations, and everything the evaluation
/// holds. Its content security policy lets nothing run but the scripts in it, by SHA-256; data lie
/// in it as JSON and reach the page as text only. What the evaluation has not is named with the
/// reason. Bytes that are not UTF-8 become U+FFFD.
std::string RenderHtml(const ReportData& data, const ReportOptions& options = {});

/// The same in short, for a pull request: GitHub-flavoured Markdown in which texts from data stand
/// as code and so are taken literally.
std::string RenderMarkdown(const ReportData& data, const ReportOptions& options = {});

/// Which conversations are worth reading, at most `count`, sorted: by turns the largest rise and
/// fall, the surest mistakes, the least sure, and the most typical of each answer.
/// `conversations` need no transcript yet.
std::vector<std::size_t> ChooseTranscripts(const std::vector<ReportConversation>& conversations,
                                           int count);

/// The points of a run's metrics.jsonl; losses of neighbouring updates are averaged so that at most
/// `points` are left. Lines of a kind unknown here are passed over.
std::vector<LearningPoint> ReadLearningCurve(const std::filesystem::path& metrics,
                                             int points = 300);

}  // namespace arcsat
