#include "eval/ledger_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "data/data_source.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "data/shards/manifest.h"
#include "data/survey.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kModelDigits = 12;  // of a model's fingerprint, as evaluations name it

void SetOnce(std::string* field, const std::string& value, const std::string& place,
             const std::string& what) {
  if (value.empty()) return;
  if (!field->empty() && *field != value) {
    throw Error({place, fmt::format("found the {} \"{}\"", what, value),
                 fmt::format("expected \"{}\", as elsewhere in this entry", *field),
                 "give the evaluation and the run that belong together"});
  }
  *field = value;
}

/// What is no evaluation is refused here, and the fields below can be taken as the schema has them.
Json ReadEvaluation(const fs::path& path) {
  const JsonSource source{path.string(), "give what arcsat evaluate --out wrote"};
  Json json = ParseJson(ReadFile(path), source);
  if (!json.is_object() || json.value("format", "") != "arcsat-evaluation") {
    RefuseField(source, {"format"}, json.is_object() ? json.value("format", Json()) : json,
                "\"arcsat-evaluation\"");
  }
  return json;
}

/// Whether neither more nor less of a figure is better, so that no experiment is judged by it.
bool Undirected(const std::string& name) {
  return name == "bias" || name == "slope" || name == "intercept";
}

void AddFigures(const Json& slice, const std::string& prefix, const std::string& side,
                LedgerEntry* entry) {
  for (const auto& [name, figure] : slice.at("figures").items()) {
    if (figure.at("value").is_null() || Undirected(name)) continue;
    LedgerFigure added{.side = side,
                       .name = prefix + name,
                       .value = figure.at("value").get<double>(),
                       .n = slice.at("n").get<std::int64_t>()};
    const Json& interval = figure.at("interval");
    if (!interval.is_null()) {
      added.interval = {interval.at(0).get<double>(), interval.at(1).get<double>()};
    }
    entry->figures.push_back(std::move(added));
  }
}

/// The texts of a setting, in order.
std::vector<std::string> SettingValues(const std::vector<Setting>& settings,
                                       const std::string& key) {
  std::vector<std::string> values;
  for (const Setting& setting : settings) {
    if (setting.key == key) values.push_back(setting.value);
  }
  return values;
}

std::string BaseName(const std::string& path) {
  const fs::path trimmed = fs::path(path).lexically_normal();
  return (trimmed.has_filename() ? trimmed : trimmed.parent_path()).filename().string();
}

std::string Joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

std::int64_t CountLabelled(const std::string& path, const SurveyOptions& survey) {
  std::int64_t count = 0;
  ForEachConversation(path, {.skip_bad = true}, [&](Conversation&& conversation) {
    count += HasLabel(conversation, survey) ? 1 : 0;
  });
  return count;
}

bool HoldsData(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) || HoldsShards(path);
}

/// Where the data lie that a run was given: a relative path is looked for from here, then from each
/// folder above the run's, as the run was started in one of them. The path itself where they are
/// gone.
fs::path FindData(const fs::path& path, const fs::path& run) {
  if (path.is_absolute() || HoldsData(path)) return path;
  fs::path folder = (fs::absolute(run) / "").lexically_normal().parent_path();
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    if (HoldsData(folder / path)) return folder / path;
  }
  return path;
}

/// Data as --data names them: the target after the path goes before the run's. Shards are known by
/// their shards.json, which has the SHA-256 of each; their labels are not counted.
LedgerData DescribeData(const std::string& text, const std::string& side,
                        const SurveyOptions& survey, const fs::path& run) {
  const DataSource source = ParseDataSource(text, survey);
  const fs::path found = FindData(source.path, run);
  LedgerData data{.side = side, .file = BaseName(source.path)};
  if (HoldsShards(found)) {
    data.sha256 = Sha256File(found / kShardManifest);
  } else if (HoldsData(found)) {
    data.sha256 = Sha256File(found);
    data.labelled = CountLabelled(found.string(), source.survey);
  }
  return data;
}

void AddConfiguration(const std::vector<Setting>& settings, const std::vector<Setting>& defaults,
                      LedgerEntry* entry) {
  for (const char* key : {"data", "validation", "encoder"}) {
    std::vector<std::string> names;
    for (const std::string& path : SettingValues(settings, key)) names.push_back(BaseName(path));
    if (!names.empty()) entry->config[key] = Joined(names);
  }
  for (const Setting& setting : settings) {
    // Without a section they are the command's own: where it wrote, and how it told of it.
    const bool own = setting.key.find('.') == std::string::npos;
    if (own || setting.key == "train.mlflow" || entry->config.contains(setting.key)) continue;
    const std::string value = Joined(SettingValues(settings, setting.key));
    entry->config[setting.key] = value;
    if (value != Joined(SettingValues(defaults, setting.key))) entry->changed[setting.key] = value;
  }
}

/// What metrics.jsonl says, line by line.
class RunMetrics {
 public:
  void Take(const Json& line) {
    const std::string kind = line.value("kind", "");
    if (kind == "train") TakeTraining(line);
    if (kind == "validation" && line.value("best", false)) best_ = line;
  }

  LedgerCost Cost() const {
    LedgerCost cost = cost_;
    if (timed_) cost.seconds = ended_ + segment_;
    return cost;
  }

  /// Figures of the model that was kept, on the validation side.
  std::vector<LedgerFigure> Figures() const {
    // Their names in an evaluation, and what they are over.
    static const std::map<std::string, std::pair<std::string, std::string>> kNames = {
        {"log_loss", {"log_loss", "surveyed"}},
        {"accuracy", {"accuracy", "surveyed"}},
        {"auc", {"roc_auc", "surveyed"}},
        {"state_error", {"turns.state_error", "rated"}},
        {"state_rank", {"turns.spearman", "rated"}}};
    std::vector<LedgerFigure> figures;
    for (const auto& [key, name] : kNames) {
      if (!best_.contains(key) || !best_[key].is_number()) continue;
      LedgerFigure figure{"validation", name.first, best_[key].get<double>(), {}, {}};
      const std::int64_t n = best_.value(name.second, std::int64_t{0});
      if (n > 0) figure.n = n;
      // Conversations are independent, so accuracy is a share of successes.
      if (key == "accuracy" && n > 0) {
        const auto trials = static_cast<double>(n);
        figure.interval = WilsonInterval(std::round(figure.value * trials), trials);
      }
      figures.push_back(std::move(figure));
    }
    return figures;
  }

 private:
  void TakeTraining(const Json& line) {
    if (line.contains("update")) cost_.updates = line["update"].get<std::int64_t>();
    if (line.contains("conversations_per_second")) {
      cost_.conversations_per_second = line["conversations_per_second"].get<double>();
    }
    if (!line.contains("seconds")) return;
    // The clock begins anew where a run was stopped and went on.
    const double seconds = line["seconds"].get<double>();
    if (seconds < segment_) ended_ += segment_;
    segment_ = seconds;
    timed_ = true;
  }

  LedgerCost cost_;
  double ended_ = 0, segment_ = 0;
  bool timed_ = false;
  Json best_ = Json::object();
};

RunMetrics ReadMetrics(const fs::path& path) {
  RunMetrics metrics;
  if (!fs::exists(path)) return metrics;
  LineReader lines(path.string());
  for (std::string line; lines.Next(&line);) {
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object()) continue;  // half a line of a run that was killed
    try {
      metrics.Take(record);
    } catch (const nlohmann::json::exception&) {
      throw Error({lines.place(), "found a metric of another type", "expected what train wrote",
                   "remove the line"});
    }
  }
  return metrics;
}

/// The versions of the program that worked at the run, by its log, each once.
std::string CodeOfRun(const fs::path& log) {
  constexpr std::string_view kMark = " by arcsat ";  // RunLog's line on beginning
  std::vector<std::string> versions;
  if (!fs::exists(log)) return "unknown";
  LineReader lines(log.string());
  for (std::string line; lines.Next(&line);) {
    const std::size_t at = line.find(kMark);
    if (at == std::string::npos) continue;
    const std::string version = line.substr(at + kMark.size());
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
      versions.push_back(version);
    }
  }
  return versions.empty() ? "unknown" : Joined(versions);
}

std::string ModelOfRun(const fs::path& run) {
  const fs::path path = run / "model" / "config.json";
  if (!fs::exists(path)) return "";
  const Json config = ParseJson(ReadFile(path), {path.string(), "train the model again"});
  const Json own = config.is_object() ? config.value("arcsat", Json::object()) : Json();
  return own.is_object() ? own.value("sha256", "").substr(0, kModelDigits) : "";
}

}  // namespace

void AddEvaluation(const fs::path& path, const std::string& side, LedgerEntry* entry) {
  const Json json = ReadEvaluation(path);
  try {
    SetOnce(&entry->target, json.value("target", ""), path.string() + ": target", "target");
    SetOnce(&entry->model, json.value("model", ""), path.string() + ": model", "model");
    std::optional<std::int64_t> labelled;
    for (const auto& [key, prefix] : std::array<std::pair<const char*, const char*>, 2>{
             {{"survey", ""}, {"turns", "turns."}}}) {
      if (!json.contains(key)) continue;
      const Json& all = json[key].at(0);
      AddFigures(all, prefix, side, entry);
      if (!labelled) labelled = all.at("conversations").get<std::int64_t>();
    }
    if (json.contains("answers")) {
      for (const char* part : {"csat", "boxes"}) {
        const Json& figures = json["answers"].at(part);
        if (!figures.is_null()) AddFigures(figures, "answers.", side, entry);
      }
    }
    if (json.contains("data")) {
      const Json& sum = json["data"].at("sha256");
      entry->data.push_back({side, BaseName(json["data"].at("path").get<std::string>()),
                             sum.is_null() ? "" : sum.get<std::string>(), labelled});
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error({path.string(), "found no whole evaluation",
                 "expected the fields of data/schema/evaluation.schema.json",
                 "make it again with arcsat evaluate --out"});
  }
}

void AddRun(const fs::path& run, const std::vector<Setting>& defaults, LedgerEntry* entry) {
  const std::vector<Setting> settings = ReadSettings((run / "config.cfg").string());
  AddConfiguration(settings, defaults, entry);
  SurveyOptions survey;
  if (const auto target = SettingValues(settings, "survey.target"); !target.empty()) {
    survey.target = target.back();
  }
  if (const auto from = SettingValues(settings, "survey.satisfied_from"); !from.empty()) {
    survey.satisfied_from = std::strtod(from.back().c_str(), nullptr);
  }
  if (entry->target.empty()) entry->target = survey.target;
  std::vector<LedgerData> files;
  for (const auto& [key, side] : std::array<std::pair<const char*, const char*>, 2>{
           {{"data", "train"}, {"validation", "validation"}}}) {
    for (const std::string& text : SettingValues(settings, key)) {
      files.push_back(DescribeData(text, side, survey, run));
    }
  }
  entry->data.insert(entry->data.begin(), files.begin(), files.end());
  SetOnce(&entry->model, ModelOfRun(run), (run / "model").string(), "model");
  entry->code = CodeOfRun(run / "log.txt");
  const RunMetrics metrics = ReadMetrics(run / "metrics.jsonl");
  entry->cost = metrics.Cost();
  const bool measured = std::any_of(entry->figures.begin(), entry->figures.end(),
                                    [](const auto& figure) { return figure.side == "validation"; });
  // An evaluation of that side says more, with intervals.
  if (measured) return;
  for (LedgerFigure& figure : metrics.Figures()) entry->figures.push_back(std::move(figure));
}

}  // namespace arcsat
