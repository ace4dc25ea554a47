#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "data/batch.h"
#include "data/tokenizer.h"

namespace arcsat {

/// What masking has to know of the ids: which are never masked, and which go on with a word.
struct MaskVocabulary {
  enum Kind : std::uint8_t { kSpecial, kWordStart, kContinuation };
  std::vector<Kind> kinds;  ///< by id
  std::int32_t mask_id = -1;
};

/// UsageError where the tokenizer has no mask.
MaskVocabulary ReadMaskVocabulary(const Tokenizer& tokenizer);

/// The places whose tokens are to be told.
struct MaskedTokens {
  torch::Tensor places;   ///< (M) int64 into the batch's T tokens in conversation order
  torch::Tensor targets;  ///< (M) int64 ids that stood there
};

/// Hides `share` of the words of a batch that lies on the CPU, each word whole (Devlin et al. 2019
/// and the whole-word masking of their later release): of the tokens of a hidden word 80% become
/// the mask, 10% any other id, and 10% stay. What is hidden of a turn depends on `seed` and its
/// words alone, whatever is in the batch besides; each conversation is asked about it once, at its
/// first place there.
MaskedTokens MaskTokens(const MaskVocabulary& vocabulary, double share, std::uint64_t seed,
                        RaggedBatch* batch);

}  // namespace arcsat
