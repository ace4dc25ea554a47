#include "model/dropout.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include <cmath>

#include "model/drop_mask.h"

namespace arcsat {
namespace {

constexpr std::int64_t kMany = 1'000'003;  // not a multiple of anything

std::vector<float> MaskOf(std::uint64_t seed, double chance, std::int64_t count = kMany) {
  const std::vector<float> ones(static_cast<std::size_t>(count), 1.0F);
  std::vector<float> out(ones.size());
  DropMask(seed, chance).Apply(ones.data(), nullptr, out.data(), 0, count);
  return out;
}

/// Of how many standard deviations the share of kept elements is off.
double Deviation(const std::vector<float>& mask, double chance) {
  double kept = 0;
  for (const float value : mask) kept += value > 0 ? 1 : 0;
  const auto n = static_cast<double>(mask.size());
  return (kept - n * (1 - chance)) / std::sqrt(n * chance * (1 - chance));
}

/// Pearson's correlation of which elements two masks keep, times the root of their number: standard
/// normal where they are independent.
double Relation(const std::vector<float>& a, const std::vector<float>& b, std::size_t shift,
                double chance) {
  double sum = 0;
  const std::size_t n = a.size() - shift;
  for (std::size_t i = 0; i < n; ++i) {
    sum += ((a[i] > 0) - (1 - chance)) * ((b[i + shift] > 0) - (1 - chance));
  }
  return sum / (chance * (1 - chance)) / std::sqrt(static_cast<double>(n));
}

/// The same hash, one element at a time.
bool Kept(std::uint64_t seed, std::uint32_t element, std::uint32_t dropped) {
  const auto mix = [](std::uint32_t h) {
    h = (h ^ (h >> 16)) * 0x85EBCA6BU;
    h = (h ^ (h >> 13)) * 0xC2B2AE35U;
    return h ^ (h >> 16);
  };
  const std::uint32_t lane = element / 32 * 16 + element % 16;
  const auto low = static_cast<std::uint32_t>(seed), high = static_cast<std::uint32_t>(seed >> 32);
  const std::uint32_t bits = mix(mix(lane ^ low) + high);
  return (element % 32 < 16 ? bits & 0xFFFFU : bits >> 16) >= dropped;
}

TEST(DropMaskTest, KeepsTheStatedShareScaled) {
  for (const double chance : {0.1, 0.3, 0.5}) {
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const auto mask = MaskOf(seed, chance);
      EXPECT_LT(std::abs(Deviation(mask, chance)), 4.5) << chance << " " << seed;
      const auto scale = static_cast<float>(1 / (1 - chance));
      EXPECT_THAT(mask, testing::Each(testing::AnyOf(0.0F, scale)));
    }
  }
  EXPECT_THAT(MaskOf(3, 0.0, 1000), testing::Each(1.0F));
}

TEST(DropMaskTest, IsIndependentOfItsNeighboursAndOfOtherSeeds) {
  const auto mask = MaskOf(7, 0.5);
  for (const std::size_t shift : {1U, 2U, 16U, 32U, 384U}) {
    EXPECT_LT(std::abs(Relation(mask, mask, shift, 0.5)), 4.5) << shift;
  }
  for (const std::uint64_t seed : {std::uint64_t{6}, std::uint64_t{8}, std::uint64_t{7} << 32}) {
    EXPECT_LT(std::abs(Relation(mask, MaskOf(seed, 0.5), 0, 0.5)), 4.5) << seed;
  }
}

/// A run that goes on on another machine drops the same.
TEST(DropMaskTest, IsTheHashOfSeedAndNumber) {
  const std::uint64_t seed = 0x0123456789ABCDEF;
  const auto mask = MaskOf(seed, 0.25, 1000);
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(mask[i] > 0, Kept(seed, i, 16384)) << i;
}

TEST(DropMaskTest, DoesNotDependOnTheParts) {
  const std::int64_t count = 1000;
  std::vector<float> x(count), added(count), whole(count), parts(count);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i) / 7;
    added[i] = -static_cast<float>(i);
  }
  const DropMask mask(11, 0.4);
  mask.Apply(x.data(), added.data(), whole.data(), 0, count);
  for (const auto& [begin, end] : {std::pair{0, 64}, {64, 96}, {96, 1000}}) {
    mask.Apply(x.data(), added.data(), parts.data(), begin, end);
  }
  EXPECT_EQ(parts, whole);
  const std::vector<float> dropped = MaskOf(11, 0.4, count);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(whole[i], added[i] + (dropped[i] > 0 ? x[i] * static_cast<float>(1 / 0.6) : 0));
  }
}

TEST(AddDropoutTest, AddsWhatIsKeptAndPassesItsGradient) {
  torch::manual_seed(4);
  const auto x = torch::randn({37, 29}).requires_grad_();
  const auto residual = torch::randn({37, 29}).requires_grad_();
  const auto out = AddDropout(residual, x, 0.3);
  const auto kept = (out - residual).detach() != 0;
  EXPECT_NEAR(kept.to(torch::kFloat).mean().item<double>(), 0.7, 0.06);
  EXPECT_TRUE(torch::allclose(out, residual + torch::where(kept, x / 0.7, torch::zeros({}))));
  const auto gradient = torch::randn({37, 29});
  out.backward(gradient);
  EXPECT_TRUE(torch::equal(residual.grad(), gradient));
  EXPECT_TRUE(torch::equal(x.grad() != 0, kept));
  EXPECT_TRUE(torch::allclose(x.grad(), torch::where(kept, gradient / 0.7, torch::zeros({}))));
}

TEST(AddDropoutTest, AsksForNoGradientThatNobodyWants) {
  const auto x = torch::randn({8, 4}).requires_grad_();
  const auto residual = torch::randn({8, 4});
  AddDropout(residual, x, 0.5).sum().backward();
  EXPECT_TRUE(x.grad().defined());
  EXPECT_FALSE(residual.grad().defined());
  EXPECT_FALSE(AddDropout(residual, residual, 0.5).requires_grad());
}

TEST(AddDropoutTest, DropsTheSameWithAnyNumberOfThreads) {
  const auto x = torch::randn({1000, 384});
  const int before = at::get_num_threads();
  std::vector<torch::Tensor> outs;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    torch::manual_seed(9);
    outs.push_back(Dropout(x, 0.1));
    outs.push_back(Dropout(x, 0.1));
  }
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(outs[0], outs[2]) && torch::equal(outs[0], outs[4]));
  EXPECT_FALSE(torch::equal(outs[0], outs[1])) << "each call draws anew";
}

/// Where the one pass does not fit, LibTorch's dropout takes its place.
TEST(AddDropoutTest, TakesOtherTypesAndShapes) {
  const auto wide = torch::ones({40, 50}, torch::kDouble);
  const auto dropped = AddDropout(wide, wide, 0.5);
  EXPECT_EQ(dropped.scalar_type(), torch::kDouble);
  EXPECT_TRUE(((dropped == 1) | (dropped == 3)).all().item<bool>());
  const auto turned = torch::ones({40, 50}).t();
  const auto sum = AddDropout(turned, turned, 0.5);
  EXPECT_TRUE(((sum == 1) | (sum == 3)).all().item<bool>());
  EXPECT_EQ(AddDropout(torch::ones({50}), torch::ones({40, 50}), 0.5).sizes(),
            torch::IntArrayRef({40, 50}));
}

}  // namespace
}  // namespace arcsat
