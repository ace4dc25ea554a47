#include "app/experiments_group.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "app/inspect.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

constexpr std::size_t kDataDigits = 8;

/// "the 20 on test.jsonl (ef070ad6), attribute:task_done, n 371".
std::string GroupText(const LedgerGroup& group, const std::string& side) {
  std::string data = "data that the ledger does not name";
  for (const LedgerData& one : group.entries.front().data) {
    if (one.side != side || group.ground.data.empty()) continue;
    data = fmt::format("{} ({})", OneLine(one.file), ShortFingerprint(group.ground.data));
  }
  return fmt::format("the {} on {}, {}, n {}", Thousands(std::ssize(group.entries)), data,
                     OneLine(group.ground.target),
                     group.ground.n ? Thousands(*group.ground.n) : "-");
}

}  // namespace

std::string OneLine(const std::string& text) {
  std::string line = Printable(text);
  for (char& c : line) c = c == '\n' ? ' ' : c;
  return line;
}

std::string LedgerTitle(const LedgerQuery& query) {
  return fmt::format("{} ({})", query.figure, query.side);
}

std::string MeantFingerprint(const std::string& data) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(data, ignored)) return Sha256File(data);
  if (data.find_first_not_of("0123456789abcdef") == std::string::npos) return data;
  throw UsageError({"command line: data", fmt::format("found \"{}\"", data),
                    "expected a file that is there, or how its SHA-256 begins",
                    "see those of the ledger with arcsat experiments list"});
}

std::string ShortFingerprint(const std::string& sha256) {
  return sha256.empty() ? "-" : sha256.substr(0, kDataDigits);
}

LedgerChoice ChooseGroup(const std::string& ledger, std::vector<LedgerEntry> entries,
                         const LedgerQuery& query) {
  entries = Select(std::move(entries), query);
  std::vector<LedgerGroup> groups = GroupByGround(entries, query);
  if (groups.empty()) {
    throw Error({ledger,
                 fmt::format("none of {} entries{} has {}", entries.size(),
                             query.data.empty() ? "" : " on these data", LedgerTitle(query)),
                 "expected one or more",
                 "name another --figure, --side, --target, --name or --data; arcsat experiments "
                 "show ID says what an entry has"});
  }
  LedgerChoice choice{std::move(groups.front())};
  for (std::size_t i = 1; i < groups.size(); ++i) choice.left_out += groups[i].entries.size();
  const std::string text = GroupText(choice.group, query.side);
  if (groups.size() > 1) {
    fmt::print(stderr,
               "note: entries have {} on {} sets of conversations or turns, and only those on the "
               "same one are held against each other: here {}. Choose by --data, --target or "
               "--name; arcsat experiments list shows all\n",
               OneLine(LedgerTitle(query)), groups.size(), text);
  } else if (choice.group.ground.data.empty() && choice.group.entries.size() > 1) {
    fmt::print(stderr, "note: nothing says that these were measured on the same data: {}\n", text);
  }
  return choice;
}

Json GroundJson(const LedgerGround& ground) {
  return {{"target", ground.target},
          {"sha256", ground.data.empty() ? Json() : Json(ground.data)},
          {"n", ground.n ? Json(*ground.n) : Json()}};
}

}  // namespace arcsat
