#pragma once

#include <string>

namespace arcsat {

/// Names of a table's columns. Empty: guessed from the usual names (docs/import.md lists them).
struct Columns {
  std::string id;            ///< of the conversation
  std::string text;          ///< what was said
  std::string speaker;       ///< who said it
  std::string at;            ///< when: seconds from the start, or a time of day with its date
  std::string channel;       ///< chat or voice
  std::string language;      ///< BCP 47
  std::string agent;         ///< the agent's id
  std::string customer;      ///< the customer's id
  std::string problem_type;  ///< what it was about
  std::string team;          ///< the agent's team
  std::string score;         ///< the survey's answer
};

}  // namespace arcsat
