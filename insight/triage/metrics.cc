#include "insight/triage/metrics.h"

#include <fmt/format.h>

namespace arcsat {
namespace {

std::string Head(const std::string& name, const std::string& help, const std::string& type) {
  return fmt::format("# HELP arcsat_triage_{} {}\n# TYPE arcsat_triage_{} {}\n", name, help, name,
                     type);
}

std::string Counters(const std::string& name, const std::string& help, const std::string& label,
                     const std::map<std::string, std::int64_t>& counts) {
  std::string text = Head(name, help, "counter");
  for (const auto& [key, n] : counts) {
    text += fmt::format("arcsat_triage_{}{{{}=\"{}\"}} {}\n", name, label, key, n);
  }
  return text;
}

std::string Counter(const std::string& name, const std::string& help, double value) {
  return Head(name, help, "counter") + fmt::format("arcsat_triage_{} {}\n", name, value);
}

}  // namespace

void TriageMetrics::Event(const std::string& result) {
  const std::lock_guard lock(mutex_);
  ++events_[result];
}

void TriageMetrics::Alert(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++alerts_[reason];
}

void TriageMetrics::Request(int status) {
  const std::lock_guard lock(mutex_);
  ++requests_[fmt::format("{}", status)];
}

void TriageMetrics::Round(std::size_t conversations, double seconds) {
  const std::lock_guard lock(mutex_);
  ++rounds_;
  scored_ += static_cast<std::int64_t>(conversations);
  scoring_seconds_ += seconds;
}

void TriageMetrics::Delay(double seconds) {
  const std::lock_guard lock(mutex_);
  ++delay_count_;
  delay_sum_ += seconds;
  for (std::size_t i = 0; i < kBounds.size(); ++i) delays_[i] += seconds <= kBounds[i] ? 1 : 0;
}

void TriageMetrics::Gauge(const std::string& name, const std::string& help, double value) {
  const std::lock_guard lock(mutex_);
  gauges_[name] = {help, value};
}

std::string TriageMetrics::Text() const {
  const std::lock_guard lock(mutex_);
  std::string text =
      Counters("events_total", "Turn events by what became of them.", "result", events_) +
      Counters("alerts_total", "Alerts by reason.", "reason", alerts_) +
      Counters("requests_total", "HTTP requests by status.", "status", requests_) +
      Counter("rounds_total", "Rounds of scoring.", static_cast<double>(rounds_)) +
      Counter("scored_total", "Conversations scored, over all rounds.",
              static_cast<double>(scored_)) +
      Counter("scoring_seconds_total", "Time spent in scoring.", scoring_seconds_);
  for (const auto& [name, gauge] : gauges_) {
    text +=
        Head(name, gauge.help, "gauge") + fmt::format("arcsat_triage_{} {}\n", name, gauge.value);
  }
  text += Head("delay_seconds", "From a turn on the disk to its conversation judged.", "histogram");
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    text +=
        fmt::format("arcsat_triage_delay_seconds_bucket{{le=\"{}\"}} {}\n", kBounds[i], delays_[i]);
  }
  return text + fmt::format(
                    "arcsat_triage_delay_seconds_bucket{{le=\"+Inf\"}} {}\n"
                    "arcsat_triage_delay_seconds_sum {}\narcsat_triage_delay_seconds_count {}\n",
                    delay_count_, delay_sum_, delay_count_);
}

}  // namespace arcsat
