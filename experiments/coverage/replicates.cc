#include "experiments/coverage/replicates.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "data/random.h"
#include "data/simulator/response.h"
#include "data/simulator/simulate.h"
#include "eval/special.h"

namespace arcsat::coverage {
namespace {

constexpr double kClip = 1e-4;

ResponseTraits Traits(const TrueConversation& conversation, int score) {
  return {.score = score,
          .voice = conversation.context.channel == "voice",
          .turns = conversation.context.turns,
          .escalated = conversation.context.escalated.value_or(false)};
}

// Chance of an answered survey.
double Chance(const TrueConversation& conversation, int score, double share) {
  const ResponseTraits traits = Traits(conversation, score);
  return OfferChance(traits) * AnswerChance(traits, share, 1);
}

double Seen(double state, double noise, Random* random) {
  return std::clamp(state + noise * random->Normal(), 0.0, 1.0);
}

int ScoreOf(double state) { return std::clamp(static_cast<int>(std::lround(1 + 4 * state)), 1, 5); }

}  // namespace

std::vector<TrueConversation> SimulateCentre(int conversations, std::uint64_t seed) {
  SimulateOptions options;
  options.seed = seed;
  std::vector<TrueConversation> centre;
  for (int i = 0; i < conversations; ++i) {
    const Conversation conversation = Simulate(options, i);
    const Json& truth = conversation.attributes.at("truth");
    TrueConversation row;
    row.context.channel = *conversation.channel == Channel::kVoice ? "voice" : "chat";
    row.context.problem_type = conversation.problem_type;
    row.context.turns = static_cast<int>(conversation.turns.size());
    row.context.entry = truth.at("entry").get<double>();
    row.context.exit = truth.at("exit").get<double>();
    row.context.escalated = conversation.escalated;
    row.agent = conversation.agent_id;
    row.score = truth.at("score").get<int>();
    centre.push_back(std::move(row));
  }
  return centre;
}

double TrueShare(const std::vector<TrueConversation>& centre) {
  const auto satisfied = std::count_if(centre.begin(), centre.end(),
                                       [](const TrueConversation& c) { return c.score >= 4; });
  return static_cast<double>(satisfied) / static_cast<double>(centre.size());
}

double TrueMean(const std::vector<TrueConversation>& centre) {
  double sum = 0;
  for (const TrueConversation& conversation : centre) sum += conversation.score;
  return sum / static_cast<double>(centre.size());
}

std::vector<PopulationItem> DrawReplicate(const std::vector<TrueConversation>& centre,
                                          const ReplicateOptions& options, std::uint64_t seed) {
  Random random(seed);
  std::vector<PopulationItem> items;
  for (int i = 0; i < options.conversations; ++i) {
    const TrueConversation& row = centre[random.Below(centre.size())];
    const TrueConversation& scored =
        options.scores_know ? row : centre[random.Below(centre.size())];
    PopulationItem item;
    item.id = std::to_string(i);
    item.context = row.context;
    item.context.entry = Seen(row.context.entry, options.state_noise, &random);
    item.context.exit = Seen(row.context.exit, options.state_noise, &random);
    item.agent = row.agent;
    const double seen_log_odds =
        Logit(scored.context.exit, kClip) + options.score_noise * random.Normal();
    item.p_satisfied = Sigmoid(1.7 * seen_log_odds + 0.6);
    item.expected_answer = 1 + 4 * item.p_satisfied;
    item.truth = row.score >= 4;
    double chance = options.share;
    if (options.response == Response::kSeen) {
      chance = Chance(row, ScoreOf(item.context.exit), options.share);
    } else if (options.response == Response::kUnseen) {
      chance = Chance(row, row.score, options.share);
    }
    if (random.Chance(chance)) {
      item.satisfied = row.score >= 4;
      item.answer = row.score;
    }
    items.push_back(std::move(item));
  }
  return items;
}

double AnswerOddsRatio(const std::vector<TrueConversation>& centre,
                       const ReplicateOptions& options) {
  // Chances by score, averaged over how often satisfied and dissatisfied customers give each.
  double counts[6] = {};
  for (const TrueConversation& row : centre) counts[row.score] += 1;
  double sum = 0;
  for (const TrueConversation& row : centre) {
    double chance[2] = {}, mass[2] = {};
    for (int score = 1; score <= 5; ++score) {
      const int satisfied = score >= 4 ? 1 : 0;
      chance[satisfied] += counts[score] * Chance(row, score, options.share);
      mass[satisfied] += counts[score];
    }
    const double high = chance[1] / mass[1], low = chance[0] / mass[0];
    sum += std::log(high / (1 - high)) - std::log(low / (1 - low));
  }
  return std::exp(sum / static_cast<double>(centre.size()));
}

}  // namespace arcsat::coverage
