#pragma once

#include <string>
#include <vector>

#include "data/survey.h"

namespace arcsat {

/// A file of conversations as --data names it: "PATH", or "PATH,weight=0.5,target=attribute:x",
/// where the weight scales its survey's part of the loss and the target replaces --survey.target.
/// ",scores=FILE", once or several times: what models said of them (score's output), to learn from
/// where nobody answered.
struct DataSource {
  std::string path;
  double weight = 1;
  std::vector<std::string> scores;
  SurveyOptions survey;
};

/// UsageError says which part of the text is wrong.
DataSource ParseDataSource(const std::string& text, const SurveyOptions& survey);

}  // namespace arcsat
