#include "data/simulator/response.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace arcsat {
namespace {

// Relative eagerness to answer by score 1..5.
constexpr std::array<double, 5> kByScore = {0.75, 0.50, 0.55, 1.10, 1.28};
// Mean over the simulator's population of all factors together, so that `share` comes out.
constexpr double kPopulationMean = 0.872;
constexpr double kScoreNoise = 0.12;

}  // namespace

double OfferChance(const ResponseTraits& traits) { return traits.escalated ? 0.35 : 0.97; }

double AnswerChance(const ResponseTraits& traits, double share, double bias) {
  const double eager = kByScore[static_cast<std::size_t>(std::clamp(traits.score, 1, 5) - 1)];
  const double by_score = 1.0 + bias * (eager - 1.0);
  const double by_channel = traits.voice ? 0.75 : 1.15;
  const double by_length = traits.turns <= 10 ? 1.15 : traits.turns <= 20 ? 1.0 : 0.75;
  return std::clamp(share * by_score * by_channel * by_length / kPopulationMean, 0.0, 1.0);
}

double RoughNormal(Random* random) {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += random->Uniform();
  return sum - 6.0;
}

int DrawScore(double exit, Random* random) {
  const double answer = 1.0 + 4.0 * (exit + kScoreNoise * RoughNormal(random));
  return std::clamp(static_cast<int>(std::floor(answer + 0.5)), 1, 5);
}

}  // namespace arcsat
