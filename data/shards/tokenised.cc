#include "data/shards/tokenised.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr char kTokenisedFormat[] = "arcsat-tokenised";
constexpr int kTokenisedVersion = 1;

TokenisedFile TokenisedFileOf(const Json& json) {
  TokenisedFile file;
  file.bytes = json.at("bytes").get<std::int64_t>();
  file.sha256 = json.at("sha256").get<std::string>();
  file.survey.target = json.at("survey_target").get<std::string>();
  file.survey.satisfied_from = json.at("satisfied_from").get<double>();
  if (const Json& shards = json.at("shards_sha256"); !shards.is_null()) {
    file.shards = shards.get<std::string>();
  }
  file.skipped = json.at("skipped").get<std::int64_t>();
  return file;
}

/// Whether the shards of one file are as they were written. Error only of `on_block`.
bool ShardsAreWhole(const fs::path& folder, const std::string& sha256,
                    const std::function<void()>& on_block) {
  bool outside = false;  // of this function
  const auto tell = [&] {
    outside = true;
    if (on_block) on_block();
    outside = false;
  };
  try {
    if (Sha256File(folder / kShardManifest) != sha256) return false;
    const ShardManifest manifest = ReadShardManifest(folder);
    return std::all_of(manifest.files.begin(), manifest.files.end(), [&](const ShardFile& file) {
      return Sha256File(folder / file.name, tell) == file.sha256;
    });
  } catch (const Error&) {
    if (outside) throw;
    return false;  // missing, or not to be read
  }
}

}  // namespace

std::string ToText(const Tokenised& list) {
  Json files = Json::array();
  for (const TokenisedFile& file : list.files) {
    files.push_back({{"bytes", file.bytes},
                     {"sha256", file.sha256},
                     {"survey_target", file.survey.target},
                     {"satisfied_from", file.survey.satisfied_from},
                     {"shards_sha256", file.shards.empty() ? Json() : Json(file.shards)},
                     {"skipped", file.skipped}});
  }
  const ShardKind& kind = list.kind;
  const Json json = {{"format", kTokenisedFormat},
                     {"version", kTokenisedVersion},
                     {"tokenizer_sha256", kind.tokenizer},
                     {"vocabulary", kind.layout.vocabulary},
                     {"token_bytes", kind.layout.token_bytes},
                     {"boxes", kind.layout.boxes},
                     {"max_turn_tokens", kind.max_turn_tokens},
                     {"skip_bad", list.skip_bad},
                     {"files", std::move(files)}};
  return DumpJson(json, kTokenisedList, 2) + "\n";
}

std::optional<Tokenised> ParseTokenised(const std::string& text) {
  try {
    const Json json = ParseJson(text, {kTokenisedList});
    const bool ours = json.at("format").get<std::string>() == kTokenisedFormat &&
                      json.at("version").get<int>() == kTokenisedVersion;
    if (!ours) return std::nullopt;
    Tokenised list;
    list.kind.tokenizer = json.at("tokenizer_sha256").get<std::string>();
    list.kind.layout.vocabulary = json.at("vocabulary").get<std::int32_t>();
    list.kind.layout.token_bytes = json.at("token_bytes").get<int>();
    list.kind.layout.boxes = json.at("boxes").get<int>();
    list.kind.max_turn_tokens = json.at("max_turn_tokens").get<int>();
    list.skip_bad = json.at("skip_bad").get<bool>();
    for (const Json& file : json.at("files")) list.files.push_back(TokenisedFileOf(file));
    return list;
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<Tokenised> FindTokenised(const fs::path& folder) {
  std::error_code none;
  if (!fs::exists(folder / kTokenisedList, none)) return std::nullopt;
  try {
    return ParseTokenised(ReadFile(folder / kTokenisedList, std::uintmax_t{16} << 20));
  } catch (const Error&) {
    return std::nullopt;  // it is made anew, or the failure to do so says why
  }
}

bool SameSources(const Tokenised& a, const Tokenised& b) {
  const auto sources = [](Tokenised list) {
    for (TokenisedFile& file : list.files) {
      file.shards.clear();
      file.skipped = 0;
    }
    return ToText(list);
  };
  return sources(a) == sources(b);
}

fs::path ShardsOf(const fs::path& folder, std::size_t file) {
  return folder / std::to_string(file);
}

bool IsWhole(const fs::path& folder, const Tokenised& list, const std::function<void()>& on_block) {
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    const std::string& sha256 = list.files[i].shards;
    if (!sha256.empty() && !ShardsAreWhole(ShardsOf(folder, i), sha256, on_block)) return false;
  }
  return true;
}

void PutTokenised(const fs::path& part, const fs::path& folder) {
  RemoveTokenised(folder);
  std::error_code code;
  fs::rename(part, folder, code);
  if (code) {
    throw Error({folder.string(), "cannot be put in its place: " + code.message(),
                 "expected a folder of this name that arcsat made, or none",
                 "move it away, or give another --out"});
  }
  SyncFolder(folder.parent_path());
}

void RemoveTokenised(const fs::path& folder) {
  std::error_code code;
  if (!fs::exists(folder / kTokenisedList, code)) return;
  // Killed on the way, what is left of it has another name; each process's own, since several
  // machines may see one folder.
  const fs::path part = fmt::format("{}.part-of-{}", folder.string(), ::getpid());
  fs::remove_all(part, code);
  fs::rename(folder, part, code);
  if (!code) fs::remove_all(part, code);
}

}  // namespace arcsat
