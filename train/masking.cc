#include "train/masking.h"

#include <fmt/format.h>

#include <utility>

#include "data/error.h"
#include "data/random.h"

namespace arcsat {
namespace {

/// A token that is to be told.
struct Hidden {
  std::int64_t place;  // in its turn
  std::int64_t id;     // what stood there
};

/// Hides words of a turn of `length` tokens.
std::vector<Hidden> HideWords(const MaskVocabulary& vocabulary, double share, std::uint64_t seed,
                              std::int64_t* ids, std::int64_t length) {
  Random random(seed);
  std::vector<Hidden> out;
  bool hidden = false;  // the word that the token belongs to
  for (std::int64_t t = 0; t < length; ++t) {
    const auto kind = vocabulary.kinds[static_cast<std::size_t>(ids[t])];
    if (kind == MaskVocabulary::kSpecial) {
      hidden = false;
      continue;
    }
    // A turn whose middle was cut may go on with a word in the middle; place 1 begins the text.
    if (kind == MaskVocabulary::kWordStart || t <= 1) hidden = random.Chance(share);
    if (!hidden) continue;
    out.push_back({t, ids[t]});
    const double draw = random.Uniform();
    if (draw < 0.8) {
      ids[t] = vocabulary.mask_id;
    } else if (draw < 0.9) {
      ids[t] = static_cast<std::int64_t>(random.Below(vocabulary.kinds.size()));
    }
  }
  return out;
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
  batch->tokens = batch->tokens.clone();
  std::int64_t* ids = batch->tokens.mutable_data_ptr<std::int64_t>();
  std::vector<std::vector<Hidden>> hidden;  // by distinct turn
  for (const auto& turn : batch->distinct) {
    const auto length = static_cast<std::int64_t>(turn->size());
    hidden.push_back(HideWords(vocabulary, share, HashTokens(seed, *turn), ids, length));
    ids += length;
  }
  const std::int64_t* unique_of = batch->unique_of.const_data_ptr<std::int64_t>();
  const int* length = batch->turn_lengths.data();
  std::vector<std::int64_t> places, targets, asked(hidden.size(), -1);
  std::int64_t begin = 0;  // of the turn, among all tokens
  for (std::size_t c = 0; c < batch->conversation_turns.size(); ++c) {
    for (int i = 0; i < batch->conversation_turns[c]; ++i, begin += *length++) {
      const auto u = static_cast<std::size_t>(*unique_of++);
      if (std::exchange(asked[u], static_cast<std::int64_t>(c)) == static_cast<std::int64_t>(c)) {
        continue;
      }
      for (const Hidden& token : hidden[u]) {
        places.push_back(begin + token.place);
        targets.push_back(token.id);
      }
    }
  }
  return {torch::tensor(places, torch::kInt64), torch::tensor(targets, torch::kInt64)};
}

}  // namespace arcsat
