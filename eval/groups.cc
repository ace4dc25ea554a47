#include "eval/groups.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "eval/evaluation.h"

namespace arcsat {
namespace {

constexpr const char* kNone = "(none)";

void AddNamed(const std::string& by, const std::vector<std::string>& column,
              std::vector<Group>* groups) {
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < column.size(); ++i) {
    members[column[i].empty() ? kNone : column[i]].push_back(i);
  }
  if (members.size() == 1 && members.begin()->first == kNone) return;
  for (auto& [value, items] : members) groups->push_back({by, value, std::move(items)});
}

}  // namespace

std::vector<Group> GroupItems(const GroupColumns& columns) {
  std::vector<Group> groups = {{"all", "all", {}}};
  groups[0].members.resize(columns.turns.size());
  std::iota(groups[0].members.begin(), groups[0].members.end(), std::size_t{0});
  AddNamed("channel", columns.channel, &groups);
  AddNamed("problem_type", columns.problem_type, &groups);
  // The longest conversation of a group orders it: names would put 17-32 before 9-16.
  std::map<std::string, Group> lengths;
  std::map<std::string, int> longest;
  for (std::size_t i = 0; i < columns.turns.size(); ++i) {
    const std::string value = LengthGroup(columns.turns[i]);
    Group& group = lengths.try_emplace(value, Group{"length", value, {}}).first->second;
    group.members.push_back(i);
    longest[value] = std::max(longest[value], columns.turns[i]);
  }
  std::vector<Group> sorted;
  sorted.reserve(lengths.size());
  for (auto& [value, group] : lengths) sorted.push_back(std::move(group));
  std::sort(sorted.begin(), sorted.end(), [&](const Group& a, const Group& b) {
    return longest.at(a.value) < longest.at(b.value);
  });
  groups.insert(groups.end(), sorted.begin(), sorted.end());
  return groups;
}

}  // namespace arcsat
