#include <fmt/format.h>

#include "data/error.h"
#include "data/json.h"
#include "insight/triage/study.h"

namespace arcsat {
namespace {

const char kThresholdsFormat[] = "arcsat-thresholds";
constexpr int kThresholdsVersion = 1;

double ReadShare(const Json& record, const char* key, const JsonSource& source) {
  const auto found = record.find(key);
  if (found == record.end()) RefuseMissing(source, {key}, "a number from 0 to 1");
  const double value = TakeNumber(*found, source, {key});
  if (!(value >= 0 && value <= 1)) RefuseField(source, {key}, *found, "a number from 0 to 1");
  return value;
}

}  // namespace

Json ToJson(const Thresholds& t) {
  Json out = {{"format", kThresholdsFormat},
              {"version", kThresholdsVersion},
              {"model", t.model},
              {"outlook", t.outlook},
              {"fall", t.fall},
              {"from_turn", t.from_turn}};
  for (const auto& [key, value] : t.basis.items()) out[key] = value;
  return out;
}

Thresholds ParseThresholds(std::string_view text, const std::string& place) {
  const JsonSource source{place, "make it anew with arcsat triage fit"};
  Json record = ParseJson(text, source);
  if (!record.is_object() || record.value("format", Json()) != kThresholdsFormat) {
    throw Error({place, "is no file of thresholds", "expected \"format\": \"arcsat-thresholds\"",
                 source.remedy});
  }
  if (record.value("version", Json()) != kThresholdsVersion) {
    RefuseField(source, {"version"}, record.value("version", Json()),
                fmt::format("version {}", kThresholdsVersion));
  }
  Thresholds out;
  const auto model = record.find("model");
  if (model == record.end()) RefuseMissing(source, {"model"}, "the model's fingerprint");
  out.model = TakeString(&*model, source, {"model"});
  out.outlook = ReadShare(record, "outlook", source);
  out.fall = ReadShare(record, "fall", source);
  const Json& from = record.contains("from_turn") ? record["from_turn"] : Json();
  if (!from.is_number_integer() || from < 1 || from > 1000) {
    RefuseField(source, {"from_turn"}, from, "a customer's turn, 1 to 1000");
  }
  out.from_turn = from.get<int>();
  for (const char* key : {"by", "promise", "budget", "data", "assumptions"}) {
    if (record.contains(key)) out.basis[key] = record[key];
  }
  return out;
}

void UseThresholds(const Thresholds& t, const std::string& model, const std::string& place,
                   TriageOptions* rules) {
  if (t.model != model) {
    throw Error(
        {place, fmt::format("is for the model {}", t.model),
         fmt::format("expected thresholds for {}, whose scores they are held against", model),
         "make them anew with arcsat triage fit"});
  }
  rules->outlook = t.outlook;
  rules->fall = t.fall;
  rules->from_turn = t.from_turn;
}

}  // namespace arcsat
