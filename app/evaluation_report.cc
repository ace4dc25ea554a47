#include "app/evaluation_report.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <set>
#include <unordered_map>

#include "app/output.h"
#include "data/settings.h"
#include "data/timestamp.h"
#include "eval/ledger.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

std::vector<ReportConversation> Conversations(const SectionInputs& inputs) {
  std::vector<ReportConversation> out;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    const LabelledConversation& labels = (*inputs.conversations)[i];
    const Score& score = (*inputs.scores)[i];
    ReportConversation conversation;
    conversation.id = score.id;
    conversation.channel = labels.channel;
    conversation.problem_type = labels.problem_type;
    conversation.turns = labels.turns;
    conversation.entry = score.entry;
    conversation.exit = score.exit;
    conversation.delta = score.delta;
    conversation.p_satisfied = score.p_satisfied;
    conversation.satisfied = labels.score.satisfied;
    for (const ScoredTurn& turn : score.turns) {
      conversation.states.push_back({turn.index, turn.state, turn.outlook});
    }
    out.push_back(std::move(conversation));
  }
  return out;
}

/// Only the chosen conversations' turns are kept, so the file is read a second time.
void AddTranscripts(const ReportInputs& inputs, int count,
                    std::vector<ReportConversation>* conversations) {
  if (inputs.data == "-") return;  // standard input is gone
  std::unordered_map<std::string, ReportConversation*> wanted;
  for (const std::size_t i : ChooseTranscripts(*conversations, count)) {
    wanted.emplace((*conversations)[i].id, &(*conversations)[i]);
  }
  ForEachConversation(inputs.data, inputs.read, [&](Conversation&& conversation) {
    const auto found = wanted.find(conversation.id);
    if (found == wanted.end() || !found->second->transcript.empty()) return;
    for (Turn& turn : conversation.turns) {
      found->second->transcript.push_back({turn.speaker, std::move(turn.text)});
    }
  });
}

/// The settings of a run that decide most, as its config.cfg has them.
std::vector<std::pair<std::string, std::string>> Making(const fs::path& config) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!fs::exists(config)) return out;
  static const std::set<std::string> kKeys = {"encoder",
                                              "survey.target",
                                              "model.encoder_layers",
                                              "model.cross_turn_layers",
                                              "model.conversation_layers",
                                              "train.epochs",
                                              "train.learning_rate",
                                              "train.batch",
                                              "train.accumulate",
                                              "train.select",
                                              "train.ema",
                                              "train.freeze_layers",
                                              "train.seed"};
  for (const Setting& setting : ReadSettings(config.string())) {
    if (kKeys.count(setting.key) == 0) continue;
    // A report is handed on: where the encoder lies on this machine is nobody else's business.
    out.emplace_back(
        setting.key.substr(setting.key.find('.') + 1),
        setting.key == "encoder" ? fs::path(setting.value).filename().string() : setting.value);
  }
  return out;
}

/// What the evaluation's accuracy was measured on; nothing where nobody answered, or the data came
/// from standard input.
std::optional<LedgerGround> EvaluatedOn(const Json& evaluation) {
  const auto survey = evaluation.find("survey"), data = evaluation.find("data");
  if (survey == evaluation.end() || data == evaluation.end()) return std::nullopt;
  if (survey->empty() || !data->at("sha256").is_string()) return std::nullopt;
  return LedgerGround{evaluation.value("target", "survey"), data->at("sha256").get<std::string>(),
                      survey->at(0).at("n").get<std::int64_t>()};
}

/// Only what was measured on the data of this evaluation: others are harder, or easier.
std::vector<ExperimentPoint> Experiments(const std::string& ledger, const Json& evaluation) {
  std::vector<ExperimentPoint> out;
  const std::optional<LedgerGround> ground = EvaluatedOn(evaluation);
  if (ledger.empty() || !ground) return out;
  const std::string model = evaluation.value("model", "");
  for (const LedgerEntry& entry : ReadLedger(ledger)) {
    const LedgerFigure* figure = entry.Find("test", "accuracy");
    if (figure == nullptr || GroundOf(entry, *figure) != *ground) continue;
    out.push_back({entry.name, entry.date, figure->value, figure->interval, entry.learned,
                   !entry.model.empty() && entry.model == model});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.date < b.date; });
  return out;
}

}  // namespace

ReportData MakeReportData(const ReportInputs& inputs, const Json& evaluation,
                          const ReportOptions& options) {
  ReportData data;
  const std::string target = evaluation.value("target", "survey");
  data.title = inputs.title;
  if (data.title.empty()) {
    data.title = fmt::format("{}: {}", FileTitle(inputs.data), target);
  }
  data.program = fmt::format("arcsat {}", ARCSAT_VERSION);
  data.made_at = Now();
  data.evaluation = evaluation;
  data.conversations = Conversations(*inputs.sections);
  AddTranscripts(inputs, options.transcripts, &data.conversations);
  if (!inputs.run.empty()) {
    const fs::path run = inputs.run;
    if (fs::exists(run / "metrics.jsonl")) data.learning = ReadLearningCurve(run / "metrics.jsonl");
    data.making = Making(run / "config.cfg");
  }
  data.experiments = Experiments(inputs.ledger, evaluation);
  return data;
}

}  // namespace arcsat
