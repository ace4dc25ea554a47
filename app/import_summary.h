#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/corpus.h"
#include "data/redaction/redact.h"
#include "data/survey_table.h"

namespace arcsat {

/// What `import` read, what it left out and why, and which labels a training run could learn from.
struct ImportSummary {
  std::int64_t read = 0, skipped = 0, files = 0, ignored = 0;
  std::int64_t offered = 0, answered = 0, rated_conversations = 0, rated_turns = 0;
  std::vector<std::string> reasons, ignored_names, formats;
  std::map<std::string, std::int64_t> by_format;   ///< conversations of mixed files
  std::map<std::string, std::int64_t> attributes;  ///< those usable as a target
  std::optional<JoinCounts> join;                  ///< where a table was joined
  std::optional<PiiCounts> redacted;               ///< where personal data were replaced

  void Add(const Conversation& conversation);
  void Skip(std::int64_t count, const std::vector<std::string>& why);
  void AddReport(const ReadReport& report);
  /// No personal data in what was found to be wrong.
  void Redact();

  std::string Text(const std::string& out) const;
  Json ToJson(const std::string& out) const;
};

}  // namespace arcsat
