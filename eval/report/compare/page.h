#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "eval/compare.h"
#include "eval/drift.h"
#include "eval/report/report.h"

namespace arcsat {

/// What the page of a comparison is made of.
struct ComparePage {
  std::string title;    ///< heading
  std::string program;  ///< "arcsat 0.1.0"
  std::string made_at;  ///< ISO 8601
  Json json;            ///< what `arcsat compare --json` prints
  Comparison comparison;
  std::vector<DriftReport> drift;
  std::vector<CompareItem> items;        ///< as compared
  std::vector<CompareVersion> versions;  ///< with their scores of the items
  /// Turns to read, by place in `items`.
  std::map<std::size_t, std::vector<ReportTurn>> transcripts;
};

/// One HTML file that opens offline: the verdict and its rule, figures side by side, differences by
/// group, drift, and what flipped with both arcs. Safe like the evaluation report
/// (eval/report/page.h).
std::string RenderComparePage(const ComparePage& page, const ListOptions& options = {});

/// What the page reads (docs/report.md).
Json MakeComparePayload(const ComparePage& page, const ListOptions& options);

/// Which conversations are worth reading, at most `count`, sorted: by turns, for each later
/// version, the mended, the spoilt and the equally decided ones whose chances lie furthest apart.
std::vector<std::size_t> ChooseCompared(const std::vector<CompareItem>& items,
                                        const std::vector<CompareVersion>& versions, int count);

}  // namespace arcsat
