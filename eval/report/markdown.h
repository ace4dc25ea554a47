#pragma once

#include <string>
#include <string_view>

#include "eval/report/verdict.h"

namespace arcsat {

/// A text as a code span of GitHub-flavoured Markdown that shows it literally (GFM 6.3). Line ends
/// become spaces; an empty text becomes a dash.
std::string CodeSpan(std::string_view text);

/// The same for a cell of a table, where a bar would begin the next one (GFM 4.10).
std::string CodeCell(std::string_view text);

/// A sentence of the program's own, with everything escaped that Markdown would read.
std::string PlainMarkdown(std::string_view text);

/// A coloured mark: ✅ shown, 🟡 open, ❌ refuted, 🔵 a figure, ⚪ not measured.
const char* MarkdownSign(FindingStanding standing);

}  // namespace arcsat
