#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace arcsat {

/// SplitMix64 (Steele, Lea, Flood 2014): one multiply-xor chain, the same on every platform, and
/// seedable from any number. std:: distributions differ between libraries, so none is used.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  /// Uniform in 0..n-1; n >= 1. Lemire's multiply-shift; the bias is below 2^-32 for n < 2^32.
  std::uint64_t Below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64);
  }
  bool Chance(double p) { return Uniform() < p; }
  /// Standard normal (Box-Muller; one of the pair is thrown away, which keeps the state one word).
  double Normal() {
    const double u = 1.0 - Uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * Uniform());
  }
  template <class T>
  void Shuffle(std::vector<T>* items) {
    for (std::size_t i = items->size(); i > 1; --i) std::swap((*items)[i - 1], (*items)[Below(i)]);
  }
  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

/// A well-mixed seed for a stream of its own, from a seed and up to two indices.
inline std::uint64_t MixSeed(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0) {
  Random mix(seed ^ (a * 0xD1342543DE82EF95ULL) ^ (b * 0xAF251AF3B0F025B5ULL));
  mix.Next();
  return mix.Next();
}

/// The same from a seed and a text, an id, say.
inline std::uint64_t MixText(std::uint64_t seed, std::string_view text) {
  for (const char c : text) seed = MixSeed(seed, static_cast<unsigned char>(c));
  return seed;
}

}  // namespace arcsat
