#include "eval/report/payload.h"

#include <cmath>

#include "eval/evaluation.h"
#include "eval/report/columns.h"
#include "eval/report/json_view.h"
#include "eval/report/page.h"
#include "eval/report/verdict.h"

namespace arcsat {
namespace {

Json ConversationsJson(const ReportData& data, const ReportOptions& options) {
  std::vector<const ReportConversation*> listed;
  for (const std::size_t i : ListedConversations(data.conversations, options.conversations)) {
    listed.push_back(&data.conversations[i]);
  }
  std::vector<std::size_t> states;
  Transcripts texts(options);
  states.reserve(listed.size());
  for (const auto* conversation : listed) {
    texts.Add(states.size(), conversation->transcript);
    states.push_back(conversation->states.size());
  }
  const std::size_t points = PointsThatFit(states, options.arc_bytes);
  CodedColumn channel, problem, length;
  Json id = Json::array(), turns = id, entry = id, exit = id, delta = id, chance = id, answer = id,
       arcs = id;
  bool thinned = false;
  for (const auto* conversation : listed) {
    id.push_back(CutText(conversation->id, kReportNameBytes));
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
          {"texts", texts.ToJson()}};
}

Json VerdictJson(const Verdict& verdict) {
  Json findings = Json::array();
  for (const Finding& finding : verdict.findings) findings.push_back(ToJson(finding));
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
  return TakeByRank(ranks, limit);
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
