#pragma once

#include "configs/options.h"
#include "data/importers/importer.h"
#include "data/survey_table.h"

namespace arcsat {

/// How `import` redacts.
struct RedactSettings {
  bool redact = false;   ///< personal data become placeholders
  std::string key_file;  ///< whose bytes make pseudonyms of ids; a key of this run without it
};

/// How `import` makes calls of chats.
struct RoughenSettings {
  bool roughen = false;     ///< written conversations as a recogniser would hand them over
  double word_error = 0.1;  ///< share of their words that go wrong
  std::uint64_t seed = 1;   ///< of the errors
};

/// The options of `import` besides what every command takes. `scale` is ParseAnswerScale()'s text.
struct ImportSettings {
  ImportOptions import;
  std::string scale = "1..5";
  RedactSettings redact;
  RoughenSettings roughen;
  SurveyTableOptions survey;
};

void Bind(Options& options, ImportSettings* fields);

}  // namespace arcsat
