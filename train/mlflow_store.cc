#include "train/mlflow_store.h"

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <system_error>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestMeta = 1 << 20;
const char kMeta[] = "meta.yaml";
const char kTrash[] = ".trash";

/// A JSON string is one of YAML's too, but for characters beyond 16 bits, which JSON writes as two
/// surrogates and YAML as one number.
std::string YamlString(const std::string& text) {
  const std::string json = Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string yaml;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\\' || i + 1 >= json.size()) {
      yaml += json[i];
      continue;
    }
    const auto unit = [&](std::size_t at) {
      return std::strtoul(json.substr(at + 2, 4).c_str(), nullptr, 16);
    };
    if (json[i + 1] == 'u' && unit(i) >= 0xD800 && unit(i) < 0xDC00) {
      const auto character = 0x10000 + ((unit(i) - 0xD800) << 10) + (unit(i + 6) - 0xDC00);
      yaml += fmt::format("\\U{:08X}", character);
      i += 11;
    } else {
      yaml += json.substr(i, 2);
      ++i;
    }
  }
  return yaml;
}

std::vector<fs::path> Folders(const fs::path& parent) {
  std::vector<fs::path> folders;
  if (!fs::is_directory(parent)) return folders;
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return folders;
}

/// The experiments lying directly under `parent` that have this name.
fs::path FindByName(const fs::path& parent, const std::string& name) {
  for (const fs::path& folder : Folders(parent)) {
    const fs::path meta = folder / kMeta;
    if (fs::exists(meta) && YamlField(ReadFile(meta, kLargestMeta), "name") == name) return folder;
  }
  return {};
}

void WriteExperiment(const fs::path& folder, const std::string& name) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  MakeFolders(folder);
  WriteFile(folder / kMeta, ToYaml({{"artifact_location", FileUri(folder)},
                                    {"creation_time", now},
                                    {"experiment_id", folder.filename().string()},
                                    {"last_update_time", now},
                                    {"lifecycle_stage", "active"},
                                    {"name", name}}));
}

/// The ids are numbers for MLflow's database, and of 18 digits as MLflow's own are. From the name,
/// so that two runs that begin at once make the same experiment.
std::string ExperimentId(const std::string& name, int attempt) {
  const std::string sum = Sha256(fmt::format("arcsat experiment {} {}", name, attempt));
  const std::uint64_t number = std::stoull(sum.substr(0, 15), nullptr, 16);
  return fmt::format("{}", 100'000'000'000'000'000ULL + number % 900'000'000'000'000'000ULL);
}

}  // namespace

fs::path MlflowExperiment(const fs::path& store, const std::string& name) {
  if (const fs::path trashed = FindByName(store / kTrash, name); !trashed.empty()) {
    throw Error({trashed.string(), fmt::format("MLflow deleted the experiment \"{}\"", name),
                 "expected one that runs can be added to",
                 "restore it with mlflow experiments restore, or give another --train.mlflow"});
  }
  if (const fs::path found = FindByName(store, name); !found.empty()) return found;
  // MLflow makes its own experiment 0 in a new store, and looks for it later.
  if (!fs::exists(store)) WriteExperiment(store / "0", "Default");
  for (int attempt = 0;; ++attempt) {
    const fs::path folder = store / ExperimentId(name, attempt);
    // There under another name: somebody renamed it.
    if (fs::exists(folder / kMeta)) continue;
    WriteExperiment(folder, name);
    return folder;
  }
}

fs::path FindMlflowRun(const fs::path& store, const std::string& id) {
  std::vector<fs::path> experiments = Folders(store);
  for (const fs::path& folder : Folders(store / kTrash)) experiments.push_back(folder);
  for (const fs::path& experiment : experiments) {
    const fs::path folder = experiment / id;
    if (!fs::exists(folder / kMeta)) continue;
    if (YamlField(ReadFile(folder / kMeta, kLargestMeta), "lifecycle_stage") != "deleted") {
      return folder;
    }
    throw Error({folder.string(), "MLflow deleted this run", "expected one to go on with",
                 "restore it with mlflow runs restore, or remove mlflow.json from the run folder"});
  }
  return {};
}

std::string ToYaml(const Json& object) {
  std::string yaml;
  for (const auto& [key, value] : object.items()) {
    yaml += fmt::format("{}: {}\n", key,
                        value.is_string() ? YamlString(value.get<std::string>()) : value.dump());
  }
  return yaml;
}

std::string WithYamlFields(const std::string& yaml,
                           const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text, line;
  for (std::istringstream lines(yaml); std::getline(lines, line);) {
    bool replaced = false;
    for (const auto& [key, value] : fields) replaced = replaced || line.starts_with(key + ":");
    if (!replaced) text += line + "\n";
  }
  for (const auto& [key, value] : fields) text += fmt::format("{}: {}\n", key, value);
  return text;
}

std::string YamlField(const std::string& yaml, const std::string& key) {
  std::string line;
  for (std::istringstream lines(yaml); std::getline(lines, line);) {
    if (!line.starts_with(key + ": ")) continue;
    std::string value = line.substr(key.size() + 2);
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
      std::string text;
      for (std::size_t i = 1; i + 1 < value.size(); ++i) {
        text += value[i];
        if (value[i] == '\'') ++i;  // a quote is doubled inside
      }
      return text;
    }
    if (!value.empty() && value.front() == '"') {
      const Json text = Json::parse(value, nullptr, false);
      if (text.is_string()) return text.get<std::string>();
    }
    return value;
  }
  return "";
}

std::string FileUri(const fs::path& path) {
  std::string uri = "file://";
  for (const char c : fs::absolute(path).lexically_normal().string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        std::isalnum(byte) != 0 || std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return uri;
}

void MakeFolders(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) {
    throw Error({folder.string(), "cannot be made: " + code.message(),
                 "expected a folder to write into", "choose another, or check the disk"});
  }
}

}  // namespace arcsat
