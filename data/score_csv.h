#pragma once

#include <string>

#include "data/score.h"

namespace arcsat {

/// Scores as a table, a row a conversation: the figures without the turns (docs/formats.md), for
/// spreadsheets and databases. Both end with a line break.
std::string ScoreCsvHeader();
std::string ToCsvRow(const Score& score);

}  // namespace arcsat
