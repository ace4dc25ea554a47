#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace arcsat {

/// What conversations are grouped by; one entry an item, all of one length.
struct GroupColumns {
  std::vector<std::string> channel;       ///< "chat", "voice", or empty
  std::vector<std::string> problem_type;  ///< or empty
  std::vector<int> turns;                 ///< of the conversation
};

/// Some of the items.
struct Group {
  std::string by;     ///< "all", "channel", "problem_type", "length"
  std::string value;  ///< "chat", "billing", "9-16"; "(none)" where the field is missing
  std::vector<std::size_t> members;
};

/// Everything first ("all"), then each channel, problem type and length group (LengthGroup), by
/// name, lengths by size. A column that no item has groups nothing.
std::vector<Group> GroupItems(const GroupColumns& columns);

/// The same of items that have these fields themselves.
template <class Item>
std::vector<Group> GroupItems(const std::vector<Item>& items) {
  GroupColumns columns;
  for (const Item& item : items) {
    columns.channel.push_back(item.channel);
    columns.problem_type.push_back(item.problem_type);
    columns.turns.push_back(item.turns);
  }
  return GroupItems(columns);
}

}  // namespace arcsat
