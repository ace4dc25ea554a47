#include "data/survey_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/corpus.h"
#include "data/csv.h"
#include "data/error.h"
#include "data/files.h"
#include "data/importers/archive.h"
#include "data/importers/document.h"
#include "data/importers/table.h"
#include "data/json.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

using Names = std::vector<std::string_view>;

struct SurveyLayout {
  int id = -1, score = -1, answered_at = -1, comment = -1, problem_type = -1, agent = -1, team = -1;
};

SurveyLayout ReadSurveyLayout(const std::vector<std::string>& header,
                              const SurveyTableOptions& options, const std::string& place) {
  const auto find = [&](const std::string& given, const Names& guesses, const char* option) {
    return FindColumn(header, given, guesses, fmt::format("survey_table.{}", option), place);
  };
  SurveyLayout layout;
  layout.id =
      find(options.id,
           {"conversation_id", "conversationid", "contact_id", "contactid", "call_id", "chat_id",
            "ticket_id", "case_id", "interaction_id", "session_id", "external_reference",
            "externalreference", "externaldatareference", "custom_data", "custom_data_1", "id"},
           "id");
  layout.score = find(options.score,
                      {"score", "csat", "rating", "satisfaction", "survey_score", "answer",
                       "overall_satisfaction", "nps", "q1"},
                      "score");
  layout.answered_at = find(options.answered_at,
                            {"answered_at", "recordeddate", "recorded_date", "enddate", "end_date",
                             "date_modified", "submitted_at", "responded_at"},
                            "answered_at");
  layout.comment = find(options.comment, {"comment", "comments", "feedback", "remark"}, "comment");
  layout.problem_type =
      find(options.problem_type, {"problem_type", "problem", "topic", "category", "reason"},
           "problem_type");
  layout.agent = find(options.agent, {"agent_id", "agent", "assignee_id", "assignee"}, "agent");
  layout.team = find(options.team, {"team", "queue", "department", "group"}, "team");
  return layout;
}

std::string Cell(const std::vector<std::string>& row, int column) {
  if (column < 0 || static_cast<std::size_t>(column) >= row.size()) return "";
  bool formula = false;
  std::string text = CellText(row[static_cast<std::size_t>(column)], &formula);
  return formula ? "" : text;
}

/// A further header row: Qualtrics has the questions below the names and {"ImportId": ...} below
/// those, SurveyMonkey "Response" or "Open-Ended Response" below the questions.
bool IsMoreHeader(const std::vector<std::string>& row, const SurveyLayout& layout,
                  const AnswerScale& scale, std::int64_t number) {
  if (number > 2) return false;
  bool marked = false;
  for (const std::string& cell : row) {
    marked = marked || cell.starts_with("{\"ImportId\"") || cell == "Response" ||
             cell == "Open-Ended Response";
  }
  const std::string score = Cell(row, layout.score);
  return marked || (number == 1 && layout.score >= 0 && !score.empty() && score.size() > 20 &&
                    !AnswerOf(score, scale));
}

}  // namespace

SurveyTable::SurveyTable(const SurveyTableOptions& options)
    : scale_(ParseAnswerScale(options.scale)), offered_to_all_(options.offered_to_all) {
  for (const std::string& path : options.files) Read(path, options);
}

void SurveyTable::Refuse(const std::string& why) {
  ++counts_.refused;
  if (counts_.reasons.size() < ReadReport::kMostReasons) counts_.reasons.push_back(why);
}

void SurveyTable::Read(const std::string& path, const SurveyTableOptions& options) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 30;
  const Document document = ReadDocument(path, path, TextOf(ReadFile(path, kLimit), path, kLimit));
  CsvReader rows(document.text, GuessSeparator(document.text), path);
  std::vector<std::string> row;
  const bool any = !document.json && rows.Next(&row);
  const SurveyLayout layout = any ? ReadSurveyLayout(row, options, path) : SurveyLayout();
  const bool useful =
      layout.score >= 0 || layout.problem_type >= 0 || layout.agent >= 0 || layout.team >= 0;
  if (layout.id < 0 || !useful) {
    throw Error({path, "found no column with the conversation's id, or none to join to it",
                 "expected a CSV file with a header",
                 "name the columns by --survey_table.id and --survey_table.score"});
  }
  has_score_ = has_score_ || layout.score >= 0;
  for (std::int64_t number = 1; rows.Next(&row); ++number) {
    if (IsMoreHeader(row, layout, scale_, number)) continue;
    ++counts_.rows;
    const std::string id = Cell(row, layout.id);
    if (id.empty()) {
      Refuse(rows.place() + ": found no id");
      continue;
    }
    Row entry{Cell(row, layout.score),
              Cell(row, layout.answered_at),
              Cell(row, layout.comment),
              Cell(row, layout.problem_type),
              Cell(row, layout.agent),
              Cell(row, layout.team),
              false};
    if (!entry.score.empty() && !AnswerOf(entry.score, scale_)) {
      Refuse(fmt::format("{}: found the answer \"{:.40}\", not on the scale {}", rows.place(),
                         entry.score, scale_.rule));
      continue;
    }
    if (!rows_.emplace(id, std::move(entry)).second) ++counts_.repeated;
  }
}

void SurveyTable::Join(Conversation* c) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = rows_.find(c->id);
  if (found == rows_.end()) {
    ++counts_.unmatched_conversations;
    if (has_score_ && !c->survey) {
      c->survey.emplace();
      c->survey->offered = offered_to_all_;
      c->survey->scale_low = scale_.low;
      c->survey->scale_high = scale_.high;
    }
    return;
  }
  Row& row = found->second;
  row.used = true;
  ++counts_.matched;
  if (has_score_) {
    Survey survey;
    survey.scale_low = scale_.low;
    survey.scale_high = scale_.high;
    if (!row.score.empty()) survey.score = AnswerOf(row.score, scale_);
    if (ParseTimestamp(row.answered_at)) survey.answered_at = row.answered_at;
    AppendField(&survey.extra, "rule", scale_.rule);
    if (!row.comment.empty()) AppendField(&survey.extra, "comment", row.comment);
    c->survey = std::move(survey);
  }
  if (!row.problem_type.empty()) c->problem_type = row.problem_type;
  if (!row.agent.empty()) c->agent_id = row.agent;
  if (!row.team.empty()) c->team = row.team;
}

JoinCounts SurveyTable::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  JoinCounts counts = counts_;
  counts.unmatched_rows = std::count_if(rows_.begin(), rows_.end(),
                                        [](const auto& entry) { return !entry.second.used; });
  return counts;
}

}  // namespace arcsat
