#include "data/score_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <tuple>
#include <vector>

#include "data/csv.h"

namespace arcsat {
namespace {

std::string Number(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "";
}

/// A list in one cell, blanks between.
std::string List(const std::vector<double>& values) {
  return fmt::format("{}", fmt::join(values, " "));
}

}  // namespace

std::string ScoreCsvHeader() {
  return "id,entry,exit,delta,p_satisfied,interval_low,interval_high,csat,boxes,set_level,"
         "set_answers,set_satisfied,customer_turns,model\n";
}

std::string ToCsvRow(const Score& score) {
  std::optional<double> low, high, level;
  if (score.interval) std::tie(low, high) = *score.interval;
  std::string answers, satisfied;
  if (score.set) {
    level = score.set->level;
    (score.set->scale ? answers : satisfied) = List(score.set->answers);
  }
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", CsvField(score.id), score.entry,
                     score.exit, score.delta, score.p_satisfied, Number(low), Number(high),
                     Number(score.csat), List(score.boxes), Number(level), answers, satisfied,
                     score.turns.size(), CsvField(score.model));
}

}  // namespace arcsat
