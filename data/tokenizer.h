#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace arcsat {

/// Turns text into the ids of a pretrained encoder, equal to Hugging Face's fast tokenizers.
/// Thread-safe once built.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Ids of `text` without special tokens. Invalid UTF-8 is read as U+FFFD, one for each maximal
  /// invalid part (as Python's decode(errors="replace") does).
  virtual std::vector<std::int32_t> Encode(std::string_view text) const = 0;

  /// Ids of `text` between the special tokens that begin and end a sequence, at most `max_length`
  /// in all (>= 2); what is longer loses its middle: the first half and the last half are kept,
  /// since a long turn says what it wants at its beginning or its end.
  std::vector<std::int32_t> EncodeTurn(std::string_view text, int max_length) const;

  virtual std::int32_t begin_id() const = 0;  ///< [CLS] or <s>
  virtual std::int32_t end_id() const = 0;    ///< [SEP] or </s>
  virtual std::int32_t pad_id() const = 0;
  virtual std::int32_t unknown_id() const = 0;
  virtual std::int32_t mask_id() const = 0;  ///< -1 where there is none
  virtual std::int32_t size() const = 0;     ///< number of ids
  /// True where a token (0..size-1) goes on with the word before it; false for special tokens.
  virtual bool ContinuesWord(std::int32_t id) const = 0;

  /// The files of the Hugging Face folder that define this tokenizer; copied into a saved model.
  virtual std::vector<std::filesystem::path> files() const = 0;
};

/// Reads the tokenizer of a Hugging Face folder: vocab.txt (WordPiece, with tokenizer_config.json
/// for do_lower_case, strip_accents, tokenize_chinese_chars), or sentencepiece.bpe.model /
/// spiece.model / spm.model (SentencePiece; XLM-R's or ALBERT's id layout by config.json's
/// model_type). Error names the file when it is missing, truncated or not what it says.
std::unique_ptr<Tokenizer> LoadTokenizer(const std::filesystem::path& folder);

/// SHA-256 over the names and contents of the tokenizer's files: where it is equal, ids are.
std::string Fingerprint(const Tokenizer& tokenizer);

}  // namespace arcsat
