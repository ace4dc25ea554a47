#include "insight/triage/limits.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

constexpr std::size_t kMostBuckets = 10'000;

}  // namespace

bool RateLimit::Allow(const std::string& key, double amount, double now) {
  const std::lock_guard lock(mutex_);
  const double most = std::max(2 * per_second_, 1.0);
  if (buckets_.size() > kMostBuckets) {  // those that are full again say nothing
    std::erase_if(buckets_, [&](const auto& entry) {
      return entry.second.left + (now - entry.second.since) * per_second_ >= most;
    });
  }
  Bucket& bucket = buckets_.try_emplace(key, Bucket{most, now}).first->second;
  bucket.left = std::min(most, bucket.left + std::max(0.0, now - bucket.since) * per_second_);
  bucket.since = now;
  if (bucket.left < amount) return false;
  bucket.left -= amount;
  return true;
}

bool SameSecret(std::string_view a, std::string_view b) {
  const std::string left = Sha256(a), right = Sha256(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string NewSecret() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw Error({"the system", "gives no random numbers", "expected 32 bytes",
                 "give a token with --token-file"});
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Address ParseAddress(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto refuse = [&]() -> Address {
    throw UsageError(
        {"--listen", "found \"" + text + "\"", "expected HOST:PORT", "give 127.0.0.1:8080, say"});
  };
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return refuse();
  Address address{text.substr(0, colon), 0};
  const std::string port = text.substr(colon + 1);
  if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return refuse();
  address.port = std::stoi(port);
  if (address.port > 65535) return refuse();
  if (address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return refuse();
  }
  return address;
}

}  // namespace arcsat
