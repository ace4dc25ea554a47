#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace arcsat {

/// One entry of a SentencePiece vocabulary.
struct SentencePiece {
  enum Type : std::int32_t {
    kNormal = 1,
    kUnknown = 2,
    kControl = 3,
    kUserDefined = 4,
    kUnused = 5,
    kByte = 6
  };
  std::string text;  ///< 1..512 bytes of UTF-8
  float score = 0;   ///< finite: a log probability (unigram) or minus the merge's rank (BPE)
  Type type = kNormal;
  double penalty = 0;  ///< taken off the score, in double precision; set by the layout
};

/// What a SentencePiece model file holds, checked.
struct SentencePieceModel {
  enum Algorithm : std::int32_t { kUnigram = 1, kBpe = 2 };
  std::vector<SentencePiece> pieces;
  Algorithm algorithm = kUnigram;
  std::int32_t unknown = 0;  ///< index of the only piece of type kUnknown
  std::string charsmap;      ///< precompiled normalisation rules; may be empty
};

/// Reads and checks a model file (sentencepiece_model.proto): at most 64 MB, 1 to 2,000,000
/// pieces, each 1..512 bytes of valid UTF-8 with a finite score and no duplicate, exactly one
/// unknown piece, unigram or BPE without byte fallback. Throws Error naming the file and the piece.
///
/// The reader is our own, because Google's runs into a stack overflow on an over-long piece
/// (sentencepiece issue 1263) and reads out of bounds on a crafted file before 0.2.1
/// (CVE-2026-1260); nothing of theirs sees a file from outside.
SentencePieceModel ReadSentencePieceModel(const std::filesystem::path& path);

}  // namespace arcsat
