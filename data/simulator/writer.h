#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/random.h"
#include "data/simulator/problems.h"
#include "data/simulator/story.h"

namespace arcsat {

/// Finds words for acts: a phrase at random, its slots filled for one conversation. Writing does
/// not know the state.
class Writer {
 public:
  /// `other` is another matter that the customer may mention; `agent` the name on the badge.
  Writer(const ProblemType& problem, const ProblemType& other, std::string_view agent,
         Random* random);

  /// One sentence or two, without a final full stop where the customer speaks.
  std::string Say(Act act);

  /// The badge from now on (after a transfer).
  void SetAgent(std::string_view agent);

 private:
  std::string Fill(std::string_view phrase);
  std::string Slot(std::string_view name);
  std::string_view Any(const std::vector<std::string_view>& list);
  std::string FillFor(const ProblemType& problem, std::string_view clause);

  const ProblemType& problem_;
  const ProblemType& other_;
  const ProblemType* item_of_;
  Random& random_;
  std::string agent_, customer_, amount_, date_, id_, item_, other_item_;
};

/// A first name; the same index gives the same name.
std::string_view PersonName(std::uint64_t index);

}  // namespace arcsat
