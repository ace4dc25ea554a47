#pragma once

#include <string>
#include <vector>

#include "app/evaluation_sections.h"
#include "data/corpus.h"
#include "eval/report/report.h"

namespace arcsat {

/// What the report shows beside the evaluation.
struct ReportInputs {
  const SectionInputs* sections = nullptr;
  std::string data;    ///< the file evaluated; read again for the turns to read
  std::string run;     ///< the run folder, or empty: its learning curve and configuration
  std::string ledger;  ///< of experiments, or empty; those on the same data are shown
  std::string title;   ///< or empty: made from the data's name and the target
  ReadOptions read;
};

/// Everything the HTML page and the Markdown summary need.
ReportData MakeReportData(const ReportInputs& inputs, const Json& evaluation,
                          const ReportOptions& options);

}  // namespace arcsat
