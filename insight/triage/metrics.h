#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace arcsat {

/// Counters of the service, as Prometheus reads them. Any thread.
class TriageMetrics {
 public:
  void Event(const std::string& result);
  void Alert(const std::string& reason);
  void Request(int status);
  /// A round that scored so many conversations in `seconds`.
  void Round(std::size_t conversations, double seconds);
  /// From the moment a turn was on the disk until its conversation was judged, in seconds.
  void Delay(double seconds);
  /// A value of now, `name` without the prefix.
  void Gauge(const std::string& name, const std::string& help, double value);

  /// Text exposition format 0.0.4.
  std::string Text() const;

 private:
  static constexpr std::array<double, 10> kBounds = {0.01, 0.025, 0.05, 0.1, 0.25,
                                                     0.5,  1,     2.5,  5,   10};
  struct Value {
    std::string help;
    double value = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> events_, alerts_, requests_;
  std::map<std::string, Value> gauges_;
  std::array<std::int64_t, kBounds.size()> delays_{};
  std::int64_t delay_count_ = 0, rounds_ = 0, scored_ = 0;
  double delay_sum_ = 0, scoring_seconds_ = 0;
};

}  // namespace arcsat
