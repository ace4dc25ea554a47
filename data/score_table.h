#pragma once

#include <string>
#include <vector>

#include "data/parquet/writer.h"
#include "data/score.h"

namespace arcsat {

/// Scores as a table, a row a conversation (docs/formats.md): what its columns are, and a score's
/// cells. The last column, "turns", holds the customer's turns as JSON.
const std::vector<ParquetField>& ScoreFields();
std::vector<ParquetCell> ScoreCells(const Score& score);

/// The same for spreadsheets, without the turns. Both end with a line break.
std::string ScoreCsvHeader();
std::string ToCsvRow(const Score& score);

}  // namespace arcsat
