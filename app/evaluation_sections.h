#pragma once

#include <string>
#include <vector>

#include "app/labelled.h"
#include "data/record_columns.h"
#include "eval/answers.h"
#include "eval/claim.h"
#include "eval/conformal.h"
#include "eval/evaluation.h"
#include "eval/population.h"
#include "eval/reliability.h"

namespace arcsat {

/// What the sections of an evaluation are made from.
struct SectionInputs {
  const std::vector<LabelledConversation>* conversations = nullptr;
  const std::vector<Score>* scores = nullptr;  ///< calibrated, one a conversation
  const Calibration* calibration = nullptr;
  const ConformalSets* conformal = nullptr;  ///< or null
  const ColumnCensus* columns = nullptr;     ///< of the conversations, those of population.by
  bool everything = false;                   ///< conversations without a label are there as well
};

struct SectionOptions {
  ReliabilityOptions reliability;
  AnswerOptions answers;  ///< the scale and the mean are the calibration's
  ClaimOptions claim;
  PopulationOptions population;
};

/// The conversations with an answer, as eval/ takes them.
std::vector<SurveyItem> SurveyItems(const SectionInputs& inputs);
/// The rated customer turns.
std::vector<TurnItem> TurnItems(const SectionInputs& inputs);

/// Adds reliability, answers, curves, histograms, arcs, claim, population and conformal to an
/// evaluation.
/// `survey` is SurveyItems(inputs). What cannot be made is left out, and "notes" says why.
void AddSections(const SectionInputs& inputs, const std::vector<SurveyItem>& survey,
                 const SectionOptions& options, Json* evaluation);

/// The sections in a few lines for a terminal: answers, everybody's satisfaction, the claim.
std::string SectionsText(const Json& evaluation);

}  // namespace arcsat
