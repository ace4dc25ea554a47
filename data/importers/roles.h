#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/conversation.h"
#include "data/importers/importer.h"

namespace arcsat {

/// Who is who where a file only labels its speakers ("spk_0", "Speaker 2", a name).
struct RoleGuess {
  std::map<std::string, Speaker> speakers;
  /// What decided: "given" (options.roles), "label" (the label says it), "cues" (the agent greets
  /// and asks what agents ask), or "first" (nothing did: who speaks first answered the call).
  std::string by;
};

/// `said`: label and text, in order. A label that options.roles names has that role; then a label
/// that contains a word such as "agent" or "caller"; of the others the one with most of an agent's
/// phrases is the agent and all the rest are customers. `first_is_agent`: who begins where nothing
/// else tells; calls are answered by the agent, chats begun by the customer.
RoleGuess GuessRoles(const std::vector<std::pair<std::string, std::string>>& said,
                     const ImportOptions& options, bool first_is_agent = true);

/// The role that a word names ("Agent", "end-user", "ivr"), whatever its case; nothing otherwise.
std::optional<Speaker> RoleOf(std::string_view word);

/// Throws UsageError where options.roles has an entry that is not LABEL=customer, agent or bot.
void CheckRoles(const std::vector<std::string>& roles);

}  // namespace arcsat
