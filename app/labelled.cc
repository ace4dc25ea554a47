#include "app/labelled.h"

#include <algorithm>

namespace arcsat {

bool LabelledConversation::labelled() const {
  return score.satisfied || std::any_of(score.ratings.begin(), score.ratings.end(),
                                        [](const auto& rating) { return rating.has_value(); });
}

SurveyContext LabelledConversation::Context(const Score& s) const {
  return {channel, problem_type, turns, s.entry, s.exit, escalated};
}

}  // namespace arcsat
