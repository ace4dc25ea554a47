#include "app/compare_page.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "app/output.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

/// Only the chosen conversations' turns are kept, so the file is read a second time.
void ReadTranscripts(const CompareData& data, const ReadOptions& read, int count,
                     ComparePage* page) {
  std::unordered_map<std::string, std::size_t> wanted;
  for (const std::size_t i : ChooseCompared(page->items, page->versions, count)) {
    wanted.emplace(page->items[i].id, i);
  }
  if (wanted.empty()) return;
  ForEachConversation(data.path, read, [&](Conversation&& conversation) {
    const auto found = wanted.find(conversation.id);
    if (found == wanted.end()) return;
    std::vector<ReportTurn>& transcript = page->transcripts[found->second];
    for (Turn& turn : conversation.turns) {
      transcript.push_back({turn.speaker, std::move(turn.text)});
    }
  });
}

}  // namespace

ComparePage MakeComparePage(const CompareReport& report, Json json, const CompareData& data,
                            std::vector<CompareVersion> versions, const std::string& title,
                            const ReadOptions& read, const ListOptions& options) {
  ComparePage page;
  page.title = title.empty()
                   ? fmt::format("{}: {}", FileTitle(data.path), json.value("target", "survey"))
                   : title;
  page.program = fmt::format("arcsat {}", ARCSAT_VERSION);
  page.made_at = Now();
  page.json = std::move(json);
  page.comparison = report.comparison;
  page.drift = report.drift;
  page.items = data.items;
  page.versions = std::move(versions);
  ReadTranscripts(data, read, options.transcripts, &page);
  return page;
}

}  // namespace arcsat
