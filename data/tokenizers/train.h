#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace arcsat {

struct SentencePieceTrainOptions {
  std::string algorithm = "unigram";  ///< "unigram" or "bpe"
  std::string layout =
      "xlm-roberta";               ///< "xlm-roberta" or "albert": which special pieces, and where
  std::int32_t vocab_size = 8000;  ///< pieces of the model, special ones included; 16..1,000,000
  double character_coverage = 0.9995;  ///< share of the characters that get a piece; 0.9..1
  std::int64_t max_sentences = 0;      ///< only the first so many sentences; 0: all
  bool exact_size =
      true;  ///< false (unigram only): a smaller vocabulary where the text yields less
};

/// Gives the next sentence into `sentence`, or false at the end.
using NextSentence = std::function<bool(std::string* sentence)>;

/// Trains a SentencePiece model (Kudo, Richardson 2018) on sentences and writes it to `output`
/// under its final name only when it is whole. The same sentences and options give the same file,
/// byte for byte. Broken UTF-8 becomes U+FFFD; empty sentences are passed over, and those of more
/// than 4,192 bytes are cut at a space. Throws Error where the text is too little for the
/// vocabulary, UsageError on options out of range.
void TrainSentencePiece(const SentencePieceTrainOptions& options, const NextSentence& next,
                        const std::filesystem::path& output);

}  // namespace arcsat
