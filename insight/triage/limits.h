#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace arcsat {

/// So much a second on average, twice as much at once (a token bucket a key). Any thread.
class RateLimit {
 public:
  explicit RateLimit(double per_second) : per_second_(per_second) {}
  /// False where `amount` is more than what is left for `key`; then nothing is taken.
  bool Allow(const std::string& key, double amount, double now);

 private:
  struct Bucket {
    double left, since;
  };
  double per_second_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

/// Compares without telling by the time it takes where the texts differ.
bool SameSecret(std::string_view a, std::string_view b);

/// 256 bits of the system's randomness, in hexadecimal.
std::string NewSecret();

/// A host that only this machine can reach: 127.0.0.0/8, ::1, localhost.
bool IsLoopback(const std::string& host);

/// "127.0.0.1:8080", "[::1]:0", "localhost:80" taken apart. UsageError on anything else.
struct Address {
  std::string host;
  int port = 0;
};
Address ParseAddress(const std::string& text);

}  // namespace arcsat
