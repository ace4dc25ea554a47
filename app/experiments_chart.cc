#include "app/experiments_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "app/experiments_scale.h"
#include "configs/text.h"

namespace arcsat {
namespace {

constexpr int kNameColumns = 34;
constexpr int kFigureColumns = 24;

/// Exactly so many columns: cut with "…", or filled with spaces.
std::string Fitted(const std::string& text, std::size_t columns) {
  std::string fitted = text;
  for (std::size_t most = text.size(); DisplayWidth(fitted) > columns; --most) {
    fitted = Shorten(text, most);
  }
  return fitted + std::string(columns - DisplayWidth(fitted), ' ');
}

/// A line of cells, each a character of any length in bytes.
class Cells {
 public:
  explicit Cells(int count) : cells_(static_cast<std::size_t>(count), " ") {}
  void Put(int at, const std::string& character) {
    if (at >= 0 && at < static_cast<int>(cells_.size())) {
      cells_[static_cast<std::size_t>(at)] = character;
    }
  }
  /// Every byte of an ASCII text in a cell of its own.
  void Write(int at, const std::string& text) {
    for (const char c : text) Put(at++, std::string(1, c));
  }
  std::string Text() const {
    std::string text;
    for (const std::string& cell : cells_) text += cell;
    return text;
  }

 private:
  std::vector<std::string> cells_;
};

std::string FigureText(const LedgerFigure& figure) {
  if (!figure.interval) return fmt::format("{:.3f}", figure.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", figure.value, figure.interval->low,
                     figure.interval->high);
}

std::string Row(const LedgerPoint& point, const LedgerScale& scale,
                const LedgerChartOptions& options, int cells) {
  const auto at = [&](double value) {
    return static_cast<int>(std::lround(scale.Share(value) * (cells - 1)));
  };
  Cells line(cells);
  line.Put(at(options.baseline), "┊");
  line.Put(at(options.goal), "┊");
  if (point.figure.interval) {
    const int low = at(point.figure.interval->low), high = at(point.figure.interval->high);
    for (int i = low; i <= high; ++i) line.Put(i, "─");
    line.Put(low, "├");
    line.Put(high, "┤");
  }
  line.Put(at(point.figure.value), point.status == LedgerStatus::kKept ? "●" : "○");
  return fmt::format("{}  {}  {}{}\n", Fitted(point.name, kNameColumns), line.Text(),
                     FigureText(point.figure), point.best_so_far ? " *" : "");
}

}  // namespace

std::vector<LedgerPoint> LedgerPoints(const std::vector<LedgerEntry>& entries,
                                      const LedgerQuery& query) {
  std::vector<LedgerPoint> points;
  for (const LedgerEntry& entry : Select(entries, query)) {
    const LedgerFigure* figure = entry.Find(query.side, query.figure);
    if (figure == nullptr || entry.status == LedgerStatus::kFailed) continue;
    points.push_back({entry.name, entry.date, entry.status, *figure, false});
  }
  // ISO 8601 in UTC sorts as text.
  std::stable_sort(points.begin(), points.end(),
                   [](const auto& a, const auto& b) { return a.date < b.date; });
  const double sign = LowerIsBetter(query.figure) ? -1 : 1;
  std::optional<double> best;
  for (LedgerPoint& point : points) {
    point.best_so_far = !best || sign * point.figure.value > *best;
    if (point.best_so_far) best = sign * point.figure.value;
  }
  return points;
}

std::string LedgerText(const std::vector<LedgerPoint>& points, const LedgerChartOptions& options) {
  if (points.empty()) return "";
  const LedgerScale scale(points, options.baseline, options.goal);
  const int cells = std::max(20, options.columns - kNameColumns - kFigureColumns - 6);
  Cells labels(cells), ticks(cells);
  for (const double tick : scale.Ticks(cells / 6)) {
    const int at = static_cast<int>(std::lround(scale.Share(tick) * (cells - 1)));
    const std::string text = fmt::format("{:g}", tick);
    const int width = static_cast<int>(text.size());
    labels.Write(std::clamp(at - width / 2, 0, cells - width), text);
    ticks.Put(at, "┬");
  }
  std::string text = fmt::format("{}: {} experiments, oldest first; baseline {:g}, goal {:g}\n\n",
                                 options.title, points.size(), options.baseline, options.goal);
  const std::string margin(kNameColumns + 2, ' ');
  for (const Cells* line : {&labels, &ticks}) {
    text += margin + line->Text();
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  for (const LedgerPoint& point : points) text += Row(point, scale, options, cells);
  text += "\n● kept  ○ rejected  ├─┤ interval  ┊ baseline and goal  * best so far\n";
  return text;
}

}  // namespace arcsat
