#pragma once

#include <string_view>
#include <vector>

#include "data/simulator/story.h"

namespace arcsat {

/// The ways to say an act. {works}, {fails} and {open} stand for a clause of the problem;
/// {other}, {other_works} and {other_fails} for another problem of the same customer.
const std::vector<std::string_view>& Phrases(Act act);

/// The tables behind Phrases(), one a theme.
struct PhraseList {
  Act act;
  std::vector<std::string_view> phrases;
};
std::vector<PhraseList> OutcomePhrases();
std::vector<PhraseList> CustomerPhrases();
std::vector<PhraseList> AgentPhrases();

}  // namespace arcsat
