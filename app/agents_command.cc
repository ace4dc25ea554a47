#include <fmt/format.h>

#include <set>

#include "app/command.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/bind_agents.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/timestamp.h"
#include "insight/agents/output.h"
#include "insight/agents/page.h"
#include "insight/agents/pseudonyms.h"

namespace arcsat {
namespace {

struct AgentsCall {
  std::string data, scores, lessons, catalogue, out, csv, trace, report, title, pseudonyms;
  AgentsOptions agents;
  ReadOptions read;
  CommonOptions common;
};

bool ParseAgents(const std::vector<std::string>& args, AgentsCall* call) {
  Options options("agents",
                  "For every agent and problem type, how far customers' state rises compared with "
                  "what was to be expected: strengths and gaps with intervals, learning paths, and "
                  "whether a lesson helped. For development, not for ranking (docs/agents.md).",
                  "arcsat agents --data calls.jsonl --scores scores.jsonl --report agents.html");
  options.Add("data", &call->data, "file of conversations");
  options.Add("scores", &call->scores, "file of their scores, as arcsat score writes it");
  options.Add("lessons", &call->lessons,
              "file of lessons taken, a line each: agent, problem_type, date, lesson");
  options.Add("catalogue", &call->catalogue,
              "file that maps problem types and behaviours to lessons (configs/lessons.json)");
  options.Add("out", &call->out, "file for everything as JSON");
  options.Add("csv", &call->csv, "file for one row an agent and problem type");
  options.Add("trace", &call->trace, "file for one row a conversation behind a gap or strength");
  options.Add("report", &call->report, "file for the report, a page that opens offline");
  options.Add("title", &call->title, "heading of the report");
  options.Add("pseudonyms", &call->pseudonyms,
              "file that keeps who is who: agents are called by pseudonyms in all that is written");
  Bind(options, &call->read);
  Bind(options, &call->common);
  Bind(options, &call->agents);
  if (!options.Parse(args)) return false;
  options.Demand({"data", "scores"});
  if (call->data == "-" && call->scores == "-") {
    throw UsageError({"command line", "--data and --scores are both standard input",
                      "expected one of them at most", "name a file"});
  }
  return true;
}

/// Turns of the examples, from a second reading of the conversations.
void ReadTranscripts(const AgentsCall& call, const Json& agents, AgentsPage* page) {
  if (call.data == "-") return;  // standard input is gone
  std::set<std::string> wanted;
  for (const Json& agent : agents.at("agents")) {
    for (const Json& step : agent.at("path")) {
      for (const Json& example : step.at("examples")) {
        wanted.insert(example.at("id").get<std::string>());
      }
    }
  }
  if (wanted.empty()) return;
  ForEachConversation(call.data, call.read, [&](Conversation&& conversation) {
    if (wanted.count(conversation.id) == 0) return;
    page->transcripts.try_emplace(conversation.id, std::move(conversation.turns));
  });
}

void WriteReport(const AgentsCall& call, const Json& agents) {
  AgentsPage page;
  page.title = call.title.empty() ? FileTitle(call.data) : call.title;
  page.program = fmt::format("arcsat {}", ARCSAT_VERSION);
  page.made_at = Now();
  ReadTranscripts(call, agents, &page);
  WriteFile(call.report, RenderAgentsPage(agents, page));
}

AgentRecords ReadRecords(const AgentsCall& call) {
  Progress progress("reading", 0, {.quiet = call.common.quiet, .unit = "conversations"});
  AgentRecords records = ReadAgentRecords(call.data, call.scores, call.agents, call.read,
                                          [&](std::int64_t done) { progress.Update(done); });
  progress.Finish();
  const std::int64_t skipped = records.read.skipped + records.scores_read.skipped;
  if (skipped > 0 && !call.common.quiet) fmt::print(stderr, "left out: {}\n", Thousands(skipped));
  return records;
}

int RunAgents(const std::vector<std::string>& args) {
  AgentsCall call;
  if (!ParseAgents(args, &call)) return 0;
  LessonCatalogue catalogue;
  if (!call.catalogue.empty()) catalogue = ReadCatalogue(call.catalogue);
  std::vector<LessonTaken> lessons;
  if (!call.lessons.empty()) lessons = ReadLessonsTaken(call.lessons, call.read);
  const AgentRecords records = ReadRecords(call);
  const AgentsAnalysis analysis = AnalyseAgents(records, catalogue, lessons, call.agents);
  const std::vector<std::string> names =
      call.pseudonyms.empty() ? records.agents : Pseudonyms(call.pseudonyms, records.agents);
  const AgentNames name = [&](int agent) { return names[static_cast<std::size_t>(agent)]; };
  Json json = AgentsJson(records, analysis, name);
  json["pseudonyms"] = !call.pseudonyms.empty();
  if (!call.out.empty()) WriteFile(call.out, json.dump(1) + "\n");
  if (!call.csv.empty()) WriteFile(call.csv, AgentsCsv(analysis, name));
  if (!call.trace.empty()) WriteFile(call.trace, TraceCsv(records, analysis, name));
  if (!call.report.empty()) WriteReport(call, json);
  if (call.common.json) PrintJson(json);
  if (!call.common.json) PrintText(AgentsText(json));
  return 0;
}

}  // namespace

const Command kAgentsCommand = {
    "agents", "Use", "who is strong at which problems, and what to learn next", RunAgents};

}  // namespace arcsat
