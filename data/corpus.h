#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

struct ReadOptions {
  bool skip_bad =
      false;  ///< leave out what cannot be read, counted and reported, instead of ending
};

/// What happened while a file was read: how many, and the first few reasons for what was left out.
struct ReadReport {
  static constexpr std::size_t kMostReasons = 20;

  std::int64_t read = 0;
  std::int64_t skipped = 0;
  std::vector<std::string> reasons;  ///< at most kMostReasons, each naming its place
  // Of imports that look through folders and archives:
  std::int64_t files = 0;                       ///< that were read
  std::int64_t ignored = 0;                     ///< files that are no transcripts
  std::vector<std::string> ignored_names;       ///< at most kMostReasons, each with why
  std::map<std::string, std::int64_t> formats;  ///< conversations by the format of their file

  /// Counts a record that was left out, and keeps the reason of the first ones.
  void Skip(const std::string& reason) {
    ++skipped;
    if (reasons.size() < kMostReasons) reasons.push_back(reason);
  }
};

/// Streams a JSONL file (or "-") line by line, empty lines passed over. `take` is given a line and
/// its place; it returns what is to be done with the record, or throws Error where the line is bad:
/// with options.skip_bad such a line is counted and left out. What the returned function throws is
/// no fault of the line and always ends the reading.
ReadReport ForEachRecord(
    const std::string& path, const ReadOptions& options,
    const std::function<std::function<void()>(const std::string& line, const std::string& place)>&
        take);

/// Streams conversations from a JSONL file (or "-"), one at a time; flat memory. Empty lines are
/// passed over. Error on the first bad line unless options.skip_bad.
ReadReport ForEachConversation(const std::string& path, const ReadOptions& options,
                               const std::function<void(Conversation&&)>& use);

/// All conversations of a file. Error when the file holds none, or an id appears twice.
std::vector<Conversation> ReadConversations(const std::string& path,
                                            const ReadOptions& options = {},
                                            ReadReport* report = nullptr);

}  // namespace arcsat
