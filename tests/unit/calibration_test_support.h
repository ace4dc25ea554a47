#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/random.h"
#include "eval/calibration.h"
#include "eval/special.h"

namespace arcsat {

struct World {
  int n = 600;
  double slope = 0.5, shift = 0.4;  // truth: Sigmoid(slope * outlook + shift + by_delta * delta)
  double by_delta = 0;
  bool rated = true, answered = true;
  std::uint64_t seed = 1;
};

inline std::vector<LabeledScore> Simulate(const World& world) {
  Random random(world.seed);
  std::vector<LabeledScore> items;
  for (int i = 0; i < world.n; ++i) {
    LabeledScore item;
    item.raw.id = "c-" + std::to_string(i);
    item.raw.outlook_logit = 2.5 * random.Normal();
    for (int t = 0; t < 4; ++t) {
      const double state = 0.02 + 0.96 * random.Uniform();
      item.raw.turns.push_back({2 * t, Speaker::kCustomer, state, item.raw.outlook_logit / 2});
      // The truth is a sharper state than the model's, on 1..5.
      if (world.rated) {
        item.ratings.push_back(1 + 4 * Sigmoid(2 * Logit(state, 1e-6) - 0.3));
      }
    }
    const double log_odds =
        world.slope * item.raw.outlook_logit + world.shift + world.by_delta * item.raw.delta();
    item.satisfied = random.Chance(Sigmoid(log_odds));
    if (world.answered) item.answer = *item.satisfied ? 4 + (i % 2) : 1 + (i % 3);
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace arcsat
