#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizers/sentencepiece_model.h"

namespace arcsat {

/// Cuts a normalised word (it begins with U+2581) into pieces of a SentencePiece model.
class Segmenter {
 public:
  virtual ~Segmenter() = default;
  /// Appends piece indices; a run of unknown characters is one unknown piece. Thread-safe.
  virtual void Segment(std::string_view word, std::vector<std::int32_t>* pieces) const = 0;
};

/// Unigram: the segmentation of highest total score (Viterbi; an unknown character costs 10 more
/// than the worst piece), as Hugging Face's Unigram::encode_optimized. BPE: the merge of best rank
/// first, the merges rebuilt from the pieces' scores as transformers' generate_merges does.
/// Control and unknown pieces are never found. Error naming `place` where the pieces are too many
/// characters together.
std::unique_ptr<Segmenter> MakeSegmenter(const SentencePieceModel& model, const std::string& place);

}  // namespace arcsat
