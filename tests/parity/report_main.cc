// Writes the report of the JSON on standard input: html or markdown is the argument. The input has
// ReportData's fields by name, "options" with ReportOptions', and optionally "choose": the number
// of transcripts that ChooseTranscripts() is to keep.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "data/error.h"
#include "data/json.h"
#include "eval/report/report.h"

namespace arcsat {
namespace {

double Number(const Json& value) { return value.is_number() ? value.get<double>() : std::nan(""); }

ReportConversation ReadConversation(const Json& json) {
  ReportConversation conversation;
  conversation.id = json.at("id");
  conversation.channel = json.at("channel");
  conversation.problem_type = json.at("problem_type");
  conversation.turns = json.at("turns");
  conversation.entry = json.at("entry");
  conversation.exit = json.at("exit");
  conversation.delta = json.at("delta");
  conversation.p_satisfied = json.at("p_satisfied");
  if (json.contains("answer")) conversation.satisfied = json["answer"].get<bool>();
  for (const Json& state : json.at("states")) {
    conversation.states.push_back({state[0], Number(state[1]), Number(state[2])});
  }
  const Json transcript = json.value("transcript", Json::array());
  for (const Json& turn : transcript) {
    const std::string speaker = turn[0];
    conversation.transcript.push_back({speaker == "agent" ? Speaker::kAgent
                                       : speaker == "bot" ? Speaker::kBot
                                                          : Speaker::kCustomer,
                                       turn[1]});
  }
  return conversation;
}

LearningPoint ReadPoint(const Json& json) {
  LearningPoint point;
  point.update = json.at("update");
  if (json.contains("epoch")) point.epoch = json["epoch"].get<int>();
  if (json.contains("loss")) point.loss = json["loss"].get<double>();
  const Json validation = json.value("validation", Json::object());
  for (const auto& [name, value] : validation.items()) point.validation.emplace_back(name, value);
  point.best = json.value("best", false);
  return point;
}

ExperimentPoint ReadExperiment(const Json& json) {
  ExperimentPoint point{json.at("name"), json.at("date"),        json.at("value"),
                        std::nullopt,    json.value("note", ""), json.value("current", false)};
  if (json.contains("interval") && json["interval"].is_array()) {
    point.interval = Interval{json["interval"][0], json["interval"][1]};
  }
  return point;
}

ReportData ReadData(const Json& json) {
  ReportData data;
  data.title = json.value("title", "");
  data.program = json.value("program", "");
  data.made_at = json.value("made_at", "");
  data.evaluation = json.value("evaluation", Json::object());
  const Json none = Json::array();
  for (const Json& each : json.value("conversations", none)) {
    data.conversations.push_back(ReadConversation(each));
  }
  for (const Json& each : json.value("learning", none)) data.learning.push_back(ReadPoint(each));
  for (const Json& each : json.value("experiments", none)) {
    data.experiments.push_back(ReadExperiment(each));
  }
  for (const Json& each : json.value("making", none)) data.making.emplace_back(each[0], each[1]);
  return data;
}

ReportOptions ReadOptions(const Json& json) {
  ReportOptions options;
  options.target = json.value("target", options.target);
  options.baseline = json.value("baseline", options.baseline);
  options.conversations = json.value("conversations", options.conversations);
  options.transcripts = json.value("transcripts", options.transcripts);
  return options;
}

// Keeps the words of the conversations chosen, as a command does that reads them for those alone.
void Choose(ReportData* data, int count) {
  const auto chosen = ChooseTranscripts(data->conversations, count);
  for (std::size_t i = 0; i < data->conversations.size(); ++i) {
    if (!std::binary_search(chosen.begin(), chosen.end(), i)) {
      data->conversations[i].transcript.clear();
    }
  }
}

std::string Render(const Json& input, const std::string& kind) {
  ReportData data = ReadData(input);
  const ReportOptions options = ReadOptions(input.value("options", Json::object()));
  if (input.contains("choose")) Choose(&data, input["choose"]);
  return kind == "html" ? RenderHtml(data, options) : RenderMarkdown(data, options);
}

}  // namespace
}  // namespace arcsat

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind != "html" && kind != "markdown") {
    std::fputs("usage: report_main html|markdown <DATA.json >REPORT\n", stderr);
    return 2;
  }
  try {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    std::cout << arcsat::Render(arcsat::Json::parse(text), kind);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
