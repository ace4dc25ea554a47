// Tables with a row a turn: CSV (RFC 4180), also with ";" or tabs, and Parquet, read as CSV.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/csv.h"
#include "data/importers/document.h"
#include "data/importers/roles.h"
#include "data/importers/table.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

using Names = std::vector<std::string_view>;

/// Where the header has what a turn needs; -1 where it has not.
struct TurnLayout {
  std::vector<std::string> header;
  int id = -1, text = -1, speaker = -1, at = -1, channel = -1, language = -1, agent = -1,
      customer = -1, problem_type = -1, team = -1, score = -1;
  bool milliseconds = false;

  bool Usable() const { return id >= 0 && text >= 0 && speaker >= 0; }
  bool Known(int column) const {
    const std::array<int, 11> known = {id,    text,     speaker,      at,   channel, language,
                                       agent, customer, problem_type, team, score};
    return std::find(known.begin(), known.end(), column) != known.end();
  }
};

const Names& IdNames() {
  static const Names names = {"conversation_id", "conversationid",
                              "conv_id",         "contact_id",
                              "call_id",         "chat_id",
                              "ticket_id",       "case_id",
                              "interaction_id",  "dialogue_id",
                              "dialog_id",       "session_id",
                              "conversation",    "id"};
  return names;
}

TurnLayout ReadTurnLayout(std::vector<std::string> header, const Columns& columns,
                          const std::string& place) {
  TurnLayout layout;
  const auto find = [&](const std::string& given, const Names& guesses, const char* option) {
    return FindColumn(header, given, guesses, fmt::format("columns.{}", option), place);
  };
  layout.id = find(columns.id, IdNames(), "id");
  layout.text = find(columns.text,
                     {"text", "message", "message_text", "body", "content", "utterance",
                      "transcript", "comment", "turn"},
                     "text");
  layout.speaker = find(columns.speaker,
                        {"speaker", "role", "speaker_role", "author_type", "author", "sender_type",
                         "sender", "participant", "from", "direction", "who"},
                        "speaker");
  layout.at = find(columns.at,
                   {"at", "timestamp", "time", "created_at", "sent_at", "date_time", "datetime",
                    "start_time", "start", "offset", "seconds", "start_ms", "offset_ms"},
                   "at");
  layout.channel = find(columns.channel, {"channel", "medium"}, "channel");
  layout.language = find(columns.language, {"language", "locale", "lang"}, "language");
  layout.agent = find(columns.agent, {"agent_id", "agent", "assignee_id", "assignee"}, "agent");
  layout.customer = find(columns.customer, {"customer_id", "user_id", "requester_id"}, "customer");
  layout.problem_type =
      find(columns.problem_type,
           {"problem_type", "problem", "topic", "category", "reason", "intent"}, "problem_type");
  layout.team = find(columns.team, {"team", "queue", "department", "group"}, "team");
  layout.score =
      find(columns.score, {"csat", "score", "rating", "survey_score", "satisfaction"}, "score");
  layout.milliseconds =
      layout.at >= 0 && ColumnKey(header[static_cast<std::size_t>(layout.at)]).ends_with("ms");
  layout.header = std::move(header);
  return layout;
}

/// One conversation's rows.
struct Rows {
  Conversation c;
  std::vector<std::pair<std::string, std::string>> said;  ///< speaker and text
  bool absolute = false, relative = false;                ///< kinds of times
  std::optional<Error> bad;                               ///< the first row that cannot be read
};

std::optional<Speaker> RoleOfCell(const std::string& cell) {
  const std::string key = ColumnKey(cell);
  if (key == "inbound" || key == "incoming") return Speaker::kCustomer;
  if (key == "outbound" || key == "outgoing") return Speaker::kAgent;
  return RoleOf(key);
}

class Table {
 public:
  Table(TurnLayout layout, const ImportOptions& options)
      : layout_(std::move(layout)), options_(options) {
    // Columns of the same name are one attribute: the first.
    for (std::size_t i = 0; i < layout_.header.size(); ++i) {
      if (!layout_.Known(static_cast<int>(i)) && names_.insert(layout_.header[i]).second) {
        attributes_.push_back(i);
      }
    }
  }

  void Take(const std::vector<std::string>& row, const std::string& place, Collector* out) {
    bool formula = false;
    const std::string id = CellText(Cell(row, layout_.id), &formula);
    if (row.size() != layout_.header.size() || id.empty() || formula) {
      out->Skip(Refused(row, place, id, formula));
      if (id.empty() || formula) return;
    }
    const auto [found, fresh] = index_.emplace(id, all_.size());
    if (fresh) {
      all_.emplace_back();
      all_.back().c.id = id;
    }
    Rows& rows = all_[found->second];
    if (rows.bad) return;
    try {
      if (row.size() != layout_.header.size()) throw Refused(row, place, id, formula);
      TakeTurn(row, place, &rows);
      TakeFields(row, place, fresh, &rows);
    } catch (const Error& error) {
      if (row.size() == layout_.header.size()) out->Skip(error);
      rows.bad = error;
    }
  }

  void Finish(Collector* out) {
    for (Rows& rows : all_) {
      if (rows.bad) continue;
      const RoleGuess guess = GuessRoles(rows.said, options_, rows.c.channel == Channel::kVoice);
      for (std::size_t i = 0; i < rows.said.size(); ++i) {
        rows.c.turns[i].speaker = guess.speakers.at(rows.said[i].first);
      }
      if (guess.by != "label" && names_.count("roles") == 0) {
        AppendField(&rows.c.attributes, "roles", guess.by);
      }
      if (rows.absolute) SetTimes(std::nullopt, &rows.c);
      out->Add(std::move(rows.c));
    }
  }

 private:
  static std::string Cell(const std::vector<std::string>& row, int column) {
    if (column < 0 || static_cast<std::size_t>(column) >= row.size()) return "";
    return row[static_cast<std::size_t>(column)];
  }

  Error Refused(const std::vector<std::string>& row, const std::string& place,
                const std::string& id, bool formula) const {
    const std::string remedy = "mend the row, or pass --skip-bad to leave its conversation out";
    if (formula) {
      return Error({place, "found a formula where an id should be", "expected the id itself",
                    "export values, not formulas"});
    }
    if (row.size() == layout_.header.size() && id.empty()) {
      return Error({place, "found no id", "expected the conversation's id", remedy});
    }
    return Error({place, fmt::format("found {} fields", row.size()),
                  fmt::format("expected {}, as the header has", layout_.header.size()), remedy});
  }

  void TakeTurn(const std::vector<std::string>& row, const std::string& place, Rows* rows) {
    Turn turn;
    turn.text = Cell(row, layout_.text);
    std::string speaker = Cell(row, layout_.speaker);
    if (speaker.empty()) {
      throw Error({place, "found no speaker", "expected who said it",
                   "mend the row, or name the column by --columns.speaker"});
    }
    if (const auto role = RoleOfCell(speaker)) speaker = Name(*role);
    const std::string time = Cell(row, layout_.at);
    if (!time.empty()) TakeTime(time, place, rows, &turn);
    rows->said.emplace_back(std::move(speaker), turn.text);
    rows->c.turns.push_back(std::move(turn));
  }

  void TakeTime(const std::string& time, const std::string& place, Rows* rows, Turn* turn) const {
    const auto number = NumberOf(time);
    const auto epoch = number ? EpochSeconds(*number) : ParseTimestamp(time);
    if (epoch) {
      turn->at = epoch;
      rows->absolute = true;
    } else if (number && *number >= 0 && *number < 1e9) {
      turn->at = layout_.milliseconds ? *number / 1000 : *number;
      rows->relative = true;
    }
    if (!turn->at || (rows->absolute && rows->relative)) {
      throw Error({place, fmt::format("found the time \"{:.40}\"", time),
                   "expected seconds from the start, or an ISO 8601 time, the same in all rows of "
                   "a conversation",
                   "mend the row, or name the column by --columns.at"});
    }
  }

  /// What a conversation has once is taken from its first row; the survey's answer from the first
  /// row that has one.
  void TakeFields(const std::vector<std::string>& row, const std::string& place, bool fresh,
                  Rows* rows) {
    Conversation& c = rows->c;
    const std::string score = Cell(row, layout_.score);
    if (layout_.score >= 0 && !c.survey) {
      c.survey.emplace();
      c.survey->scale_low = options_.scale.low;
      c.survey->scale_high = options_.scale.high;
    }
    if (!score.empty() && !c.survey->score) {
      c.survey->score = AnswerOf(score, options_.scale);
      if (!c.survey->score) {
        throw Error({place, fmt::format("found the answer \"{:.40}\"", score),
                     "expected one on the scale " + options_.scale.rule,
                     "name the scale by --import.scale"});
      }
      AppendField(&c.survey->extra, "rule", options_.scale.rule);
    }
    if (!fresh) return;
    c.language = Cell(row, layout_.language);
    c.agent_id = Cell(row, layout_.agent);
    c.customer_id = Cell(row, layout_.customer);
    c.problem_type = Cell(row, layout_.problem_type);
    c.team = Cell(row, layout_.team);
    const std::string channel = ColumnKey(Cell(row, layout_.channel));
    if (channel == "voice" || channel == "phone" || channel == "call" || channel == "telephone") {
      c.channel = Channel::kVoice;
    } else if (!channel.empty()) {
      c.channel = Channel::kChat;
    }
    for (const std::size_t i : attributes_) {
      if (!row[i].empty()) AppendField(&c.attributes, layout_.header[i], row[i]);
    }
  }

  TurnLayout layout_;
  const ImportOptions& options_;
  std::unordered_set<std::string> names_;  ///< of the columns that nothing else takes
  std::vector<std::size_t> attributes_;    ///< those columns
  std::vector<Rows> all_;
  std::unordered_map<std::string, std::size_t> index_;
};

class Csv : public DocumentFormat {
 public:
  std::string name() const override { return "csv"; }
  std::string describe() const override {
    return "tables with a row a turn (.csv, .tsv, .parquet); columns by --columns.*, or guessed";
  }
  bool Matches(const Document& document, const ImportOptions& options) const override {
    if (document.json || document.text.empty()) return false;
    try {
      CsvReader rows(document.text, GuessSeparator(document.text), document.place);
      std::vector<std::string> header;
      return rows.Next(&header) && header.size() >= 3 &&
             ReadTurnLayout(std::move(header), options.columns, document.place).Usable();
    } catch (const Error&) {
      return false;
    }
  }
  void Convert(const Document& document, const ImportOptions& options,
               Collector* out) const override {
    CsvReader rows(document.text, GuessSeparator(document.text), document.place);
    std::vector<std::string> row;
    rows.Next(&row);
    TurnLayout layout = ReadTurnLayout(std::move(row), options.columns, document.place);
    if (!layout.Usable()) {
      throw Error({document.place,
                   "found no columns for a conversation's id, its speakers and "
                   "their texts",
                   "expected a header with those",
                   "name them by --columns.id, --columns.speaker and --columns.text"});
    }
    Table table(std::move(layout), options);
    while (rows.Next(&row)) table.Take(row, rows.place(), out);
    table.Finish(out);
  }
};

}  // namespace

const DocumentFormat& CsvFormat() {
  static const Csv format;
  return format;
}

}  // namespace arcsat
