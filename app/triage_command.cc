#include "app/command.h"
#include "app/triage_call.h"
#include "configs/bind_triage.h"
#include "data/error.h"
#include "data/files.h"
#include "insight/triage/study.h"

namespace arcsat {
namespace {

constexpr int kMostWords = 1;

void BindCall(Options& options, TriageCall* call) {
  options.Positional("ACTION", &call->words,
                     "nothing: alerts of the events in --data, or the service of --listen. fit: "
                     "thresholds from a promise or a budget. measure: lead time, precision, recall "
                     "and call-backs a day. export-labels: closed conversations of --store",
                     kMostWords);
  options.Add("model", &call->model, "run folder or model folder");
  options.Add("data", &call->data,
              "file of turn events, or - for standard input; with fit and measure a file of "
              "conversations");
  options.Add("out", &call->out, "file for the result; standard output where none is given");
  options.Add("thresholds", &call->thresholds, "file that arcsat triage fit wrote");
  options.Add("follow", &call->follow, "go on reading as the file grows, until stopped");
  options.Add("listen", &call->listen, "HOST:PORT of the service: 127.0.0.1:8080");
  options.Add("store", &call->store, "file of the service's database, made where there is none");
  options.Add("token-file", &call->token_file,
              "file with the token that requests carry; else ARCSAT_TRIAGE_TOKEN, else a new one");
  options.Add("threads", &call->threads,
              "CPU threads that score; 0: one fewer than LibTorch would take", Between(0, 4096));
  options.Add("memory", &call->memory,
              "MiB for what running conversations keep between turns, so that a new turn costs a "
              "turn; beyond it the longest silent are computed anew",
              Between(0, 1 << 24));
  Bind(options, &call->read);
  Bind(options, &call->common);
  Bind(options, &call->rules);
  Bind(options, &call->fit);
  Bind(options, &call->service);
}

[[noreturn]] void Refuse(const std::string& found, const std::string& expected) {
  throw UsageError({"command line", found, expected, "see arcsat triage --help"});
}

void Check(const Options& options, const TriageCall& call) {
  const std::string action = call.words.empty() ? "" : call.words[0];
  if (action != "" && action != "fit" && action != "measure" && action != "export-labels") {
    Refuse("found \"" + action + "\"", "expected fit, measure, export-labels or nothing");
  }
  if (action == "export-labels" || !call.listen.empty()) {
    if (call.store.empty()) Refuse("--store is missing", "expected the service's database");
  }
  if (action == "export-labels") return;
  if (!call.listen.empty() && (action != "" || call.follow || !call.out.empty())) {
    Refuse("--listen is given", "expected it without fit, measure, --follow and --out");
  }
  if (call.model.empty()) Refuse("--model is missing", "expected a run or a model folder");
  if (!call.thresholds.empty()) {
    if (action == "fit") Refuse("--thresholds is given", "expected fit to make them");
    for (const char* key : {"triage.outlook", "triage.fall", "triage.from_turn"}) {
      if (options.Given(key)) {
        Refuse(std::string("both --thresholds and --") + key + " are given",
               "expected one of them: a promise holds for the rules it was made with");
      }
    }
  }
  if (action != "" && call.follow) Refuse("--follow is given", "expected it with events only");
  if (call.follow && !call.out.empty()) {
    Refuse("--follow and --out are given",
           "expected alerts on standard output, as there is no end to make a file whole at");
  }
  if (call.follow && call.data == "-") {
    Refuse("--follow needs --data FILE", "expected a file; standard input is followed anyway");
  }
}

int RunTriage(const std::vector<std::string>& args) {
  TriageCall call;
  Options options("triage",
                  "Follows conversations while they run and raises an alert where one goes poorly: "
                  "whom to call back, why, and how sure (docs/triage.md).",
                  "arcsat triage --model runs/first --thresholds thresholds.json < events.jsonl");
  BindCall(options, &call);
  if (!options.Parse(args)) return 0;
  Check(options, call);
  if (!call.listen.empty()) return RunTriageService(call);
  if (call.words.empty()) return RunTriageStream(call);
  if (call.words[0] == "export-labels") return RunTriageLabels(call);
  if (call.words[0] == "fit") return RunTriageFit(call, options.Resolved());
  return RunTriageMeasure(call);
}

}  // namespace

TriageOptions RulesOf(const TriageCall& call, const std::string& model) {
  TriageOptions rules = call.rules;
  if (!call.thresholds.empty()) {
    UseThresholds(ParseThresholds(ReadFile(call.thresholds), call.thresholds), model,
                  call.thresholds, &rules);
  }
  return rules;
}

const Command kTriageCommand = {"triage", "Use", "whom to call back, while conversations run",
                                RunTriage};

}  // namespace arcsat
