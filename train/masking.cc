#include "train/masking.h"

#include <fmt/format.h>

#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

/// For each token of the distinct turns (V), its first place among the T in conversation order.
std::vector<std::int64_t> FirstPlaces(const RaggedBatch& batch) {
  std::vector<std::int64_t> first(static_cast<std::size_t>(batch.tokens.size(0)));
  const std::int64_t* token_of = batch.token_of.const_data_ptr<std::int64_t>();
  for (std::int64_t t = batch.token_count; t-- > 0;) {
    first[static_cast<std::size_t>(token_of[t])] = t;
  }
  return first;
}

}  // namespace

MaskVocabulary ReadMaskVocabulary(const Tokenizer& tokenizer) {
  if (tokenizer.mask_id() < 0) {
    throw UsageError({"the tokenizer", "has no mask token",
                      "expected [MASK] or <mask> among its ids, for --task mlm",
                      "give the folder of an encoder that was pretrained with masks"});
  }
  MaskVocabulary vocabulary;
  vocabulary.mask_id = tokenizer.mask_id();
  for (std::int32_t id = 0; id < tokenizer.size(); ++id) {
    const bool special = id == tokenizer.begin_id() || id == tokenizer.end_id() ||
                         id == tokenizer.pad_id() || id == tokenizer.unknown_id() ||
                         id == tokenizer.mask_id();
    vocabulary.kinds.push_back(special                       ? MaskVocabulary::kSpecial
                               : tokenizer.ContinuesWord(id) ? MaskVocabulary::kContinuation
                                                             : MaskVocabulary::kWordStart);
  }
  return vocabulary;
}

MaskedTokens MaskTokens(const MaskVocabulary& vocabulary, double share, std::uint64_t seed,
                        RaggedBatch* batch) {
  Random random(seed);
  batch->tokens = batch->tokens.clone();
  std::int64_t* ids = batch->tokens.mutable_data_ptr<std::int64_t>();
  const std::int64_t* positions = batch->positions.const_data_ptr<std::int64_t>();
  const std::vector<std::int64_t> first = FirstPlaces(*batch);
  std::vector<std::int64_t> places, targets;
  bool hidden = false;  // the word that the token belongs to
  for (std::size_t v = 0; v < first.size(); ++v) {
    const auto kind = vocabulary.kinds[static_cast<std::size_t>(ids[v])];
    if (kind == MaskVocabulary::kSpecial) {
      hidden = false;
      continue;
    }
    // A turn whose middle was cut may go on with a word in the middle; position 1 begins the text.
    if (kind == MaskVocabulary::kWordStart || positions[v] <= 1) hidden = random.Chance(share);
    if (!hidden) continue;
    places.push_back(first[v]);
    targets.push_back(ids[v]);
    const double draw = random.Uniform();
    if (draw < 0.8) {
      ids[v] = vocabulary.mask_id;
    } else if (draw < 0.9) {
      ids[v] = static_cast<std::int64_t>(random.Below(vocabulary.kinds.size()));
    }
  }
  return {torch::tensor(places, torch::kInt64), torch::tensor(targets, torch::kInt64)};
}

}  // namespace arcsat
