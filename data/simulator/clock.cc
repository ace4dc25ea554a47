#include "data/simulator/clock.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"

namespace arcsat {
namespace {

double Speech(const std::string& text) {
  const auto words = 1 + std::count(text.begin(), text.end(), ' ');
  return static_cast<double>(words) / 2.6;
}

}  // namespace

void SetTimes(Channel channel, const std::vector<double>& waits, Random* random,
              std::vector<Turn>* turns) {
  const double typing = 2.5 + 4.0 * random->Uniform();  // the customer's characters a second
  double now = 0;
  double busy = 0;  // how long the turn before goes on
  for (std::size_t i = 0; i < turns->size(); ++i) {
    Turn& turn = (*turns)[i];
    double delay = i == 0 ? 0.0 : busy + waits[i];
    if (channel == Channel::kVoice) {
      if (i > 0) delay += 0.2 + 1.2 * random->Uniform();
      busy = Speech(turn.text);
    } else if (i > 0) {
      const double length = static_cast<double>(turn.text.size());
      if (turn.speaker == Speaker::kCustomer) {
        delay += 2.0 + 6.0 * random->Uniform() + length / typing;
      } else {
        delay += turn.speaker == Speaker::kBot ? 1.0 : 4.0 + 14.0 * random->Uniform();
      }
    }
    now = std::floor((now + delay) * 10.0 + 0.5) / 10.0;
    turn.at = now;
  }
}

std::string TimeStamp(std::int64_t seconds_of_2026) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::int64_t day = seconds_of_2026 / 86400;
  const std::int64_t second = seconds_of_2026 % 86400;
  int year = 2026;  // 2026 and 2027 have 365 days, 2028 has 366
  const auto days_of = [](int y) { return y % 4 == 0 ? 366 : 365; };
  while (day >= days_of(year)) day -= days_of(year++);
  int month = 0;
  const auto days_in = [&](int m) {
    return kDays[static_cast<std::size_t>(m)] + (m == 1 && year % 4 == 0 ? 1 : 0);
  };
  while (day >= days_in(month)) day -= days_in(month++);
  return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}Z", year, month + 1, day + 1, second / 3600,
                     second / 60 % 60, second % 60);
}

}  // namespace arcsat
