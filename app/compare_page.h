#pragma once

#include <string>
#include <vector>

#include "app/compare_inputs.h"
#include "app/compare_text.h"
#include "eval/report/compare/page.h"

namespace arcsat {

/// What a comparison found, made ready for its page. The turns to read come from a second reading
/// of the data. `json` is what the command prints, `versions` what was compared.
ComparePage MakeComparePage(const CompareReport& report, Json json, const CompareData& data,
                            std::vector<CompareVersion> versions, const std::string& title,
                            const ReadOptions& read, const ListOptions& options);

}  // namespace arcsat
