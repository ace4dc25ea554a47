#include <fmt/format.h>

#include "app/output.h"
#include "app/table.h"
#include "app/triage_call.h"
#include "app/triage_items.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "insight/triage/study.h"

namespace arcsat {
namespace {

std::vector<FinishedConversation> Read(const TriageCall& call) {
  return ScoreFinished({call.model, call.data, call.threads, call.common.quiet, call.read});
}

std::string FitText(const Thresholds& t) {
  std::string text = fmt::format("alert at an outlook of {:.3f} or below", t.outlook);
  text +=
      fmt::format(", or a fall of {:.2f}; from the customer's turn {} on\n", t.fall, t.from_turn);
  if (t.basis.contains("promise")) {
    for (const char* key : {"answered", "everyone"}) {
      const Json& basis = t.basis.at("promise").at(key);
      if (basis.is_null()) continue;
      text += fmt::format("  {}: {:.1f}% missed of {:.0f} unsatisfied, at most {:.1f}% in truth\n",
                          std::string(key) == "answered" ? "those who answer" : "everybody",
                          100 * basis.at("missed").get<double>(), basis.at("answers").get<double>(),
                          100 * basis.at("limit").get<double>());
    }
  } else {
    text += fmt::format("  {:.1f} alerts a day of {:.1f} conversations\n",
                        t.basis.at("budget").at("alerts_per_day").get<double>(),
                        t.basis.at("budget").at("conversations_per_day").get<double>());
  }
  for (const Json& line : t.basis.at("assumptions")) {
    text += "  " + line.get<std::string>() + "\n";
  }
  return text;
}

std::string ShareText(const std::optional<AlarmShare>& share, double scale, int digits) {
  if (!share) return "-";
  std::string text = fmt::format("{:.{}f}", scale * share->value, digits);
  if (share->interval) {
    text += fmt::format(" [{:.{}f}, {:.{}f}]", scale * share->interval->low, digits,
                        scale * share->interval->high, digits);
  }
  return text;
}

std::string LeadText(const std::optional<LeadTime>& lead) {
  if (!lead) return "-";
  std::string text = fmt::format("{:.0f}", lead->median);
  if (lead->interval) {
    text += fmt::format(" [{:.0f}, {:.0f}]", lead->interval->low, lead->interval->high);
  }
  return text;
}

std::string MeasureText(const TriageMeasure& measure) {
  std::vector<std::vector<std::string>> rows = {{"", "conversations", "alerts %", "recall %",
                                                 "precision %", "a day", "lead, turns",
                                                 "lead, seconds"}};
  const auto row = [&](const AlarmFigures& f, const std::string& name,
                       const std::optional<AlarmShare>& recall,
                       const std::optional<AlarmShare>& precision) {
    rows.push_back({name, fmt::format("{}", f.conversations), ShareText(f.share, 100, 1),
                    ShareText(recall, 100, 1), ShareText(precision, 100, 1),
                    ShareText(f.per_day, 1, 1), LeadText(f.lead_turns), LeadText(f.lead_seconds)});
  };
  for (const AlarmFigures& f : measure.groups) {
    row(f, f.group, f.recall, f.precision);
    if (f.recall_everyone) {
      row(f, f.group + ", weighted", f.recall_everyone, f.precision_everyone);
    }
  }
  std::string text = Table(rows);
  for (const std::string& note : measure.notes) text += "  " + note + "\n";
  return text;
}

}  // namespace

int RunTriageFit(const TriageCall& call, const std::string& resolved) {
  const Thresholds thresholds = FitThresholds(Read(call), call.rules, call.fit);
  const Json json = ToJson(thresholds);
  if (!call.out.empty() && call.out != "-") {
    WriteFile(call.out, DumpJson(json, call.out, 1) + "\n");
    WriteFile(call.out + ".cfg", resolved);
  }
  if (call.common.json || call.out == "-") {
    PrintJson(json);
  } else {
    PrintText(FitText(thresholds));
  }
  return 0;
}

int RunTriageMeasure(TriageCall call) {
  const std::vector<FinishedConversation> finished = Read(call);
  const TriageOptions rules = RulesOf(call, finished.front().score.model);
  const TriageMeasure measure = MeasureTriage(finished, rules, call.fit);
  const Json json = ToJson(measure, rules);
  if (!call.out.empty() && call.out != "-") WriteFile(call.out, DumpJson(json, call.out, 1) + "\n");
  if (call.common.json || call.out == "-") {
    PrintJson(json);
  } else {
    PrintText(MeasureText(measure));
  }
  return 0;
}

}  // namespace arcsat
