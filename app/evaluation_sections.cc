#include "app/evaluation_sections.h"

#include <fmt/format.h>

#include "eval/cross_conformal.h"
#include "eval/curves.h"

namespace arcsat {
namespace {

/// Answered conversations, column by column.
struct Answered {
  std::vector<double> p, entry, exit, outlook;
  std::vector<int> y;
  int satisfied = 0;
  bool both() const { return satisfied > 0 && satisfied < static_cast<int>(y.size()); }
};

Answered Columns(const SectionInputs& inputs) {
  Answered out;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    const LabelledConversation& conversation = (*inputs.conversations)[i];
    if (!conversation.score.satisfied) continue;
    const Score& score = (*inputs.scores)[i];
    out.p.push_back(score.p_satisfied);
    out.entry.push_back(score.entry);
    out.exit.push_back(score.exit);
    out.outlook.push_back(conversation.score.raw.outlook_logit);
    out.y.push_back(*conversation.score.satisfied ? 1 : 0);
    out.satisfied += out.y.back();
  }
  return out;
}

std::vector<ArcItem> ArcItems(const SectionInputs& inputs) {
  std::vector<ArcItem> out;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    const Score& score = (*inputs.scores)[i];
    ArcItem item{score.p_satisfied, {}, (*inputs.conversations)[i].score.satisfied};
    for (const ScoredTurn& turn : score.turns) item.states.push_back(turn.state);
    out.push_back(std::move(item));
  }
  return out;
}

PopulationItem PopulationItemOf(const LabelledConversation& conversation, const Score& score) {
  PopulationItem item;
  item.id = score.id;
  item.context = {conversation.channel, conversation.problem_type, conversation.turns, score.entry,
                  score.exit,           conversation.escalated};
  item.p_satisfied = score.p_satisfied;
  item.satisfied = conversation.answered_satisfied;
  if (item.satisfied) item.answer = conversation.answer;
  item.expected_answer = score.csat;
  item.truth = conversation.truth;
  item.other = conversation.columns;
  return item;
}

/// Columns by which no groups can be made are left out with a note: which ones a data set has is
/// not known when the options are written, and of standard input not before all is scored.
PopulationOptions KnownColumns(const ColumnCensus& columns, PopulationOptions options,
                               Json* notes) {
  std::erase_if(options.by, [&](const std::string& column) {
    const std::string fault = columns.Fault(column);
    if (!fault.empty()) notes->push_back("population: " + fault);
    return !fault.empty();
  });
  return options;
}

void AddPopulation(const SectionInputs& inputs, const PopulationOptions& options, Json* evaluation,
                   Json* notes) {
  if (!inputs.everything) {
    notes->push_back("population: only conversations with a label were scored (--labelled-only)");
    return;
  }
  std::vector<PopulationItem> items;
  std::size_t answered = 0;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    items.push_back(PopulationItemOf((*inputs.conversations)[i], (*inputs.scores)[i]));
    answered += items.back().satisfied ? 1 : 0;
  }
  if (answered < 2) {
    notes->push_back(fmt::format("population: {} answers are too few", answered));
    return;
  }
  (*evaluation)["population"] =
      ToJson(MeasurePopulation(items, KnownColumns(*inputs.columns, options, notes)));
}

/// By the survey that the model was trained on, whatever else is evaluated. Answers on other scales
/// than the calibration's cannot be held against what it expects.
void AddAnswers(const SectionInputs& inputs, AnswerOptions options, Json* evaluation, Json* notes) {
  const CsatMap& map = inputs.calibration->csat;
  if (!map.fitted) {
    notes->push_back("answers: the calibration says nothing of the answer on the survey's scale");
    return;
  }
  std::vector<AnswerItem> items;
  int elsewhere = 0;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    const LabelledConversation& conversation = (*inputs.conversations)[i];
    const Score& score = (*inputs.scores)[i];
    if (!conversation.answer || !score.csat) continue;
    if (conversation.scale_low != map.low || conversation.scale_high != map.high) {
      ++elsewhere;
      continue;
    }
    items.push_back({*conversation.answer, *score.csat, score.boxes, conversation.channel,
                     conversation.problem_type, conversation.turns});
  }
  const std::string scale = fmt::format("{:g} to {:g}", map.low, map.high);
  if (elsewhere > 0) {
    notes->push_back(
        fmt::format("answers: {} on another scale than {}, which was calibrated, are left out",
                    elsewhere, scale));
  }
  if (items.empty()) {
    if (elsewhere == 0) {
      notes->push_back(fmt::format("answers: no survey was answered on a scale from {}", scale));
    }
    return;
  }
  options.low = map.low;
  options.high = map.high;
  options.calibration_mean = map.mean_answer;
  (*evaluation)["answers"] = ToJson(MeasureAnswers(items, options));
}

void AddConformal(const SectionInputs& inputs, Json* evaluation, Json* notes) {
  if (inputs.conformal == nullptr) {
    notes->push_back("conformal: the model has no conformal.json (arcsat calibrate makes it)");
    return;
  }
  const int boxes = inputs.conformal->boxes;
  std::vector<BoxedAnswer> rows;
  std::vector<std::string> groups;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    const LabelledConversation& conversation = (*inputs.conversations)[i];
    LabeledScore labels = conversation.score;
    if (boxes > 2) labels.answer = conversation.answer;
    auto row = MakeBoxedAnswer((*inputs.scores)[i], labels, *inputs.calibration, boxes);
    if (!row) continue;
    rows.push_back(std::move(*row));
    groups.push_back(conversation.channel);
  }
  if (rows.empty()) {
    notes->push_back("conformal: no answer lies on the scale that the sets were made for");
    return;
  }
  ConformalItems items = ToConformalItems(rows, boxes);
  items.group = std::move(groups);
  ConformalReport report = MeasureCoverage(*inputs.conformal, items);
  if (inputs.conformal->weighted) {
    report.notes.emplace_back(
        "the sets allow for customers who do not answer, so among those who do they hold more");
  }
  (*evaluation)["conformal"] = ToJson(report);
}

}  // namespace

std::vector<SurveyItem> SurveyItems(const SectionInputs& inputs) {
  std::vector<SurveyItem> out;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    const LabelledConversation& conversation = (*inputs.conversations)[i];
    if (!conversation.score.satisfied) continue;
    out.push_back({(*inputs.scores)[i].id, (*inputs.scores)[i].p_satisfied,
                   *conversation.score.satisfied, conversation.channel, conversation.problem_type,
                   conversation.turns});
  }
  return out;
}

std::vector<TurnItem> TurnItems(const SectionInputs& inputs) {
  std::vector<TurnItem> out;
  for (std::size_t i = 0; i < inputs.scores->size(); ++i) {
    const LabelledConversation& conversation = (*inputs.conversations)[i];
    const Score& score = (*inputs.scores)[i];
    for (std::size_t t = 0; t < score.turns.size(); ++t) {
      if (!conversation.score.ratings[t]) continue;
      out.push_back({static_cast<int>(i), score.turns[t].state, *conversation.score.ratings[t],
                     conversation.channel, conversation.problem_type, conversation.turns});
    }
  }
  return out;
}

void AddSections(const SectionInputs& inputs, const std::vector<SurveyItem>& survey,
                 const SectionOptions& options, Json* evaluation) {
  Json notes = Json::array();
  const Answered answered = Columns(inputs);
  if (answered.y.empty()) {
    notes.push_back("reliability, curves, claim: no conversation has an answer");
  } else {
    (*evaluation)["reliability"] = ToJson(MeasureReliability(survey, options.reliability));
    (*evaluation)["curves"] = ToJson(MakeCurves(answered.p, answered.y));
  }
  if (answered.both()) {
    (*evaluation)["claim"] = ToJson(
        ExamineClaim(answered.entry, answered.exit, answered.outlook, answered.y, options.claim));
  } else if (!answered.y.empty()) {
    notes.push_back("claim: every answer is the same");
  }
  const std::vector<ArcItem> arcs = ArcItems(inputs);
  (*evaluation)["histograms"] = ToJson(MakeHistograms(arcs));
  (*evaluation)["arcs"] = ToJson(MakeArcs(arcs));
  AddAnswers(inputs, options.answers, evaluation, &notes);
  AddPopulation(inputs, options.population, evaluation, &notes);
  AddConformal(inputs, evaluation, &notes);
  if (!notes.empty()) (*evaluation)["notes"] = notes;
}

}  // namespace arcsat
