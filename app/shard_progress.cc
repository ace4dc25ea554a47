#include "app/shard_progress.h"

#include <filesystem>
#include <utility>

#include "data/corpus.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

ShardProgress Parse(const fs::path& path) {
  const JsonSource source{path.string(), "remove the folder, and begin anew without --resume"};
  const Json json = ParseJson(ReadFile(path), source);
  ShardProgress progress;
  try {
    progress.manifest = ParseShardManifest(json.at("shards"), source);
    progress.data = json.at("data").get<std::vector<std::string>>();
    progress.sizes = json.at("sizes").get<std::vector<std::int64_t>>();
    progress.source = json.at("source").get<std::size_t>();
    progress.line = json.at("line").get<std::int64_t>();
    progress.empty = json.at("empty").get<std::int64_t>();
    progress.skipped = json.at("skipped").get<std::int64_t>();
    progress.reasons = json.at("reasons").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    throw Error({source.place, "is not how far arcsat shard came", "expected what it wrote itself",
                 source.remedy});
  }
  for (const ShardFile& file : progress.manifest.files)
    progress.conversations += file.conversations;
  return progress;
}

void Refuse(const std::string& folder, const std::string& found, const std::string& expected,
            const std::string& remedy) {
  throw UsageError({folder, found, expected, remedy});
}

}  // namespace

std::int64_t FileBytes(const std::string& path) {
  std::error_code none;
  const auto size = fs::file_size(path, none);
  return none ? 0 : static_cast<std::int64_t>(size);
}

ShardProgress ShardProgress::Begin(const std::string& folder, const std::vector<std::string>& data,
                                   const ShardKind& kind, bool resume) {
  ShardProgress fresh;
  fresh.manifest.kind = kind;
  fresh.data = data;
  for (const std::string& path : data) {
    if (path != "-") LineReader opened(path);  // now, rather than after hours
    fresh.sizes.push_back(FileBytes(path));
  }
  std::error_code code;
  const auto holds = [&] { return fs::exists(folder, code) && !fs::is_empty(folder, code); };
  if (HoldsShards(folder)) {
    Refuse(folder, "holds whole shards already", "expected a folder that is new or empty",
           "remove it, or give another --out");
  }
  if (resume && BeganShards(folder)) {
    ShardProgress found = Parse(fs::path(folder) / kPartialShards);
    if (found.data != fresh.data || found.sizes != fresh.sizes) {
      Refuse(folder, "holds shards of other --data, or those have changed",
             "expected the files that it was begun with",
             "give those again, or begin anew in another --out");
    }
    CheckKind(found.manifest.kind, kind, folder, /*survey=*/true);
    RemoveHalfWritten(folder);
    return found;
  }
  if (holds()) {
    Refuse(folder, "there is something of this name already",
           "expected a folder that is new or empty",
           "remove it, give another --out, or --resume to go on with shards that were begun");
  }
  fs::create_directories(folder, code);
  if (code) {
    throw Error({folder, "cannot be made: " + code.message(),
                 "expected a place that can be written", "give another --out"});
  }
  fresh.Save(folder);
  return fresh;
}

void ShardProgress::LeaveOut(std::int64_t without_turns, std::int64_t unreadable,
                             const std::vector<std::string>& why) {
  empty += without_turns;
  skipped += unreadable;
  for (const std::string& reason : why) {
    const bool full = reasons.size() == ReadReport::kMostReasons;
    if (full || std::ssize(reasons) == skipped) break;
    reasons.push_back(reason);
  }
}

void ShardProgress::Save(const std::string& folder) const {
  const Json json = {{"shards", ToJson(manifest)}, {"data", data},      {"sizes", sizes},
                     {"source", source},           {"line", line},      {"empty", empty},
                     {"skipped", skipped},         {"reasons", reasons}};
  WriteFile(fs::path(folder) / kPartialShards, DumpJson(json, folder, 2) + "\n");
}

void ShardProgress::Remove(const std::string& folder) {
  std::error_code none;
  fs::remove(fs::path(folder) / kPartialShards, none);
}

}  // namespace arcsat
