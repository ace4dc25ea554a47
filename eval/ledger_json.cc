#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include "data/json.h"
#include "data/timestamp.h"
#include "eval/ledger.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

constexpr std::array kStatuses = {LedgerStatus::kKept, LedgerStatus::kRejected,
                                  LedgerStatus::kFailed};
constexpr std::array<std::string_view, 4> kDataSides = {"train", "calibration", "validation",
                                                        "test"};
constexpr std::array<std::string_view, 2> kFigureSides = {"validation", "test"};
const char kRemedy[] = "mend the line, or pass --skip-bad to leave it out";

template <std::size_t n>
bool IsOneOf(const std::string& text, const std::array<std::string_view, n>& choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

bool IsSha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Takes the fields of one object apart. `path` is what stands before a field's name in messages.
class LedgerFields {
 public:
  LedgerFields(Json* object, const JsonSource* source, std::string path,
               const std::string& expected)
      : object_(object), source_(source), path_(std::move(path)) {
    if (!object->is_object()) RefuseField(*source, {path_}, *object, expected);
    if (!path_.empty()) path_ += ".";
  }

  /// The field, or nullptr where it is missing or null.
  Json* Get(const char* key) const {
    const auto found = object_->find(key);
    return found == object_->end() || found->is_null() ? nullptr : &*found;
  }
  Json* Need(const char* key) const {
    Json* found = Get(key);
    if (found == nullptr) RefuseMissing(*source_, {Path(key)}, "it in every entry of a ledger");
    return found;
  }
  std::string Text(const char* key) const {
    Json* found = Get(key);
    return found == nullptr ? "" : TakeString(found, *source_, {Path(key)});
  }
  std::string NeedText(const char* key) const {
    std::string text = TakeString(Need(key), *source_, {Path(key)});
    if (text.empty()) Refuse(key, "", "a string that is not empty");
    return text;
  }
  std::optional<double> AtLeastZero(const char* key) const {
    const Json* found = Get(key);
    if (found == nullptr) return std::nullopt;
    const double number = TakeNumber(*found, *source_, {Path(key)});
    if (!(number >= 0 && std::isfinite(number))) Refuse(key, *found, "a number, 0 or more");
    return number;
  }
  std::optional<std::int64_t> Whole(const char* key, std::int64_t low) const {
    const Json* found = Get(key);
    if (found == nullptr) return std::nullopt;
    constexpr std::int64_t kHigh = std::int64_t{1} << 53;
    if (!found->is_number_integer() || *found < low || *found > kHigh) {
      Refuse(key, *found, fmt::format("a whole number, {} or more", low));
    }
    return found->get<std::int64_t>();
  }
  [[noreturn]] void Refuse(const char* key, const Json& found, const std::string& expected) const {
    RefuseField(*source_, {Path(key)}, found, expected);
  }
  std::string Path(const char* key) const { return path_ + key; }
  const JsonSource& source() const { return *source_; }

 private:
  Json* object_;
  const JsonSource* source_;
  std::string path_;
};

LedgerFigure ParseFigure(Json* value, const JsonSource& source, const std::string& side,
                         const std::string& name) {
  const LedgerFields fields(value, &source, fmt::format("figures.{}.{}", side, name),
                            "an object with value, interval and n");
  LedgerFigure figure{.side = side, .name = name, .n = fields.Whole("n", 1)};
  figure.value = TakeNumber(*fields.Need("value"), source, {fields.Path("value")});
  if (const Json* interval = fields.Get("interval")) {
    const bool two = interval->is_array() && interval->size() == 2 && (*interval)[0].is_number() &&
                     (*interval)[1].is_number();
    if (!two || (*interval)[0].get<double>() > (*interval)[1].get<double>()) {
      fields.Refuse("interval", *interval, "[low, high], two numbers in this order, or null");
    }
    figure.interval = {(*interval)[0].get<double>(), (*interval)[1].get<double>()};
  }
  return figure;
}

std::vector<LedgerFigure> ParseFigures(Json* value, const JsonSource& source) {
  const LedgerFields whole(value, &source, "figures", "an object of sides");
  std::vector<LedgerFigure> figures;
  for (auto& [side, named] : value->items()) {
    if (!IsOneOf(side, kFigureSides)) {
      RefuseField(source, {"figures"}, side, "\"validation\" or \"test\" as the names of sides");
    }
    const LedgerFields fields(&named, &source, "figures." + side, "an object of figures");
    for (auto& [name, figure] : named.items()) {
      figures.push_back(ParseFigure(&figure, source, side, name));
    }
  }
  return figures;
}

LedgerData ParseData(Json* value, const JsonSource& source, std::size_t position) {
  const LedgerFields fields(value, &source, fmt::format("data[{}]", position),
                            "an object with side, file, sha256 and labelled");
  LedgerData data{.side = fields.NeedText("side"),
                  .file = fields.NeedText("file"),
                  .sha256 = fields.Text("sha256"),
                  .labelled = fields.Whole("labelled", 0)};
  if (!IsOneOf(data.side, kDataSides)) {
    fields.Refuse("side", data.side, "\"train\", \"calibration\", \"validation\" or \"test\"");
  }
  if (data.file.find('/') != std::string::npos) {
    fields.Refuse("file", data.file, "a file's name without its folders");
  }
  if (!data.sha256.empty() && !IsSha256(data.sha256)) {
    fields.Refuse("sha256", data.sha256, "64 hexadecimal digits in lower case, or null");
  }
  return data;
}

/// An object of texts, as settings are.
Json ParseTexts(Json* value, const JsonSource& source, const char* key) {
  if (value == nullptr) return Json::object();
  const LedgerFields fields(value, &source, key, "an object of settings");
  for (auto& [name, text] : value->items()) {
    if (!text.is_string()) {
      RefuseField(source, {fmt::format("{}.{}", key, name)}, text, "a setting's value as a string");
    }
  }
  return std::move(*value);
}

LedgerCost ParseCost(Json* value, const JsonSource& source) {
  if (value == nullptr) return {};
  const LedgerFields fields(value, &source, "cost",
                            "an object with seconds, updates and conversations_per_second");
  return {.seconds = fields.AtLeastZero("seconds"),
          .updates = fields.Whole("updates", 0),
          .conversations_per_second = fields.AtLeastZero("conversations_per_second")};
}

LedgerStatus ParseStatus(const LedgerFields& fields) {
  const std::string text = fields.NeedText("status");
  for (const LedgerStatus status : kStatuses) {
    if (text == Name(status)) return status;
  }
  fields.Refuse("status", text, "\"kept\", \"rejected\" or \"failed\"");
}

void CheckMeaning(const LedgerEntry& entry, const LedgerFields& fields) {
  if (!entry.date.empty() && (!entry.date.ends_with('Z') || !ParseTimestamp(entry.date))) {
    fields.Refuse("date", entry.date, "a time in UTC, as 2026-01-05T09:30:00Z");
  }
  constexpr std::string_view kAttribute = "attribute:";
  const bool attribute =
      entry.target.starts_with(kAttribute) && entry.target.size() > kAttribute.size();
  if (entry.target != "survey" && !attribute) {
    fields.Refuse("target", entry.target, "\"survey\" or \"attribute:NAME\"");
  }
  if (entry.figures.empty() && entry.status != LedgerStatus::kFailed) {
    fields.Refuse("figures", Json::object(), "one figure or more, unless the status is \"failed\"");
  }
}

Json FiguresJson(const std::vector<LedgerFigure>& figures) {
  Json object = Json::object();
  for (const LedgerFigure& figure : figures) {
    Json& one = object[figure.side][figure.name];
    one = {{"value", figure.value}, {"interval", IntervalJson(figure.interval)}};
    if (figure.n) one["n"] = *figure.n;
  }
  return object;
}

Json DataJson(const std::vector<LedgerData>& data) {
  Json list = Json::array();
  for (const LedgerData& one : data) {
    list.push_back({{"side", one.side},
                    {"file", one.file},
                    {"sha256", one.sha256.empty() ? Json() : Json(one.sha256)},
                    {"labelled", one.labelled ? Json(*one.labelled) : Json()}});
  }
  return list;
}

Json CostJson(const LedgerCost& cost) {
  Json object = Json::object();
  if (cost.seconds) object["seconds"] = *cost.seconds;
  if (cost.updates) object["updates"] = *cost.updates;
  if (cost.conversations_per_second) {
    object["conversations_per_second"] = *cost.conversations_per_second;
  }
  return object;
}

}  // namespace

const char* Name(LedgerStatus status) {
  switch (status) {
    case LedgerStatus::kKept:
      return "kept";
    case LedgerStatus::kRejected:
      return "rejected";
    case LedgerStatus::kFailed:
      break;
  }
  return "failed";
}

Json ToJson(const LedgerEntry& entry) {
  Json json = {{"id", entry.id}, {"date", entry.date}, {"name", entry.name}};
  const auto put = [&](const char* key, Json value) {
    if (!value.empty()) json[key] = std::move(value);
  };
  const auto put_text = [&](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = text;
  };
  put_text("question", entry.question);
  json["status"] = Name(entry.status);
  json["target"] = entry.target;
  put("data", DataJson(entry.data));
  put_text("split", entry.split);
  put("config", entry.config);
  put("changed", entry.changed);
  json["code"] = entry.code;
  put_text("model", entry.model);
  json["figures"] = FiguresJson(entry.figures);
  put("cost", CostJson(entry.cost));
  json["learned"] = entry.learned;
  for (const auto& [key, value] : entry.extra.items()) json[key] = value;
  return json;
}

LedgerEntry ParseLedgerEntry(std::string_view line, const std::string& place, bool fresh) {
  const JsonSource source{place, fresh ? "mend the entry" : kRemedy};
  Json record = ParseJson(line, source);
  const LedgerFields fields(&record, &source, "", "an entry of a ledger, a JSON object");
  LedgerEntry entry;
  entry.id = fresh ? fields.Text("id") : fields.NeedText("id");
  entry.date = fresh ? fields.Text("date") : fields.NeedText("date");
  entry.name = fields.NeedText("name");
  entry.question = fields.Text("question");
  entry.status = ParseStatus(fields);
  entry.target = fields.NeedText("target");
  if (Json* data = fields.Get("data")) {
    if (!data->is_array()) fields.Refuse("data", *data, "a list of files");
    for (Json& one : *data) entry.data.push_back(ParseData(&one, source, entry.data.size()));
  }
  entry.split = fields.Text("split");
  entry.config = ParseTexts(fields.Get("config"), source, "config");
  entry.changed = ParseTexts(fields.Get("changed"), source, "changed");
  entry.code = fresh && fields.Get("code") == nullptr ? "unknown" : fields.NeedText("code");
  entry.model = fields.Text("model");
  entry.figures = ParseFigures(fields.Need("figures"), source);
  entry.cost = ParseCost(fields.Get("cost"), source);
  entry.learned = fields.NeedText("learned");
  CheckMeaning(entry, fields);
  const Json known = {"id",     "date",  "name",    "question", "status",
                      "target", "data",  "split",   "config",   "changed",
                      "code",   "model", "figures", "cost",     "learned"};
  for (auto& [key, value] : record.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) entry.extra[key] = value;
  }
  return entry;
}

}  // namespace arcsat
