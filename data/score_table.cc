#include "data/score_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/csv.h"

namespace arcsat {
namespace {

ParquetCell NumberCell(const std::optional<double>& value) {
  return value ? ParquetCell(*value) : ParquetCell();
}

/// A list in one cell, blanks between; null where there is none.
ParquetCell ListCell(const std::vector<double>& values) {
  return values.empty() ? ParquetCell() : ParquetCell(fmt::format("{}", fmt::join(values, " ")));
}

/// Only names are texts that may hold anything; those that may be null are lists of numbers.
std::string CsvText(const ParquetCell& cell, bool name) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *whole);
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&cell)) return name ? CsvField(*text) : *text;
  return "";
}

}  // namespace

const std::vector<ParquetField>& ScoreFields() {
  using enum ParquetKind;
  static const std::vector<ParquetField> fields = {{"id", kText},
                                                   {"entry", kNumber},
                                                   {"exit", kNumber},
                                                   {"delta", kNumber},
                                                   {"p_satisfied", kNumber},
                                                   {"interval_low", kNumber, true},
                                                   {"interval_high", kNumber, true},
                                                   {"csat", kNumber, true},
                                                   {"boxes", kText, true},
                                                   {"set_level", kNumber, true},
                                                   {"set_answers", kText, true},
                                                   {"set_satisfied", kText, true},
                                                   {"customer_turns", kWhole},
                                                   {"model", kText},
                                                   {"turns", kJson}};
  return fields;
}

std::vector<ParquetCell> ScoreCells(const Score& score) {
  ParquetCell low, high, level, answers, satisfied;
  if (score.interval) {
    low = score.interval->first;
    high = score.interval->second;
  }
  if (score.set) {
    level = score.set->level;
    (score.set->scale ? answers : satisfied) = ListCell(score.set->answers);
  }
  return {score.id,
          score.entry,
          score.exit,
          score.delta,
          score.p_satisfied,
          low,
          high,
          NumberCell(score.csat),
          ListCell(score.boxes),
          level,
          answers,
          satisfied,
          static_cast<std::int64_t>(score.turns.size()),
          score.model,
          TurnsJson(score).dump()};
}

std::string ScoreCsvHeader() {
  std::string line;
  for (const ParquetField& field : ScoreFields()) {
    if (field.kind != ParquetKind::kJson) line += (line.empty() ? "" : ",") + field.name;
  }
  return line + "\n";
}

std::string ToCsvRow(const Score& score) {
  const std::vector<ParquetCell> cells = ScoreCells(score);
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const ParquetField& field = ScoreFields()[i];
    if (field.kind == ParquetKind::kJson) continue;
    line += (i == 0 ? "" : ",") + CsvText(cells[i], !field.optional);
  }
  return line + "\n";
}

}  // namespace arcsat
