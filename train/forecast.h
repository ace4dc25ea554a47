#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/encoded.h"

namespace arcsat {

/// What a run will take, as far as a few of its batches tell; of one that is resumed, what is left.
struct Forecast {
  std::int64_t batches = 0;                    ///< tried
  std::int64_t updates = 0;                    ///< to make
  std::int64_t updates_done = 0;               ///< by the run that is resumed
  std::int64_t conversations = 0, tokens = 0;  ///< that one process sees, over all epochs to come
  double training_seconds = 0, validation_seconds = 0;
  double words_seconds = 0;  ///< of the words beside the network; 0: none are fitted
  double memory_bytes = 0;   ///< at its peak, of the process or of the GPU it uses
  bool gpu = false;          ///< which of the two
  double disk_bytes = 0;     ///< in the run's folder at most

  double seconds() const { return training_seconds + validation_seconds + words_seconds; }
};

/// Every n-th of them, at most `most`.
std::vector<EncodedConversation> EveryNth(const std::vector<EncodedConversation>& all,
                                          std::size_t most);

double TokensIn(const std::vector<EncodedConversation>& conversations);

}  // namespace arcsat
