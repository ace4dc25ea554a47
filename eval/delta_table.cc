#include "eval/delta_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/error.h"
#include "eval/reliability.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

void Check(Values delta, Labels satisfied, const DeltaTableOptions& options) {
  if (options.bins < 1 || options.min_bin < 1 || !(options.level > 0 && options.level < 1)) {
    throw UsageError({"delta table options",
                      fmt::format("found bins {}, min_bin {}, level {}", options.bins,
                                  options.min_bin, options.level),
                      "expected 1 or more, 1 or more, and a number between 0 and 1",
                      "mend the options"});
  }
  if (delta.size() != satisfied.size()) {
    throw Error({"delta table",
                 fmt::format("found {} deltas and {} answers", delta.size(), satisfied.size()),
                 "expected one of each a conversation", "pass them side by side"});
  }
  for (std::size_t i = 0; i < delta.size(); ++i) {
    if (!(delta[i] >= -1 && delta[i] <= 1) || (satisfied[i] != 0 && satisfied[i] != 1)) {
      throw Error({fmt::format("delta table: conversation number {}", i),
                   fmt::format("found delta {} and answer {}", delta[i], satisfied[i]),
                   "expected a delta from -1 to 1 and an answer of 0 or 1",
                   "score the conversations again"});
    }
  }
}

}  // namespace

std::vector<double> MonotoneFit(Values values, Values weights) {
  struct Block {
    double value, weight;
    std::size_t count;
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Block block{values[i], weights[i], 1};
    while (!blocks.empty() && blocks.back().value >= block.value) {
      const Block& before = blocks.back();
      const double weight = before.weight + block.weight;
      block = {(before.value * before.weight + block.value * block.weight) / weight, weight,
               before.count + block.count};
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  std::vector<double> fitted;
  for (const Block& block : blocks) fitted.insert(fitted.end(), block.count, block.value);
  return fitted;
}

DeltaTable MakeDeltaTable(Values delta, Labels satisfied, const DeltaTableOptions& options) {
  Check(delta, satisfied, options);
  // Equal-mass bins are made for numbers in 0..1.
  std::vector<double> place;
  for (const double d : delta) place.push_back((d + 1) / 2);
  const int bins = std::clamp(static_cast<int>(delta.size()) / options.min_bin, 1, options.bins);
  const auto groups = EqualMassBins(place, satisfied, bins, options.level);
  DeltaTable table;
  std::vector<double> shares, weights;
  for (const ReliabilityBin& group : groups) {
    DeltaBin bin;
    if (!table.bins.empty()) {
      const double before = groups[table.bins.size() - 1].p_high;
      bin.low = table.bins.back().high = before + group.p_low - 1;  // halfway, back on -1..1
    }
    bin.n = group.n;
    bin.satisfied = group.y;
    bin.interval = group.interval;
    shares.push_back(group.y);
    weights.push_back(group.n);
    table.bins.push_back(bin);
  }
  const std::vector<double> fitted = MonotoneFit(shares, weights);
  const double level =
      1 - (1 - options.level) / std::max<double>(1, static_cast<double>(groups.size()));
  for (std::size_t b = 0; b < table.bins.size(); ++b) {
    DeltaBin& bin = table.bins[b];
    bin.fitted = fitted[b];
    const auto wide = WilsonInterval(std::round(bin.satisfied * bin.n), bin.n, level);
    if (bin.fitted < wide->low || bin.fitted > wide->high) table.monotone = false;
  }
  return table;
}

double ChanceOfDelta(const DeltaTable& table, double delta) {
  if (table.bins.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto bin = std::upper_bound(table.bins.begin(), table.bins.end(), delta,
                                    [](double d, const DeltaBin& b) { return d < b.high; });
  return bin == table.bins.end() ? table.bins.back().fitted : bin->fitted;
}

Json ToJson(const DeltaTable& table) {
  Json array = Json::array();
  for (const DeltaBin& bin : table.bins) {
    array.push_back({{"low", bin.low},
                     {"high", bin.high},
                     {"n", bin.n},
                     {"satisfied", bin.satisfied},
                     {"interval", IntervalJson(bin.interval)},
                     {"fitted", bin.fitted}});
  }
  return array;
}

}  // namespace arcsat
