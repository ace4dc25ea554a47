#include "model/lexical.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "data/error.h"

namespace arcsat {

std::int64_t LexicalFeatureCount(std::int64_t vocabulary) { return 2 * vocabulary + kPairWeights; }

void ForEachLexicalFeature(const EncodedConversation& conversation, std::int64_t vocabulary,
                           const std::function<void(std::size_t, std::int64_t, bool)>& use) {
  std::unordered_set<std::int64_t> seen;
  for (std::size_t turn = 0; turn < conversation.turns.size(); ++turn) {
    const std::vector<std::int32_t>& tokens = *conversation.turns[turn].tokens;
    const std::int64_t side = conversation.turns[turn].speaker == Speaker::kCustomer ? 0 : 1;
    for (std::size_t i = 1; i + 1 < tokens.size(); ++i) {
      const std::int64_t id = tokens[i];
      if (id < 0 || id >= vocabulary) {
        throw Error({conversation.id, fmt::format("token id {}", id),
                     fmt::format("expected 0 to {}", vocabulary - 1),
                     "the tokenizer and the model do not belong together"});
      }
      const std::int64_t word = side * vocabulary + id;
      use(turn, word, seen.insert(word).second);
      if (i == 1) continue;
      // Below 2 * vocabulary^2: no overflow, which a graph's integers could not be relied on for.
      const std::int64_t key = (tokens[i - 1] * vocabulary + id) * 2 + side;
      const std::int64_t pair = 2 * vocabulary + key % kPairWeights;
      use(turn, pair, seen.insert(pair).second);
    }
  }
}

std::vector<double> LexicalLogits(const LexicalModel& model,
                                  const EncodedConversation& conversation) {
  const std::size_t turns = conversation.turns.size();
  std::vector<double> sum(turns), count(turns);
  ForEachLexicalFeature(conversation, model.vocabulary,
                        [&](std::size_t turn, std::int64_t feature, bool first) {
                          count[turn] += 1;
                          if (first) sum[turn] += model.weight[static_cast<std::size_t>(feature)];
                        });
  double total = 0, said = 0;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    total += sum[turn];
    said += count[turn];
    sum[turn] = model.bias + total / std::sqrt(std::max(1.0, said));
  }
  return sum;
}

}  // namespace arcsat
