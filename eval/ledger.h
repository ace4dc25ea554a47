#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/conversation.h"
#include "data/corpus.h"
#include "eval/bootstrap.h"

namespace arcsat {

/// A figure that an experiment reached.
struct LedgerFigure {
  std::string side;  ///< "validation" or "test"
  std::string name;  ///< as in an evaluation: "accuracy"; "turns.accuracy" where it is of turns,
                     ///< "answers.mae" of answers on the survey's scale
  double value = 0;
  std::optional<Interval> interval =
      {};  ///< of 95%, unless the evaluation was made with another level
  std::optional<std::int64_t> n = {};  ///< items it is over: conversations or turns
};

/// A file of conversations that an experiment used, or a folder of shards.
struct LedgerData {
  std::string side;         ///< "train", "calibration", "validation" or "test"
  std::string file;         ///< its name, without the folders
  std::string sha256 = {};  ///< of the file or of shards.json; empty where it was not to be had
  std::optional<std::int64_t> labelled = {};  ///< conversations with an answer or a rated turn
};

/// Where a cost is not known it is empty.
struct LedgerCost {
  std::optional<double> seconds = {};  ///< of training, without validating and saving
  std::optional<std::int64_t> updates = {};
  std::optional<double> conversations_per_second = {};
};

/// What became of an experiment: its change stays, did not help, or could not be measured.
enum class LedgerStatus { kKept, kRejected, kFailed };
/// "kept", "rejected", "failed".
const char* Name(LedgerStatus status);

/// One line of a ledger of experiments (docs/formats.md, data/schema/ledger.schema.json).
struct LedgerEntry {
  std::string id;        ///< LedgerId()
  std::string date;      ///< ISO 8601, UTC
  std::string name;      ///< what people call it
  std::string question;  ///< what was asked, or changed; or empty
  LedgerStatus status = LedgerStatus::kKept;
  std::string target;  ///< "survey" or "attribute:NAME"
  std::vector<LedgerData> data;
  std::string split;              ///< how the sides were made, or empty
  Json config = Json::object();   ///< every setting in force: key to text
  Json changed = Json::object();  ///< those of them that are not the default
  std::string code = "unknown";   ///< the program's sources, as `git describe` names them
  std::string model;              ///< the model's fingerprint, or empty
  std::vector<LedgerFigure> figures;
  LedgerCost cost;
  std::string learned;          ///< a sentence
  Json extra = Json::object();  ///< fields the program does not know, kept as they were

  /// The figure, or nothing.
  const LedgerFigure* Find(std::string_view side, std::string_view figure) const;

  /// Of the data on a side: the SHA-256 of its file, or where there are several that of theirs in
  /// order, joined. Empty where one of them is not known, or none.
  std::string DataFingerprint(std::string_view side) const;
};

Json ToJson(const LedgerEntry& entry);

/// Reads one line. `place` ("file:line") begins every message. Throws Error on anything the schema
/// refuses. With `fresh` the id, the date and the code version may be missing, as they are given on
/// appending.
LedgerEntry ParseLedgerEntry(std::string_view line, const std::string& place, bool fresh = false);

/// The first 12 digits of the SHA-256 of all of an entry but its id and its date: the same result
/// told twice is seen to be one, and entries of two branches never share an id.
std::string LedgerId(const LedgerEntry& entry);

/// Streams a ledger, plain or compressed, or "-". Empty lines are passed over. Error on the first
/// bad line, or on an id that comes again, unless options.skip_bad.
ReadReport ForEachLedgerEntry(const std::string& path, const ReadOptions& options,
                              const std::function<void(LedgerEntry&&)>& use);
std::vector<LedgerEntry> ReadLedger(const std::string& path, const ReadOptions& options = {},
                                    ReadReport* report = nullptr);

/// Adds an entry, with the id it gets and with the date of now where it has none; the id. The whole
/// ledger is written anew and takes the place of the old one, so that it is never seen half; two
/// programs that append at the same time wait for each other (flock). A missing file is made.
/// Error, and the ledger as it was, where the entry or a line of the ledger is not valid, where the
/// entry is there already, and where the file cannot be written.
std::string AppendToLedger(const std::string& path, LedgerEntry entry);

/// Which entries are meant, and by which figure they are judged.
struct LedgerQuery {
  std::string target = {};  ///< exactly; empty: any
  std::string name = {};    ///< part of it, whatever the case of ASCII letters; empty: any
  std::string side = "test";
  std::string figure = "accuracy";
  std::string data = {};  ///< how the side's fingerprint begins; empty: any
};

std::vector<LedgerEntry> Select(std::vector<LedgerEntry> entries, const LedgerQuery& query);

/// What a figure was measured on. Only figures of one ground can be held against each other: a file
/// can have answers to several targets, and turns that are rated besides.
struct LedgerGround {
  std::string target;
  std::string data;                    ///< LedgerEntry::DataFingerprint(); empty: not known
  std::optional<std::int64_t> n = {};  ///< items
  bool operator==(const LedgerGround&) const = default;
};
LedgerGround GroundOf(const LedgerEntry& entry, const LedgerFigure& figure);

/// Entries that have the query's figure on one ground, in their order.
struct LedgerGroup {
  LedgerGround ground;
  std::vector<LedgerEntry> entries;
};

/// The entries that have the query's figure, those that failed left out, by ground: one whose data
/// are known before one whose are not, then that of more entries, then that of the newest.
std::vector<LedgerGroup> GroupByGround(const std::vector<LedgerEntry>& entries,
                                       const LedgerQuery& query);

/// Whether less of a figure is better ("log_loss", "brier", "ece", ...).
bool LowerIsBetter(std::string_view figure);

/// The entry with the best figure, those that failed left out; nullptr where none has it. Whether
/// they are of one ground it does not look at. Of equal figures the one whose interval has the
/// better worse end (a missing interval is worst), then the earlier in the list.
const LedgerEntry* Best(const std::vector<LedgerEntry>& entries, const LedgerQuery& query);

/// Where a figure stands between the baseline and the goal. A figure of which less is better is
/// turned round: positive is always good.
struct LedgerStanding {
  double over_baseline = 0;     ///< figure - baseline
  double over_goal = 0;         ///< figure - goal
  bool beats_baseline = false;  ///< the whole interval is beyond the baseline
  bool reaches_goal = false;    ///< the figure itself does
  bool surely_at_goal = false;  ///< the whole interval does
};
LedgerStanding Compare(const LedgerFigure& figure, double baseline, double goal);

}  // namespace arcsat
