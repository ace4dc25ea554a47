#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/experiments_chart.h"
#include "app/experiments_scale.h"
#include "configs/text.h"

namespace arcsat {
namespace {

constexpr double kLeft = 350, kPlot = 420, kRight = 180, kTop = 64, kRow = 24;

/// Text that is safe in XML and cannot steer what shows it. What XML 1.0 has no room for, control
/// characters, U+FFFE and U+FFFF, becomes "·".
std::string Escaped(const std::string& text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const std::string_view three = std::string_view(text).substr(i, 3);
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else if (byte < 0x20 || byte == 0x7F) {
      safe += "·";
    } else if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
      safe += "·";
      i += 2;
    } else {
      safe += c;
    }
  }
  return safe;
}

// Colours of enough contrast on both grounds (WCAG AA); a status is told by shape as well.
const char kStyle[] =
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "text{font:13px system-ui,sans-serif;fill:#1f2328}\n"
    ".quiet{fill:#57606a}.grid{stroke:#d0d7de}.mark{stroke:#0a58ca;fill:#0a58ca;stroke-width:2}\n"
    ".rejected{fill:#fff}.line{stroke-width:1.5;stroke-dasharray:5 4}\n"
    ".baseline{stroke:#9a3412}.goal{stroke:#166534}.ground{fill:#fff}.best{font-weight:600}\n"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9da7b3}.grid{stroke:#30363d}"
    ".mark{stroke:#79b8ff;fill:#79b8ff}.rejected,.ground{fill:#0d1117}.baseline{stroke:#f0a37e}"
    ".goal{stroke:#7ee2a8}}\n"
    "</style>\n";

double PlaceOf(const LedgerScale& scale, double value) {
  return kLeft + kPlot * scale.Share(value);
}

std::string Axis(const LedgerScale& scale, const LedgerChartOptions& options, double bottom) {
  std::string text;
  for (const double tick : scale.Ticks(6)) {
    const double x = PlaceOf(scale, tick);
    text += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>\n"
        "<text class=\"quiet\" x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4:g}</text>\n",
        x, kTop - 4, bottom, bottom + 18, tick);
  }
  const auto mark = [&](const char* name, double value) {
    text += fmt::format(
        "<line class=\"line {1}\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{2}\" y2=\"{3}\"/>\n"
        "<text class=\"quiet\" x=\"{0:.1f}\" y=\"{4}\" text-anchor=\"middle\">{1} {5:g}</text>\n",
        PlaceOf(scale, value), name, kTop - 10, bottom, kTop - 16, value);
  };
  mark("baseline", options.baseline);
  mark("goal", options.goal);
  return text;
}

std::string Row(const LedgerPoint& point, const LedgerScale& scale, double y) {
  const LedgerFigure& figure = point.figure;
  const std::string interval =
      figure.interval
          ? fmt::format(" [{:.3f}, {:.3f}]", figure.interval->low, figure.interval->high)
          : "";
  std::string text = fmt::format(
      "<g><title>{}, {}, {}: {:.4f}{}</title>\n"
      "<text class=\"{}\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
      Escaped(point.name), Escaped(point.date), Name(point.status), figure.value, interval,
      point.best_so_far ? "best" : "quiet", kLeft - 14, y + 4, Escaped(Shorten(point.name, 42)));
  if (figure.interval) {
    text += fmt::format(
        "<path class=\"mark\" fill=\"none\" d=\"M{0:.1f} {2:.1f}v8m0 -4H{1:.1f}m0 -4v8\"/>\n",
        PlaceOf(scale, figure.interval->low), PlaceOf(scale, figure.interval->high), y - 4);
  }
  text += fmt::format("<circle class=\"mark {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\"/>\n",
                      Name(point.status), PlaceOf(scale, figure.value), y);
  return text + fmt::format("<text x=\"{}\" y=\"{:.1f}\">{:.3f}{}</text></g>\n", kLeft + kPlot + 14,
                            y + 4, figure.value, interval);
}

}  // namespace

LedgerScale::LedgerScale(const std::vector<LedgerPoint>& points, double baseline, double goal)
    : low_(std::min(baseline, goal)), high_(std::max(baseline, goal)) {
  for (const LedgerPoint& point : points) {
    const LedgerFigure& figure = point.figure;
    low_ = std::min({low_, figure.value, figure.interval ? figure.interval->low : figure.value});
    high_ = std::max({high_, figure.value, figure.interval ? figure.interval->high : figure.value});
  }
  const double room = high_ > low_ ? 0.05 * (high_ - low_) : 0.05;
  low_ -= room;
  high_ += room;
}

std::vector<double> LedgerScale::Ticks(int most) const {
  const double rough = (high_ - low_) / std::max(1, most - 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  for (double k = std::ceil(low_ / step); k * step <= high_; ++k) ticks.push_back(k * step);
  return ticks;
}

std::string LedgerSvg(const std::vector<LedgerPoint>& points, const LedgerChartOptions& options) {
  const LedgerScale scale(points, options.baseline, options.goal);
  const double bottom = kTop + kRow * static_cast<double>(points.size());
  const double width = kLeft + kPlot + kRight, height = bottom + 48;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n{3}"
      "<rect class=\"ground\" width=\"{0}\" height=\"{1}\"/>\n"
      "<text class=\"best\" x=\"16\" y=\"26\">{2}: {4} experiments, oldest first</text>\n",
      width, height, Escaped(options.title), kStyle, points.size());
  text += Axis(scale, options, bottom);
  double y = kTop + kRow / 2;
  for (const LedgerPoint& point : points) {
    text += Row(point, scale, y);
    y += kRow;
  }
  return text + fmt::format(
                    "<text class=\"quiet\" x=\"16\" y=\"{}\">filled: kept; hollow: rejected; bold: "
                    "best so far</text>\n</svg>\n",
                    height - 10);
}

}  // namespace arcsat
