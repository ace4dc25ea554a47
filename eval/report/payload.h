#pragma once

#include <string>
#include <vector>

#include "eval/report/report.h"

namespace arcsat {

/// What the page reads, as compact JSON (docs/report.md has the layout): evaluation, verdict,
/// learning curve, experiments, and the conversations column by column.
Json MakePayload(const ReportData& data, const ReportOptions& options);

/// The conversations that are listed: all, or an even sample of `limit` that keeps those with a
/// transcript and, as far as they fit, those with an answer. Sorted.
std::vector<std::size_t> ListedConversations(const std::vector<ReportConversation>& conversations,
                                             int limit);

}  // namespace arcsat
