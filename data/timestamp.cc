#include "data/timestamp.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace arcsat {
namespace {

/// Reads an ISO time from left to right.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool Digits(std::size_t count, int low, int high, int* value) {
    if (text_.size() < count) return false;
    *value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      *value = *value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return *value >= low && *value <= high;
  }
  bool Skip(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// The digits after a decimal point, as a fraction of a second.
  bool Fraction(double* value) {
    double unit = 0.1;
    const std::size_t before = text_.size();
    for (int digit = 0; Digits(1, 0, 9, &digit); unit /= 10) *value += digit * unit;
    return text_.size() < before;
  }
  bool done() const { return text_.empty(); }

 private:
  std::string_view text_;
};

}  // namespace

std::optional<double> ParseTimestamp(std::string_view text) {
  Cursor cursor(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  double fraction = 0;
  if (!cursor.Digits(4, 1, 9999, &year) || !cursor.Skip('-') || !cursor.Digits(2, 1, 12, &month) ||
      !cursor.Skip('-') || !cursor.Digits(2, 1, 31, &day)) {
    return std::nullopt;
  }
  namespace chrono = std::chrono;
  const chrono::year_month_day date(chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  const auto days = static_cast<double>(chrono::sys_days(date).time_since_epoch().count());
  if (cursor.done()) return days * 86400;

  if (!cursor.Skip('T') && !cursor.Skip('t') && !cursor.Skip(' ')) return std::nullopt;
  if (!cursor.Digits(2, 0, 23, &hour) || !cursor.Skip(':') || !cursor.Digits(2, 0, 59, &minute)) {
    return std::nullopt;
  }
  // 60 is a leap second.
  if (cursor.Skip(':')) {
    if (!cursor.Digits(2, 0, 60, &second)) return std::nullopt;
    if (cursor.Skip('.') && !cursor.Fraction(&fraction)) return std::nullopt;
  }
  int offset_hours = 0, offset_minutes = 0, sign = 0;
  if (cursor.Skip('+')) sign = 1;
  if (sign == 0 && cursor.Skip('-')) sign = -1;
  if (sign != 0) {
    if (!cursor.Digits(2, 0, 23, &offset_hours)) return std::nullopt;
    const bool minutes = cursor.Skip(':') || !cursor.done();
    if (minutes && !cursor.Digits(2, 0, 59, &offset_minutes)) return std::nullopt;
  } else if (!cursor.Skip('Z')) {
    cursor.Skip('z');
  }
  if (!cursor.done()) return std::nullopt;
  const int clock = (hour - sign * offset_hours) * 3600 + (minute - sign * offset_minutes) * 60;
  return days * 86400 + clock + second + fraction;
}

std::string FormatTimestamp(std::int64_t seconds) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds time{chrono::seconds(seconds)};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const std::int64_t clock = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int{date.year()},
                     unsigned{date.month()}, unsigned{date.day()}, clock / 3600, clock / 60 % 60,
                     clock % 60);
}

std::string Now() { return FormatTimestamp(std::time(nullptr)); }

}  // namespace arcsat
