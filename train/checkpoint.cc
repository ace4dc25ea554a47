#include "train/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "data/error.h"
#include "data/files.h"
#include "model/safetensors.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
constexpr int kVersion = 1;
constexpr const char* kFormat = "arcsat-checkpoint";
constexpr const char* kFiles[] = {"model.safetensors", "optimizer.safetensors", "state.json"};

Json ReadJson(const fs::path& path) {
  Json json = Json::parse(ReadFile(path, 64U << 20), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    throw Error({path.string(), "not a JSON object", "a file that this program wrote",
                 "remove this checkpoint; --resume goes on from the one before"});
  }
  return json;
}

/// Whole checkpoints' folders, newest first. Their names sort by step.
std::vector<fs::path> ListCheckpoints(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-") && name.find(".part") == std::string::npos) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    // The longer number is the larger one: "+10" comes after "+2".
    const auto key = [](const fs::path& p) {
      const std::string name = p.filename().string();
      const std::string step = name.substr(0, name.find('+'));
      return std::tuple(step.size(), step, name.size(), name);
    };
    return key(a) > key(b);
  });
  return found;
}

/// The validation figure in a checkpoint's state; infinity where there is none, or none that can be
/// read.
double Validated(const fs::path& checkpoint) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  try {
    const Json state = ReadJson(checkpoint / kFiles[2]);
    return state.contains("validated") && state["validated"].is_number()
               ? state["validated"].get<double>()
               : kNone;
  } catch (const Error&) {
    return kNone;
  }
}

/// Removes a checkpoint. Killed on the way, what is left of it has the name of none.
void Discard(const fs::path& checkpoint) {
  const fs::path part = checkpoint.string() + fmt::format(".part{}", ::getpid());
  std::error_code code;
  fs::remove_all(part, code);
  fs::rename(checkpoint, part, code);
  if (code) {
    throw Error({checkpoint.string(), "cannot be removed: " + code.message(),
                 "expected a folder that can be written",
                 "mend the permissions, then go on with --resume"});
  }
  fs::remove_all(part, code);  // if not now, then with the next checkpoint
}

void RemoveOld(const fs::path& folder, const KeepRule& keep) {
  std::vector<fs::path> older = ListCheckpoints(folder);
  const auto last = std::min(older.size(), static_cast<std::size_t>(std::max(1, keep.last)));
  std::vector<std::pair<double, fs::path>> validated;
  for (const fs::path& path : older) {
    if (keep.best == 0) break;
    if (const double figure = Validated(path); std::isfinite(figure)) {
      validated.emplace_back(figure, path);
    }
  }
  older.erase(older.begin(), older.begin() + static_cast<std::ptrdiff_t>(last));
  std::stable_sort(validated.begin(), validated.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  validated.resize(std::min(validated.size(), static_cast<std::size_t>(keep.best)));
  for (const fs::path& path : older) {
    const bool best = std::any_of(validated.begin(), validated.end(),
                                  [&](const auto& kept) { return kept.second == path; });
    if (!best) Discard(path);
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().find(".part") != std::string::npos) {
      fs::remove_all(entry.path());  // left by a run that was killed
    }
  }
}

/// Gives a whole checkpoint its name. One that has it (a run that goes on writes it again) is whole
/// at every moment: the two change places.
void PutInPlace(const fs::path& part, const fs::path& target) {
  std::error_code code;
  if (!fs::exists(target)) {
    fs::rename(part, target);
  } else if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(part, code);  // if not now, then with the next checkpoint
  } else {
    Discard(target);  // a file system that cannot
    fs::rename(part, target);
  }
}

double BytesUnder(const fs::path& folder) {
  double bytes = 0;
  std::error_code code, other;
  for (fs::recursive_directory_iterator at(folder, code); !code && at != fs::end(at);
       at.increment(code)) {
    const auto size = at->is_regular_file(other) ? at->file_size(other) : 0;
    if (!other) bytes += static_cast<double>(size);
  }
  return bytes;
}

}  // namespace

double RoomFor(std::int64_t weights, int tensors, const KeepRule& keep) {
  const double one = static_cast<double>(weights) * sizeof(float);
  return one * (tensors * (keep.last + keep.best + 1.0) + 2);
}

void CheckRoom(const fs::path& folder, double needed, const KeepRule& keep) {
  std::error_code code;
  const fs::space_info space = fs::space(folder, code);
  if (code) return;  // what cannot be told is found out when it is written
  const auto available = static_cast<double>(space.available);
  for (const char* const replaced : {"checkpoints", "model", "encoder"}) {
    needed -= BytesUnder(folder / replaced);
  }
  if (needed <= available) return;
  constexpr double kMegabyte = 1e6;
  throw Error({folder.string(), fmt::format("the disk has {:.0f} MB free", available / kMegabyte),
               fmt::format("expected {:.0f} MB more for {} checkpoints and the model",
                           needed / kMegabyte, keep.last + keep.best + 1),
               "free space, give another --out, or lower --train.keep_last"});
}

Json ToJson(const TrainState& s) {
  return {{"version", kVersion},
          {"batches", s.batches},
          {"updates", s.updates},
          {"skipped", s.skipped},
          {"skipped_in_row", s.skipped_in_row},
          {"bad_update", s.bad_update},
          {"losses", s.losses},
          {"best", s.best ? Json(*s.best) : Json()},
          {"best_update", s.best_update},
          {"validated", s.validated ? Json(*s.validated) : Json()},
          {"since_best", s.since_best},
          {"finished", s.finished},
          {"fingerprint", s.fingerprint}};
}

TrainState TrainStateFromJson(const Json& json, const std::string& place) {
  TrainState s;
  try {
    if (json.at("version").get<int>() > kVersion) {
      throw Error({place, fmt::format("version {}", json.at("version").get<int>()),
                   fmt::format("expected at most {}", kVersion), "use a newer arcsat"});
    }
    s.batches = json.at("batches").get<std::int64_t>();
    s.updates = json.at("updates").get<std::int64_t>();
    s.skipped = json.at("skipped").get<int>();
    s.skipped_in_row = json.at("skipped_in_row").get<int>();
    s.bad_update = json.at("bad_update").get<bool>();
    // Checkpoints of earlier versions lack them; what is lost is a figure of the log.
    if (json.contains("losses")) s.losses = json["losses"].get<std::map<std::string, double>>();
    if (!json.at("best").is_null()) s.best = json.at("best").get<double>();
    s.best_update = json.at("best_update").get<std::int64_t>();
    // Older ones lack this too.
    if (json.contains("validated") && !json["validated"].is_null()) {
      s.validated = json["validated"].get<double>();
    }
    s.since_best = json.at("since_best").get<int>();
    s.finished = json.at("finished").get<bool>();
    s.fingerprint = json.at("fingerprint").get<std::string>();
  } catch (const Json::exception& error) {
    throw Error({place, error.what(), "expected the state that this program wrote",
                 "remove this checkpoint; --resume goes on from the one before"});
  }
  return s;
}

std::string CheckpointName(const TrainState& state, int accumulated) {
  const std::string name = fmt::format("step-{:06}", state.updates);
  return accumulated == 0 ? name : fmt::format("{}+{}", name, accumulated);
}

void WriteCheckpoint(const fs::path& folder, const std::string& name, const Checkpoint& checkpoint,
                     const KeepRule& keep) {
  const fs::path target = folder / name;
  const fs::path part = folder / fmt::format("{}.part{}", name, ::getpid());
  try {
    fs::create_directories(part);
    WriteSafetensors(part / kFiles[0], {checkpoint.weights, {}});
    WriteSafetensors(part / kFiles[1], {checkpoint.optimizer, {}});
    WriteFile(part / kFiles[2], ToJson(checkpoint.state).dump(2) + "\n");
    Json files = Json::object();
    for (const char* file : kFiles) {
      files[file] = {{"bytes", fs::file_size(part / file)}, {"sha256", Sha256File(part / file)}};
    }
    const Json manifest = {{"format", kFormat}, {"version", kVersion}, {"files", files}};
    WriteFile(part / "MANIFEST.json", manifest.dump(2) + "\n");
    SyncFolder(part);
    PutInPlace(part, target);
    SyncFolder(folder);
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(part, ignored);
    throw Error({target.string(), error.code().message(), "expected a folder that can be written",
                 "free space or mend the permissions, then go on with --resume"});
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(part, ignored);
    throw;
  }
  RemoveOld(folder, keep);
}

void CheckWhole(const fs::path& path) {
  const fs::path place = path / "MANIFEST.json";
  const Json manifest = ReadJson(place);
  const auto refuse = [&](const std::string& found) {
    throw Error({place.string(), found, "expected a manifest that this program wrote",
                 "remove this checkpoint; --resume goes on from the one before"});
  };
  try {
    const int version = manifest.at("version").get<int>();
    if (manifest.at("format") != kFormat) refuse("its format is " + manifest["format"].dump());
    if (version < 1 || version > kVersion) refuse(fmt::format("its version is {}", version));
    for (const char* file : kFiles) {
      const Json& expected = manifest.at("files").at(file);
      const std::string sum = Sha256File(path / file);
      const std::uintmax_t bytes = fs::file_size(path / file);
      if (expected.at("sha256") == sum && expected.at("bytes") == bytes) continue;
      throw Error({(path / file).string(), fmt::format("has {} bytes of SHA-256 {}", bytes, sum),
                   fmt::format("expected {} of {}", expected.at("bytes").dump(),
                               expected.at("sha256").dump()),
                   "the file changed or was cut short; remove this checkpoint"});
    }
  } catch (const Json::exception& error) {
    refuse(error.what());
  }
}

Checkpoint ReadCheckpoint(const fs::path& path) {
  CheckWhole(path);
  Checkpoint checkpoint;
  checkpoint.weights = ReadSafetensors(path / kFiles[0]).tensors;
  checkpoint.optimizer = ReadSafetensors(path / kFiles[1]).tensors;
  checkpoint.state = TrainStateFromJson(ReadJson(path / kFiles[2]), (path / kFiles[2]).string());
  return checkpoint;
}

std::optional<Checkpoint> ReadNewestCheckpoint(
    const fs::path& folder, const std::function<void(const std::string&)>& passed_over) {
  for (const fs::path& path : ListCheckpoints(folder)) {
    try {
      return ReadCheckpoint(path);
    } catch (const Error& error) {
      passed_over(error.what());
    }
  }
  return std::nullopt;
}

}  // namespace arcsat
