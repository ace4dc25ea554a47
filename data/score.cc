#include "data/score.h"

#include <cmath>
#include <utility>

#include "data/json.h"

namespace arcsat {
namespace {

const char kScoreRemedy[] = "write the scores anew with arcsat score";

double ReadBetween(const Json& value, double low, double high, const JsonSource& source,
                   const JsonField& field) {
  const double number = TakeNumber(value, source, field);
  if (!(number >= low && number <= high)) {
    RefuseField(source, field, value,
                "a number from " + NumberToJson(low).dump() + " to " + NumberToJson(high).dump());
  }
  return number;
}

ScoredTurn ReadScoredTurn(const Json& value, const JsonSource& source, std::int64_t position) {
  if (!value.is_object()) RefuseField(source, {"", position}, value, "an object");
  const auto need = [&](const char* key) -> const Json& {
    const auto found = value.find(key);
    if (found == value.end()) RefuseMissing(source, {key, position}, "it in every scored turn");
    return *found;
  };
  ScoredTurn turn;
  const Json& index = need("i");
  // Bounded before the cast: an index of 2^40 would otherwise wrap around.
  if (!index.is_number_integer() || index < 0 || index > 2147483647) {
    RefuseField(source, {"i", position}, index, "the turn's number, counted from 0");
  }
  turn.index = index.get<int>();
  const Json& speaker = need("speaker");
  if (speaker == Name(Speaker::kCustomer)) {
    turn.speaker = Speaker::kCustomer;
  } else if (speaker == Name(Speaker::kAgent)) {
    turn.speaker = Speaker::kAgent;
  } else if (speaker == Name(Speaker::kBot)) {
    turn.speaker = Speaker::kBot;
  } else {
    RefuseField(source, {"speaker", position}, speaker, "\"customer\", \"agent\" or \"bot\"");
  }
  turn.state = ReadBetween(need("state"), 0, 1, source, {"state", position});
  turn.outlook = ReadBetween(need("outlook"), 0, 1, source, {"outlook", position});
  return turn;
}

std::pair<double, double> ReadInterval(const Json& value, const JsonSource& source) {
  const JsonField name{"interval"};
  if (!value.is_array() || value.size() != 2) {
    RefuseField(source, name, value, "[lower, upper], two numbers");
  }
  const double low = ReadBetween(value[0], 0, 1, source, name);
  const double high = ReadBetween(value[1], 0, 1, source, name);
  if (low > high) RefuseField(source, name, value[0], "a lower end not above the upper one");
  return {low, high};
}

std::vector<double> ReadBoxes(const Json& value, const JsonSource& source) {
  constexpr double kRounding = 1e-5;  // of chances written in single precision
  const JsonField name{"boxes"};
  if (!value.is_array() || value.size() < 2) {
    RefuseField(source, name, value, "two or more chances, one for each answer of the scale");
  }
  std::vector<double> boxes;
  double sum = 0;
  for (const Json& chance : value) {
    boxes.push_back(ReadBetween(chance, 0, 1, source, name));
    sum += boxes.back();
  }
  if (std::abs(sum - 1) > kRounding) RefuseField(source, name, value, "chances with a sum of 1");
  return boxes;
}

Json ToJson(const Score::AnswerSet& set) {
  Json answers = Json::array();
  for (const double answer : set.answers) answers.push_back(NumberToJson(answer));
  return {{"level", set.level}, {set.scale ? "answers" : "satisfied", std::move(answers)}};
}

Score::AnswerSet ReadAnswerSet(const Json& value, const JsonSource& source) {
  const JsonField name{"set"};
  if (!value.is_object() || !value.contains("level") ||
      value.contains("answers") == value.contains("satisfied")) {
    RefuseField(source, name, value, "an object with \"level\", and \"answers\" or \"satisfied\"");
  }
  Score::AnswerSet set;
  set.level = ReadBetween(value["level"], 0, 1, source, name);
  set.scale = value.contains("answers");
  const Json& answers = value[set.scale ? "answers" : "satisfied"];
  if (!answers.is_array()) RefuseField(source, name, answers, "a list of answers");
  for (const Json& answer : answers) {
    set.answers.push_back(set.scale ? TakeNumber(answer, source, name)
                                    : ReadBetween(answer, 0, 1, source, name));
  }
  return set;
}

}  // namespace

Json TurnsJson(const Score& score) {
  Json turns = Json::array();
  for (const ScoredTurn& turn : score.turns) {
    turns.push_back(Json{{"i", turn.index},
                         {"speaker", Name(turn.speaker)},
                         {"state", turn.state},
                         {"outlook", turn.outlook}});
  }
  return turns;
}

std::string ToJsonLine(const Score& score) {
  Json out = {{"id", score.id},
              {"entry", score.entry},
              {"exit", score.exit},
              {"delta", score.delta},
              {"p_satisfied", score.p_satisfied}};
  if (score.interval) {
    AppendField(&out, "interval", Json::array({score.interval->first, score.interval->second}));
  }
  if (score.csat) AppendField(&out, "csat", *score.csat);
  if (!score.boxes.empty()) AppendField(&out, "boxes", Json(score.boxes));
  if (score.set) AppendField(&out, "set", ToJson(*score.set));
  AppendField(&out, "turns", TurnsJson(score));
  AppendField(&out, "model", score.model);
  return DumpJson(out, "score of " + score.id);
}

Score ParseScore(std::string_view line, const std::string& place) {
  const JsonSource source{place, kScoreRemedy};
  Json record = ParseJson(line, source);
  if (!record.is_object()) RefuseField(source, {""}, record, "a score, a JSON object");
  const auto need = [&](const char* key) -> Json& {
    const auto found = record.find(key);
    if (found == record.end()) RefuseMissing(source, {key}, "it in every score");
    return *found;
  };
  Score score;
  score.id = TakeString(&need("id"), source, {"id"});
  if (score.id.empty()) RefuseField(source, {"id"}, "", "a string that is not empty");
  score.entry = ReadBetween(need("entry"), 0, 1, source, {"entry"});
  score.exit = ReadBetween(need("exit"), 0, 1, source, {"exit"});
  score.delta = ReadBetween(need("delta"), -1, 1, source, {"delta"});
  score.p_satisfied = ReadBetween(need("p_satisfied"), 0, 1, source, {"p_satisfied"});
  if (record.contains("interval")) score.interval = ReadInterval(record["interval"], source);
  if (record.contains("csat")) score.csat = TakeNumber(record["csat"], source, {"csat"});
  if (record.contains("boxes")) score.boxes = ReadBoxes(record["boxes"], source);
  if (record.contains("set")) score.set = ReadAnswerSet(record["set"], source);
  const Json& turns = need("turns");
  if (!turns.is_array()) RefuseField(source, {"turns"}, turns, "a list of scored turns");
  std::int64_t position = 0;
  for (const Json& turn : turns) score.turns.push_back(ReadScoredTurn(turn, source, position++));
  score.model = TakeString(&need("model"), source, {"model"});
  return score;
}

}  // namespace arcsat
