#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What a conversation has in a column; `text` is empty where it has nothing.
struct ColumnValue {
  std::string text;     ///< "emea", "true", "9"
  bool number = false;  ///< whether it is a number in the record
};

/// The value in a column that conversations can be grouped by: channel, problem_type, agent (or
/// agent_id), team, language, customer_id, escalated, started_at (its month, "2026-01"),
/// "attribute:NAME", or the name of a field that the program does not know. A dot leads into an
/// object: "attribute:crm.tier". Lists, objects and null are no value.
ColumnValue ValueIn(const Conversation& conversation, const std::string& column);

/// The attribute of that name or, where there is none, what a path with dots leads to; else null.
const Json* FindAttribute(const Json& attributes, const std::string& name);

/// Which columns the conversations have, and how many different values in those asked for: whether
/// groups can be made by them. Memory does not grow with the conversations.
class ColumnCensus {
 public:
  static constexpr std::size_t kMostNumbers = 50;  ///< more different ones make no groups
  static constexpr std::size_t kMostTexts = 10'000;
  static constexpr std::size_t kMostKnown = 200;  ///< names kept

  /// "length", in turns, is a column of every conversation.
  explicit ColumnCensus(const std::vector<std::string>& columns);

  /// Counts the conversation; its values in the columns asked for, where it has one.
  std::map<std::string, std::string> Add(const Conversation& conversation);

  /// Whether no conversation has a value in one of the columns asked for.
  bool Missing(const std::string& column) const;
  /// Why there can be no groups by one of them: `no conversation has "team"`; else empty.
  std::string Fault(const std::string& column) const;
  /// Columns that some conversation has, asked for or not; the first ones met.
  const std::set<std::string>& known() const { return known_; }

 private:
  struct Values {
    std::set<std::string> numbers, texts;  // one more than the most, at most
  };
  void AddNames(const std::string& prefix, const Json& fields);

  std::map<std::string, Values> values_;
  std::set<std::string> known_ = {"length"};
};

}  // namespace arcsat
