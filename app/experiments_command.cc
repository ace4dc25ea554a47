#include <fmt/format.h>

#include <filesystem>

#include "app/command.h"
#include "app/experiments_add.h"
#include "app/experiments_chart.h"
#include "app/experiments_group.h"
#include "app/inspect.h"
#include "app/output.h"
#include "app/table.h"
#include "configs/bind.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "eval/ledger.h"

namespace arcsat {
namespace {

constexpr std::size_t kNameBytes = 48;
constexpr std::size_t kTextColumns = 96;

struct ExperimentsCall {
  std::vector<std::string> words;
  std::string ledger = "experiments/ledger.jsonl", out, data;
  LedgerQuery query;
  double baseline = 0.60, goal = 0.90;
  bool judged = false;  ///< baseline and goal mean something for this figure
  NewExperiment add;
  ReadOptions read;
  CommonOptions common;
};

std::vector<LedgerEntry> Read(const ExperimentsCall& call) {
  if (call.ledger != "-" && !std::filesystem::exists(call.ledger)) {
    throw Error({call.ledger, "there is no ledger yet", "expected a file of experiments",
                 "begin one with arcsat experiments add, or name another with --ledger"});
  }
  ReadReport report;
  std::vector<LedgerEntry> entries = ReadLedger(call.ledger, call.read, &report);
  if (report.skipped > 0) fmt::print(stderr, "left out: {}\n", Thousands(report.skipped));
  for (const std::string& reason : report.reasons) fmt::print(stderr, "  {}\n", reason);
  return entries;
}

std::string FigureText(const LedgerFigure* figure) {
  if (figure == nullptr) return "-";
  if (!figure->interval) return fmt::format("{:.3f}", figure->value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", figure->value, figure->interval->low,
                     figure->interval->high);
}

int List(const ExperimentsCall& call) {
  const std::vector<LedgerEntry> entries = Select(Read(call), call.query);
  if (call.common.json) {
    Json list = Json::array();
    for (const LedgerEntry& entry : entries) list.push_back(ToJson(entry));
    PrintJson({{"ledger", call.ledger}, {"entries", list}});
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {
      {"experiment", "id", "date", "target", LedgerTitle(call.query), "n", "data", "status"}};
  for (const LedgerEntry& entry : entries) {
    const LedgerFigure* figure = entry.Find(call.query.side, call.query.figure);
    rows.push_back({Shorten(OneLine(entry.name), kNameBytes), OneLine(entry.id),
                    entry.date.substr(0, 10), OneLine(entry.target), FigureText(figure),
                    figure != nullptr && figure->n ? Thousands(*figure->n) : "-",
                    ShortFingerprint(entry.DataFingerprint(call.query.side)), Name(entry.status)});
  }
  PrintText(Table(rows));
  return 0;
}

/// The entry whose id begins so.
LedgerEntry FindEntry(const ExperimentsCall& call) {
  if (call.words.size() < 2) {
    throw UsageError({"command line", "no ID is given", "expected arcsat experiments show ID",
                      "see the ids with arcsat experiments list"});
  }
  std::vector<LedgerEntry> found;
  for (LedgerEntry& entry : Read(call)) {
    if (entry.id.starts_with(call.words[1])) found.push_back(std::move(entry));
  }
  if (found.size() != 1) {
    throw Error({call.ledger,
                 fmt::format("{} entries have an id that begins with \"{}\"",
                             found.empty() ? "no" : fmt::format("{}", found.size()), call.words[1]),
                 "expected one", "see the ids with arcsat experiments list"});
  }
  return std::move(found.front());
}

std::string Paragraph(const std::string& head, const std::string& text) {
  if (text.empty()) return "";
  std::string lines = head + "\n";
  for (const std::string& line : Wrap(OneLine(text), kTextColumns)) lines += "  " + line + "\n";
  return lines;
}

std::string DataTable(const std::vector<LedgerData>& data) {
  if (data.empty()) return "";
  constexpr std::size_t kSumDigits = 12;
  std::vector<std::vector<std::string>> rows = {{"data", "side", "labelled", "SHA-256"}};
  for (const LedgerData& one : data) {
    rows.push_back({OneLine(one.file), one.side, one.labelled ? Thousands(*one.labelled) : "-",
                    one.sha256.empty() ? "-" : one.sha256.substr(0, kSumDigits)});
  }
  return Table(rows) + "\n";
}

int Show(const ExperimentsCall& call) {
  const LedgerEntry entry = FindEntry(call);
  if (call.common.json) {
    PrintJson(ToJson(entry));
    return 0;
  }
  Json rest = ToJson(entry);
  for (const char* key : {"name", "question", "learned", "split", "data", "figures"})
    rest.erase(key);
  std::vector<std::vector<std::string>> rows = {{"figure", "side", "value", "n"}};
  for (const LedgerFigure& figure : entry.figures) {
    rows.push_back({OneLine(figure.name), figure.side, FigureText(&figure),
                    figure.n ? Thousands(*figure.n) : "-"});
  }
  PrintText(OneLine(entry.name) + "\n" + Paragraph("\nAsked", entry.question) +
            Paragraph("\nLearned", entry.learned) + Paragraph("\nSplit", entry.split) + "\n" +
            Printable(FieldLines(rest, "")) + "\n" + DataTable(entry.data) +
            (entry.figures.empty() ? "No figure\n" : Table(rows)));
  return 0;
}

Json StandingJson(const LedgerStanding& standing, const ExperimentsCall& call) {
  return {{"baseline", call.baseline},
          {"goal", call.goal},
          {"over_baseline", standing.over_baseline},
          {"over_goal", standing.over_goal},
          {"beats_baseline", standing.beats_baseline},
          {"reaches_goal", standing.reaches_goal},
          {"surely_at_goal", standing.surely_at_goal}};
}

std::string StandingText(const LedgerFigure& figure, const LedgerStanding& standing,
                         const ExperimentsCall& call) {
  const char* baseline = !figure.interval          ? "there is no interval to tell how surely"
                         : standing.beats_baseline ? "the whole interval is beyond it"
                                                   : "the interval does not show it to be beyond";
  const char* goal = !standing.reaches_goal    ? "not reached"
                     : !figure.interval        ? "reached, without an interval"
                     : standing.surely_at_goal ? "reached by the whole interval"
                                               : "reached, but not by the whole interval";
  return fmt::format(
      "  {:+.3f} against the baseline {:g}: {}\n  {:+.3f} against the goal {:g}: {}\n",
      standing.over_baseline, call.baseline, baseline, standing.over_goal, call.goal, goal);
}

int ShowBest(const ExperimentsCall& call) {
  const LedgerChoice chosen = ChooseGroup(call.ledger, Read(call), call.query);
  const LedgerEntry* best = Best(chosen.group.entries, call.query);
  const LedgerFigure& figure = *best->Find(call.query.side, call.query.figure);
  const LedgerStanding standing = Compare(figure, call.baseline, call.goal);
  if (call.common.json) {
    Json json = {{"figure", call.query.figure},
                 {"side", call.query.side},
                 {"measured_on", GroundJson(chosen.group.ground)},
                 {"left_out", chosen.left_out},
                 {"entry", ToJson(*best)}};
    if (call.judged) json["standing"] = StandingJson(standing, call);
    PrintJson(json);
    return 0;
  }
  std::string text = fmt::format(
      "{}: {}{}\n  {} ({})\n", LedgerTitle(call.query), FigureText(&figure),
      figure.n ? fmt::format(" on {}", Thousands(*figure.n)) : "", OneLine(best->name), best->id);
  if (call.judged) text += StandingText(figure, standing, call);
  if (call.query.side == "test") {
    text +=
        "The best of several on the test side flatters. Choose by --side validation, then report\n"
        "what that entry has on the test side.\n";
  } else {
    text += fmt::format("On the test side it has {}.\n",
                        FigureText(best->Find("test", call.query.figure)));
  }
  PrintText(text);
  return 0;
}

Json PointsJson(const std::vector<LedgerPoint>& points) {
  Json list = Json::array();
  for (const LedgerPoint& point : points) {
    Json interval;
    if (const auto& found = point.figure.interval) interval = {found->low, found->high};
    list.push_back({{"name", point.name},
                    {"date", point.date},
                    {"status", Name(point.status)},
                    {"value", point.figure.value},
                    {"interval", interval},
                    {"best_so_far", point.best_so_far}});
  }
  return list;
}

int Plot(const ExperimentsCall& call) {
  const LedgerChoice chosen = ChooseGroup(call.ledger, Read(call), call.query);
  std::vector<LedgerPoint> points = LedgerPoints(chosen.group.entries, call.query);
  const LedgerChartOptions options{
      .title = LedgerTitle(call.query), .baseline = call.baseline, .goal = call.goal};
  if (!call.out.empty()) WriteFile(call.out, LedgerSvg(points, options));
  if (call.common.json) {
    PrintJson({{"figure", call.query.figure},
               {"side", call.query.side},
               {"measured_on", GroundJson(chosen.group.ground)},
               {"left_out", chosen.left_out},
               {"baseline", call.baseline},
               {"goal", call.goal},
               {"points", PointsJson(points)}});
  } else if (!call.out.empty()) {
    PrintText(fmt::format("{} experiments: {}\n", points.size(), call.out));
  } else {
    for (LedgerPoint& point : points) point.name = OneLine(point.name);
    PrintText(LedgerText(points, options));
  }
  return 0;
}

int Add(ExperimentsCall call) {
  if (call.ledger == "-") {
    throw UsageError(
        {"command line: ledger", "found \"-\"", "expected a file to add to", "give --ledger FILE"});
  }
  call.add.name = call.query.name;
  call.add.target = call.query.target;
  call.add.side = call.query.side;
  const std::string id = AppendToLedger(call.ledger, MakeEntry(call.add));
  if (call.common.json) {
    PrintJson({{"ledger", call.ledger}, {"id", id}});
  } else {
    PrintText(fmt::format("{} is in {}\n", id, call.ledger));
  }
  return 0;
}

void Describe(Options& options, ExperimentsCall* call) {
  options.Positional("ACTION", &call->words, "list, show ID, best, plot or add", 2);
  options.Add("ledger", &call->ledger, "file of experiments, one a line");
  options.Add("figure", &call->query.figure,
              "that entries are judged by: accuracy, roc_auc, macro_f1, turns.accuracy, ...");
  options.Add("side", &call->query.side, "that the figure is of; for add: that was evaluated",
              OneOf({"validation", "test"}));
  options.Add("target", &call->query.target, "only entries of this target; for add: of the entry");
  options.Add("data", &call->data,
              "file that the figure was measured on, or how its SHA-256 begins (list, best, plot)");
  options.Add("name", &call->query.name,
              "only entries with this in their name; for add: the entry's name");
  options.Add("baseline", &call->baseline, "where the work began (best, plot)");
  options.Add("goal", &call->goal, "where it is to end (best, plot)");
  options.Add("out", &call->out, "file for the chart as SVG (plot)");
  options.Add("evaluation", &call->add.evaluation, "file that arcsat evaluate --out wrote (add)");
  options.Add("run", &call->add.run, "folder of the run that made the model (add)");
  options.Add("entry", &call->add.entry, "file with an entry made elsewhere (add)");
  options.Add("question", &call->add.question, "what was asked, or changed (add)");
  options.Add("learned", &call->add.learned, "what it taught, in a sentence (add)");
  options.AddChoice("status", &call->add.status, "what becomes of it (add)",
                    {{"kept", LedgerStatus::kKept},
                     {"rejected", LedgerStatus::kRejected},
                     {"failed", LedgerStatus::kFailed}});
  options.Add("split", &call->add.split, "how the sides were made (add)");
  options.Add("code", &call->add.code, "version of the code, where the run does not tell (add)");
  options.Add("date", &call->add.date, "when, in UTC, as 2026-01-05T09:30:00Z; empty: now (add)");
  Bind(options, &call->read);
  Bind(options, &call->common);
}

/// An option of one action given to another does nothing, which nobody wants.
void CheckOptions(const Options& options, const std::string& action) {
  const auto only = [&](const std::string& owner, const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      if (action == owner || !options.Given(key)) continue;
      throw UsageError({"command line: " + key, fmt::format("given to experiments {}", action),
                        "expected it with " + owner, "leave it out"});
    }
  };
  only("add",
       {"evaluation", "run", "entry", "question", "learned", "status", "split", "code", "date"});
  only("plot", {"out"});
  if (action == "show" || action == "add") only("list, best or plot", {"data"});
}

int RunExperiments(const std::vector<std::string>& args) {
  ExperimentsCall call;
  Options options("experiments",
                  "Keeps the ledger of experiments: what was asked, with which data, settings and "
                  "code, what came out, and what was learned.",
                  "arcsat experiments list\n"
                  "arcsat experiments add --evaluation evaluation.json --run runs/first --name "
                  "first --learned \"level with TF-IDF\"\n"
                  "arcsat experiments plot --target survey --out experiments.svg");
  Describe(options, &call);
  if (!options.Parse(args)) return 0;
  const std::string action = call.words.empty() ? "list" : call.words[0];
  CheckOptions(options, action);
  if (call.words.size() > 1 && action != "show") {
    throw UsageError({"command line", fmt::format("found the word \"{}\"", call.words[1]),
                      "expected options only after " + action, "leave it out"});
  }
  call.query.data = MeantFingerprint(call.data);
  call.add.status_given = options.Given("status");
  call.judged =
      call.query.figure == "accuracy" || options.Given("baseline") || options.Given("goal");
  if (action == "list") return List(call);
  if (action == "show") return Show(call);
  if (action == "best") return ShowBest(call);
  if (action == "plot") return Plot(call);
  if (action == "add") return Add(std::move(call));
  throw UsageError({"command line", fmt::format("\"{}\" is no action", action),
                    "expected list, show, best, plot or add", "see arcsat experiments --help"});
}

}  // namespace

const Command kExperimentsCommand = {
    "experiments", "Look", "keeps the ledger of what was tried and what came out", RunExperiments};

}  // namespace arcsat
