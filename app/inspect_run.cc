#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "app/inspect.h"
#include "configs/text.h"
#include "data/files.h"
#include "data/json.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

struct Metrics {
  std::int64_t records = 0;
  Json last = Json::object();  ///< the last value of every field, whichever record it stood in
};

/// metrics.jsonl has records of several kinds (steps, validations), so the last value of each field
/// says more than the last line. A last line that a crash cut short is passed over.
Metrics ReadMetrics(const fs::path& path) {
  Metrics metrics;
  if (!fs::exists(path)) return metrics;
  LineReader lines(path.string());
  for (std::string line; lines.Next(&line);) {
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object()) continue;
    ++metrics.records;
    for (const auto& [name, value] : record.items()) metrics.last[name] = value;
  }
  return metrics;
}

struct Checkpoint {
  std::string name;
  bool whole = false;  ///< MANIFEST.json, which is written last, is there
  Json state = nullptr;
};

std::vector<Checkpoint> ReadCheckpoints(const fs::path& folder) {
  std::vector<Checkpoint> checkpoints;
  if (!fs::is_directory(folder)) return checkpoints;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    Checkpoint checkpoint{.name = entry.path().filename().string()};
    checkpoint.whole = fs::exists(entry.path() / "MANIFEST.json");
    const fs::path state = entry.path() / "state.json";
    if (fs::exists(state)) checkpoint.state = ParseJson(ReadFile(state), {state.string(), ""});
    checkpoints.push_back(std::move(checkpoint));
  }
  std::sort(checkpoints.begin(), checkpoints.end(),
            [](const Checkpoint& a, const Checkpoint& b) { return a.name < b.name; });
  return checkpoints;
}

std::string Indented(const std::string& text) {
  std::string indented, line;
  for (std::istringstream lines(text); std::getline(lines, line);) {
    if (!line.empty()) indented += "  " + line + "\n";
  }
  return indented;
}

}  // namespace

std::string FieldLines(const Json& object, const std::string& prefix) {
  constexpr std::size_t kLongestValue = 70;
  std::string text;
  for (const auto& [name, value] : object.items()) {
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    if (value.is_object()) {
      text += FieldLines(value, key);
    } else {
      const std::string shown = value.is_string()
                                    ? value.get<std::string>()
                                    : value.dump(-1, ' ', false, Json::error_handler_t::replace);
      text += fmt::format("  {:<32}{}\n", key, Shorten(shown, kLongestValue));
    }
  }
  return text;
}

Inspection InspectRun(const fs::path& folder) {
  const Metrics metrics = ReadMetrics(folder / "metrics.jsonl");
  const std::vector<Checkpoint> checkpoints = ReadCheckpoints(folder / "checkpoints");
  const std::string config = ReadFile(folder / "config.cfg", 1 << 20);
  Json listed = Json::array();
  std::string text = folder.string() + ": a run\n";
  if (metrics.records > 0) {
    text += fmt::format("\nLast metrics ({} records)\n", metrics.records) +
            FieldLines(metrics.last, "");
  }
  text += checkpoints.empty() ? "\nNo checkpoint\n" : "\nCheckpoints\n";
  for (const Checkpoint& checkpoint : checkpoints) {
    const bool last = &checkpoint == &checkpoints.back();
    text += fmt::format("  {}{}\n", checkpoint.name,
                        checkpoint.whole ? "" : "  (not whole: it will not be resumed from)");
    // Of the last one the state is shown too; it names the best, where the run keeps one.
    if (last && checkpoint.state.is_object()) text += Indented(FieldLines(checkpoint.state, ""));
    listed.push_back(
        {{"name", checkpoint.name}, {"whole", checkpoint.whole}, {"state", checkpoint.state}});
  }
  Json json = {{"kind", "run"},
               {"path", folder.string()},
               {"config", config},
               {"metrics", {{"records", metrics.records}, {"last", metrics.last}}},
               {"checkpoints", listed}};
  text += "\nConfiguration\n" + Indented(config);
  if (fs::exists(folder / "model" / "config.json")) {
    const Inspection model = InspectModel(folder / "model");
    text += "\n" + model.text;
    json["model"] = model.json;
  }
  return {text, json};
}

}  // namespace arcsat
