#include "eval/report/report.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "eval/report/assets.h"
#include "eval/report/columns.h"
#include "eval/report/page.h"
#include "eval/report/payload.h"

namespace arcsat {
namespace {

double Median(std::vector<double> values) {
  if (values.empty()) return 0.5;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

using Rank = std::function<double(const ReportConversation&)>;  // the lowest is taken first

// How far a conversation lies from the middle of those with the same answer.
Rank Typical(const std::vector<ReportConversation>& conversations, bool satisfied) {
  std::vector<double> entry, exit;
  for (const ReportConversation& conversation : conversations) {
    if (conversation.satisfied != satisfied) continue;
    entry.push_back(conversation.entry);
    exit.push_back(conversation.exit);
  }
  const double middle_entry = Median(entry), middle_exit = Median(exit);
  return [=](const ReportConversation& conversation) {
    if (conversation.satisfied != satisfied) return 10.0;
    return std::abs(conversation.entry - middle_entry) + std::abs(conversation.exit - middle_exit);
  };
}

std::vector<Rank> WorthReading(const std::vector<ReportConversation>& conversations) {
  return {[](const auto& c) { return -c.delta; },
          [](const auto& c) { return c.delta; },
          [](const auto& c) {
            return c.satisfied ? -std::abs(c.p_satisfied - (*c.satisfied ? 1 : 0)) : 1.0;
          },
          [](const auto& c) { return std::abs(c.p_satisfied - 0.5); },
          Typical(conversations, true),
          Typical(conversations, false)};
}

}  // namespace

std::string RenderHtml(const ReportData& data, const ReportOptions& options) {
  return RenderPage({"arcsat evaluation", "evaluation.json or in the Markdown summary",
                     assets::Style(), assets::Script(), MakePayload(data, options)});
}

std::vector<std::size_t> ChooseTranscripts(const std::vector<ReportConversation>& conversations,
                                           int count) {
  std::vector<std::vector<std::size_t>> orders;
  for (const Rank& rank : WorthReading(conversations)) {
    std::vector<std::pair<double, std::size_t>> keys;
    for (std::size_t i = 0; i < conversations.size(); ++i) {
      const double key = rank(conversations[i]);
      keys.emplace_back(std::isfinite(key) ? key : 10.0, i);
    }
    std::sort(keys.begin(), keys.end());
    orders.emplace_back();
    for (const auto& [key, i] : keys) orders.back().push_back(i);
  }
  return TakeInTurns(orders, count);
}

}  // namespace arcsat
