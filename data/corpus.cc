#include "data/corpus.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
ReadReport ForEachRecord(
    const std::string& path, const ReadOptions& options,
    const std::function<std::function<void()>(const std::string& line, const std::string& place)>&
        take) {
  ReadReport report;
  LineReader lines(path);
  for (std::string line; lines.Next(&line);) {
    if (IsBlank(line)) continue;
    std::function<void()> use;
    try {
      use = take(line, lines.place());
    } catch (const Error& error) {
      if (!options.skip_bad) throw;
      report.Skip(error.what());
      continue;
    }
    ++report.read;
    use();
  }
  return report;
}

ReadReport ForEachConversation(const std::string& path, const ReadOptions& options,
                               const std::function<void(Conversation&&)>& use) {
  Conversation conversation;
  return ForEachRecord(path, options, [&](const std::string& line, const std::string& place) {
    conversation = ParseConversation(line, place);
    return [&] { use(std::move(conversation)); };
  });
}

std::vector<Conversation> ReadConversations(const std::string& path, const ReadOptions& options,
                                            ReadReport* report) {
  std::vector<Conversation> conversations;
  std::unordered_map<std::string, std::size_t> seen;
  std::vector<std::string> repeated;
  ReadReport result = ForEachConversation(path, options, [&](Conversation&& conversation) {
    const auto [first, fresh] = seen.emplace(conversation.id, conversations.size() + 1);
    if (fresh) {
      conversations.push_back(std::move(conversation));
      return;
    }
    const Error error({path + ": id",
                       fmt::format("found \"{}\" again, the id of conversation {}", conversation.id,
                                   first->second),
                       "expected every id once",
                       "mend the file, or pass --skip-bad to keep the first of them"});
    if (!options.skip_bad) throw error;
    repeated.push_back(error.what());
  });
  result.read -= static_cast<std::int64_t>(repeated.size());
  for (const std::string& reason : repeated) result.Skip(reason);
  if (conversations.empty()) {
    const std::string found =
        result.skipped == 0 ? "found no conversation"
                            : fmt::format("found {} conversations, none of which can be read ({})",
                                          result.skipped, result.reasons.front());
    throw Error({path == "-" ? "standard input" : path, found,
                 "expected one conversation, a JSON object, a line",
                 "check that this is the right file"});
  }
  if (report != nullptr) *report = std::move(result);
  return conversations;
}

}  // namespace arcsat
