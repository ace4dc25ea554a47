#include "model/drop_mask.h"

#include <cmath>
#include <cstring>

// 32-bit products in lanes are not in the baseline of x86-64: the loader takes what the machine
// has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define ARCSAT_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ARCSAT_WIDE
#endif

namespace arcsat {
namespace {

constexpr int kLanes = 16;  // one hash of 32 bits decides on two elements
constexpr double kSteps = 65536;

using Words = std::uint32_t __attribute__((vector_size(kLanes * sizeof(std::uint32_t))));
using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));

/// The finaliser of MurmurHash3 (Appleby): each bit that goes in changes half of those that come
/// out. Inlined, or it would not be compiled for the machine of its caller.
__attribute__((always_inline)) inline void Mix(Words& h) {
  h ^= h >> 16;
  h *= 0x85EBCA6BU;
  h ^= h >> 13;
  h *= 0xC2B2AE35U;
  h ^= h >> 16;
}

struct Keys {
  std::uint32_t low, high, dropped;
  float scale;
};

/// Of 32 elements, of which `residual` may be null.
__attribute__((always_inline)) inline void ApplyGroup(const Keys& keys, std::uint32_t group,
                                                      const float* x, const float* residual,
                                                      float* out) {
  const Words lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  // Keyed before and between the rounds: with one key alone, two seeds would draw the same bits at
  // other places.
  Words bits = (lanes + group * kLanes) ^ keys.low;
  Mix(bits);
  bits += keys.high;
  Mix(bits);
  const Words chances[2] = {bits & 0xFFFFU, bits >> 16};
  for (int half = 0; half < 2; ++half) {
    Floats values;
    std::memcpy(&values, x + half * kLanes, sizeof values);
    values *= keys.scale;
    Words kept;
    std::memcpy(&kept, &values, sizeof kept);
    kept &= reinterpret_cast<Words>(chances[half] >= keys.dropped);
    std::memcpy(&values, &kept, sizeof values);
    if (residual != nullptr) {
      Floats added;
      std::memcpy(&added, residual + half * kLanes, sizeof added);
      values += added;
    }
    std::memcpy(out + half * kLanes, &values, sizeof values);
  }
}

ARCSAT_WIDE void ApplyGroups(const Keys& keys, const float* x, const float* residual, float* out,
                             std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t kGroup = DropMask::kGroup;
  std::int64_t i = begin;
  for (; i + kGroup <= end; i += kGroup) {
    ApplyGroup(keys, static_cast<std::uint32_t>(i / kGroup), x + i,
               residual == nullptr ? nullptr : residual + i, out + i);
  }
  if (i == end) return;
  float rest[3][kGroup] = {};
  const auto bytes = static_cast<std::size_t>(end - i) * sizeof(float);
  std::memcpy(rest[0], x + i, bytes);
  if (residual != nullptr) std::memcpy(rest[1], residual + i, bytes);
  ApplyGroup(keys, static_cast<std::uint32_t>(i / kGroup), rest[0],
             residual == nullptr ? nullptr : rest[1], rest[2]);
  std::memcpy(out + i, rest[2], bytes);
}

}  // namespace

DropMask::DropMask(std::uint64_t seed, double chance)
    : low_(static_cast<std::uint32_t>(seed)),
      high_(static_cast<std::uint32_t>(seed >> 32)),
      dropped_(static_cast<std::uint32_t>(std::lround(chance * kSteps))),
      scale_(static_cast<float>(1.0 / (1.0 - chance))) {}

void DropMask::Apply(const float* x, const float* residual, float* out, std::int64_t begin,
                     std::int64_t end) const {
  ApplyGroups({low_, high_, dropped_, scale_}, x, residual, out, begin, end);
}

}  // namespace arcsat
