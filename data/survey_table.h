#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/answer_scale.h"
#include "data/conversation.h"

namespace arcsat {

/// How a table that comes apart from the transcripts (a survey, problem types, agents) is joined.
/// Column names are compared without case and punctuation; empty: guessed.
struct SurveyTableOptions {
  std::vector<std::string> files;  ///< CSV; the first that knows an id wins
  std::string id;                  ///< the conversation's id
  std::string score;               ///< the answer
  std::string answered_at;         ///< when it was given
  std::string comment;             ///< what the customer wrote
  std::string problem_type;        ///< what it was about
  std::string agent;               ///< who helped
  std::string team;                ///< the agent's team
  std::string scale = "1..5";      ///< by ParseAnswerScale()
  /// Conversations without a row were asked and did not answer, rather than not asked.
  bool offered_to_all = true;
};

/// What the join found.
struct JoinCounts {
  std::int64_t rows = 0;      ///< in the tables
  std::int64_t repeated = 0;  ///< rows of an id that was there before, left out
  std::int64_t refused = 0;   ///< rows without an id, or whose answer is not on the scale
  std::int64_t matched = 0;   ///< conversations with a row
  std::int64_t unmatched_conversations = 0;
  std::int64_t unmatched_rows = 0;
  std::vector<std::string> reasons;  ///< at most 20, for refused rows
};

/// A survey's answers and more, by conversation id.
///
///   SurveyTable table(options);
///   for (Conversation& c : all) table.Join(&c);   // from any thread
///   table.counts();
class SurveyTable {
 public:
  /// Reads the files. Qualtrics' three header rows and SurveyMonkey's two are known by what is in
  /// them. Error where a file cannot be read or has no id column.
  explicit SurveyTable(const SurveyTableOptions& options);

  /// Fills survey, problem_type, agent_id and team from the row of the conversation's id. What the
  /// table says wins over what the transcript's file said.
  void Join(Conversation* conversation);

  JoinCounts counts() const;

 private:
  struct Row {
    std::string score, answered_at, comment, problem_type, agent, team;
    bool used = false;
  };
  void Read(const std::string& path, const SurveyTableOptions& options);
  void Refuse(const std::string& why);

  AnswerScale scale_;
  bool offered_to_all_ = true;
  bool has_score_ = false;
  std::unordered_map<std::string, Row> rows_;
  JoinCounts counts_;
  mutable std::mutex mutex_;
};

}  // namespace arcsat
