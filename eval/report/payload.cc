#include "eval/report/payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "data/json.h"
#include "eval/evaluation.h"
#include "eval/report/json_view.h"
#include "eval/report/page.h"
#include "eval/report/verdict.h"

namespace arcsat {
namespace {

constexpr std::size_t kIdBytes = 300;     // of an id or a name, at most
constexpr std::size_t kTurnBytes = 4000;  // of one turn to read, at most
constexpr int kUnknown = 4095;            // "//": no figure

int Thousandths(double value) {
  if (!std::isfinite(value)) return kUnknown;
  return static_cast<int>(std::lround(1000 * std::clamp(value, 0.0, 1.0)));
}

void AppendDigits(std::string* text, int value, int digits) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int shift = 6 * (digits - 1); shift >= 0; shift -= 6) {
    text->push_back(kDigits[(value >> shift) & 63]);
  }
}

// `count` places of 0..size-1, evenly, the ends among them.
std::vector<std::size_t> Evenly(std::size_t size, std::size_t count) {
  std::vector<std::size_t> places;
  if (size <= count) count = size;
  for (std::size_t i = 0; i < count; ++i) {
    places.push_back(count == 1 ? 0 : i * (size - 1) / (count - 1));
  }
  return places;
}

// Strings as codes into the list of those that occur.
class Dictionary {
 public:
  void Add(const std::string& text) {
    const auto [place, added] = codes_.try_emplace(text, codes_.size());
    if (added) values_.push_back(CutText(text, kIdBytes));
    column_.push_back(place->second);
  }
  Json ToJson() const { return {{"values", values_}, {"codes", column_}}; }

 private:
  std::map<std::string, std::size_t> codes_;
  Json values_ = Json::array(), column_ = Json::array();
};

// The largest number of points an arc may have so that all of them fit.
std::size_t PointsThatFit(const std::vector<const ReportConversation*>& listed, std::size_t bytes) {
  constexpr std::size_t kPointBytes = 5;
  for (std::size_t points = 512; points > 8; points = points * 3 / 4) {
    std::size_t sum = 0;
    for (const auto* conversation : listed) {
      sum += kPointBytes * std::min(points, conversation->states.size()) + 3;
    }
    if (sum <= bytes) return points;
  }
  return 8;
}

Json TranscriptJson(const std::vector<ReportTurn>& turns) {
  Json rows = Json::array();
  for (const ReportTurn& turn : turns) {
    rows.push_back({static_cast<int>(turn.speaker), CutText(turn.text, kTurnBytes)});
  }
  return rows;
}

std::size_t Bytes(const std::vector<ReportTurn>& turns) {
  std::size_t bytes = 0;
  for (const ReportTurn& turn : turns) bytes += std::min(turn.text.size(), kTurnBytes) + 6;
  return bytes;
}

// Row -> turns; as many as the options allow.
Json TranscriptsJson(const std::vector<const ReportConversation*>& listed,
                     const ReportOptions& options) {
  Json texts = Json::object();
  std::size_t left = options.transcript_bytes;
  for (std::size_t row = 0; row < listed.size(); ++row) {
    const auto& turns = listed[row]->transcript;
    const std::size_t bytes = Bytes(turns);
    if (turns.empty() || bytes > left) continue;
    if (texts.size() >= static_cast<std::size_t>(options.transcripts)) break;
    left -= bytes;
    AppendField(&texts, std::to_string(row), TranscriptJson(turns));
  }
  return texts;
}

Json ConversationsJson(const ReportData& data, const ReportOptions& options) {
  std::vector<const ReportConversation*> listed;
  for (const std::size_t i : ListedConversations(data.conversations, options.conversations)) {
    listed.push_back(&data.conversations[i]);
  }
  const std::size_t points = PointsThatFit(listed, options.arc_bytes);
  Dictionary channel, problem, length;
  Json id = Json::array(), turns = id, entry = id, exit = id, delta = id, chance = id, answer = id,
       arcs = id;
  bool thinned = false;
  for (const auto* conversation : listed) {
    id.push_back(CutText(conversation->id, kIdBytes));
    channel.Add(conversation->channel);
    problem.Add(conversation->problem_type);
    length.Add(LengthGroup(conversation->turns));
    turns.push_back(conversation->turns);
    entry.push_back(Thousandths(conversation->entry));
    exit.push_back(Thousandths(conversation->exit));
    delta.push_back(std::isfinite(conversation->delta)
                        ? static_cast<int>(std::lround(1000 * conversation->delta))
                        : 0);
    chance.push_back(Thousandths(conversation->p_satisfied));
    answer.push_back(conversation->satisfied ? static_cast<int>(*conversation->satisfied) : 2);
    arcs.push_back(PackArc(conversation->states, points));
    thinned = thinned || conversation->states.size() > points;
  }
  return {{"total", data.conversations.size()},
          {"points", thinned ? Json(points) : Json()},
          {"id", id},
          {"channel", channel.ToJson()},
          {"problem_type", problem.ToJson()},
          {"length", length.ToJson()},
          {"turns", turns},
          {"entry", entry},
          {"exit", exit},
          {"delta", delta},
          {"p", chance},
          {"answer", answer},
          {"arcs", arcs},
          {"texts", TranscriptsJson(listed, options)}};
}

Json VerdictJson(const Verdict& verdict) {
  Json findings = Json::array();
  for (const Finding& finding : verdict.findings) {
    findings.push_back({{"section", finding.section},
                        {"label", finding.label},
                        {"result", finding.result},
                        {"standing", Name(finding.standing)},
                        {"text", finding.text}});
  }
  return {{"headline", verdict.headline}, {"findings", findings}};
}

Json LearningJson(const std::vector<LearningPoint>& learning) {
  Json points = Json::array();
  for (const LearningPoint& point : learning) {
    Json entry = {{"update", point.update}};
    if (point.epoch) entry["epoch"] = *point.epoch;
    if (point.loss) entry["loss"] = *point.loss;
    for (const auto& [name, value] : point.validation) entry["validation"][name] = value;
    if (point.best) entry["best"] = true;
    points.push_back(std::move(entry));
  }
  return points;
}

Json ExperimentsJson(const std::vector<ExperimentPoint>& experiments) {
  Json points = Json::array();
  for (const ExperimentPoint& point : experiments) {
    points.push_back(
        {{"name", point.name},
         {"date", point.date},
         {"value", point.value},
         {"interval", point.interval ? Json({point.interval->low, point.interval->high}) : Json()},
         {"note", point.note},
         {"current", point.current}});
  }
  return points;
}

}  // namespace

std::vector<std::size_t> ListedConversations(const std::vector<ReportConversation>& conversations,
                                             int limit) {
  std::vector<std::vector<std::size_t>> ranks(3);  // to read, answered, the rest
  for (std::size_t i = 0; i < conversations.size(); ++i) {
    const ReportConversation& conversation = conversations[i];
    const std::size_t rank = !conversation.transcript.empty() ? 0 : conversation.satisfied ? 1 : 2;
    ranks[rank].push_back(i);
  }
  std::vector<std::size_t> listed;
  for (const auto& rank : ranks) {
    const std::size_t room = static_cast<std::size_t>(std::max(limit, 0)) - listed.size();
    for (const std::size_t place : Evenly(rank.size(), room)) listed.push_back(rank[place]);
  }
  std::sort(listed.begin(), listed.end());
  return listed;
}

std::string PackArc(const std::vector<ReportState>& states, std::size_t points) {
  constexpr int kEscape = 63, kLargest = (1 << 18) - 1;
  std::string text;
  int last = 0;
  for (const std::size_t place : Evenly(states.size(), points)) {
    const ReportState& state = states[place];
    const int gap = std::clamp(state.turn - last, 0, kLargest);
    AppendDigits(&text, std::min(gap, kEscape), 1);
    if (gap >= kEscape) AppendDigits(&text, gap, 3);
    AppendDigits(&text, Thousandths(state.state), 2);
    AppendDigits(&text, Thousandths(state.outlook), 2);
    last = state.turn;
  }
  return text;
}

Json MakePayload(const ReportData& data, const ReportOptions& options) {
  Json making = Json::array();
  for (const auto& [name, value] : data.making) making.push_back({name, value});
  return {{"title", data.title},
          {"program", data.program},
          {"made_at", data.made_at},
          {"target", options.target},
          {"baseline", options.baseline},
          {"calibration_error", options.calibration_error},
          {"verdict", VerdictJson(Judge(data.evaluation, options))},
          {"evaluation", Rounded(data.evaluation, 5)},
          {"learning", Rounded(LearningJson(data.learning), 4)},
          {"experiments", Rounded(ExperimentsJson(data.experiments), 5)},
          {"making", making},
          {"conversations", ConversationsJson(data, options)}};
}

}  // namespace arcsat
