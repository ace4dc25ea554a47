#include "eval/report/columns.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "data/json.h"
#include "eval/report/page.h"

namespace arcsat {
namespace {

constexpr std::size_t kTurnBytes = 4000;  // of one turn to read, at most
constexpr int kUnknown = 4095;            // "//": no figure

void AppendDigits(std::string* text, int value, int digits) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int shift = 6 * (digits - 1); shift >= 0; shift -= 6) {
    text->push_back(kDigits[(value >> shift) & 63]);
  }
}

// `count` places of 0..size-1, evenly, the ends among them.
std::vector<std::size_t> Evenly(std::size_t size, std::size_t count) {
  std::vector<std::size_t> places;
  if (size <= count) count = size;
  for (std::size_t i = 0; i < count; ++i) {
    places.push_back(count == 1 ? 0 : i * (size - 1) / (count - 1));
  }
  return places;
}

}  // namespace

int Thousandths(double value) {
  if (!std::isfinite(value)) return kUnknown;
  return static_cast<int>(std::lround(1000 * std::clamp(value, 0.0, 1.0)));
}

std::string PackArc(const std::vector<ReportState>& states, std::size_t points) {
  constexpr int kEscape = 63, kLargest = (1 << 18) - 1;
  std::string text;
  int last = 0;
  for (const std::size_t place : Evenly(states.size(), points)) {
    const ReportState& state = states[place];
    const int gap = std::clamp(state.turn - last, 0, kLargest);
    AppendDigits(&text, std::min(gap, kEscape), 1);
    if (gap >= kEscape) AppendDigits(&text, gap, 3);
    AppendDigits(&text, Thousandths(state.state), 2);
    AppendDigits(&text, Thousandths(state.outlook), 2);
    last = state.turn;
  }
  return text;
}

std::size_t PointsThatFit(const std::vector<std::size_t>& lengths, std::size_t bytes) {
  constexpr std::size_t kPointBytes = 5;
  for (std::size_t points = 512; points > 8; points = points * 3 / 4) {
    std::size_t sum = 0;
    for (const std::size_t length : lengths) sum += kPointBytes * std::min(points, length) + 3;
    if (sum <= bytes) return points;
  }
  return 8;
}

void CodedColumn::Add(const std::string& text) {
  const auto [place, added] = codes_.try_emplace(text, codes_.size());
  if (added) values_.push_back(CutText(text, kReportNameBytes));
  column_.push_back(place->second);
}

Transcripts::Transcripts(const ListOptions& options)
    : rows_left_(static_cast<std::size_t>(std::max(options.transcripts, 0))),
      bytes_left_(options.transcript_bytes) {}

void Transcripts::Add(std::size_t row, const std::vector<ReportTurn>& turns) {
  if (turns.empty() || rows_left_ == 0) return;
  std::size_t bytes = 0;
  for (const ReportTurn& turn : turns) bytes += std::min(turn.text.size(), kTurnBytes) + 6;
  if (bytes > bytes_left_) return;
  bytes_left_ -= bytes;
  --rows_left_;
  Json lines = Json::array();
  for (const ReportTurn& turn : turns) {
    lines.push_back({static_cast<int>(turn.speaker), CutText(turn.text, kTurnBytes)});
  }
  AppendField(&texts_, std::to_string(row), std::move(lines));
}

std::vector<std::size_t> TakeByRank(const std::vector<std::vector<std::size_t>>& ranks, int limit) {
  std::vector<std::size_t> taken;
  for (const auto& rank : ranks) {
    const std::size_t room = static_cast<std::size_t>(std::max(limit, 0)) - taken.size();
    for (const std::size_t place : Evenly(rank.size(), room)) taken.push_back(rank[place]);
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

std::vector<std::size_t> TakeInTurns(const std::vector<std::vector<std::size_t>>& orders,
                                     int count) {
  std::set<std::size_t> taken;
  std::size_t longest = 0;
  for (const auto& order : orders) longest = std::max(longest, order.size());
  const auto full = [&] { return static_cast<int>(taken.size()) >= count; };
  for (std::size_t place = 0; place < longest; ++place) {
    for (const auto& order : orders) {
      if (full()) return {taken.begin(), taken.end()};
      if (place < order.size()) taken.insert(order[place]);
    }
  }
  return {taken.begin(), taken.end()};
}

}  // namespace arcsat
