#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer.h"
#include "data/tokenizers/byte_trie.h"

namespace arcsat {

/// BERT's normaliser; the defaults are bert-base-uncased's.
struct WordPieceOptions {
  bool clean_text = true;              ///< drop control characters, make all white space " "
  bool tokenize_chinese_chars = true;  ///< each CJK ideograph is a word
  bool strip_accents = true;           ///< NFD without nonspacing marks
  bool lower_case = true;
  int max_characters = 100;  ///< a longer word is [UNK]
  std::string unknown = "[UNK]", begin = "[CLS]", end = "[SEP]", pad = "[PAD]", mask = "[MASK]";
};

/// BERT's tokenizer (Devlin et al. 2019; WordPiece, Wu et al. 2016), with the ids of Hugging
/// Face's BertNormalizer + BertPreTokenizer + WordPiece.
///
/// A special token written out in the text ("[SEP]") is plain text, as with
/// `split_special_tokens=True`: a customer's message cannot end its own sequence.
class WordPieceTokenizer : public Tokenizer {
 public:
  /// `vocabulary`: vocab.txt, one token a line, the id its line number from 0. `files`: what
  /// files() returns. Throws Error on a duplicate, an empty or over-long line, broken UTF-8, or a
  /// missing special token.
  WordPieceTokenizer(const std::filesystem::path& vocabulary, const WordPieceOptions& options,
                     std::vector<std::filesystem::path> files);

  std::vector<std::int32_t> Encode(std::string_view text) const override;
  std::int32_t begin_id() const override { return begin_; }
  std::int32_t end_id() const override { return end_; }
  std::int32_t pad_id() const override { return pad_; }
  std::int32_t unknown_id() const override { return unknown_; }
  std::int32_t mask_id() const override { return mask_; }
  std::int32_t size() const override { return size_; }
  bool ContinuesWord(std::int32_t id) const override {
    return continues_[static_cast<std::size_t>(id)];
  }
  std::vector<std::filesystem::path> files() const override { return files_; }
  const WordPieceOptions& options() const { return options_; }

 private:
  class Stream;
  void ReadVocabulary(const std::filesystem::path& path);
  std::int32_t Special(const std::string& token, const std::filesystem::path& path) const;
  /// Appends the ids of one normalised word: greedy, longest piece first, or one [UNK].
  void AppendWord(std::string_view word, std::vector<std::int32_t>* ids) const;

  WordPieceOptions options_;
  std::vector<std::filesystem::path> files_;
  ByteTrie trie_;
  std::vector<bool> continues_;                   // by id: the token begins with "##"
  std::uint32_t continuation_ = ByteTrie::kNone;  // the node below "##"
  std::int32_t begin_ = 0, end_ = 0, pad_ = 0, unknown_ = 0, mask_ = -1, size_ = 0;
};

}  // namespace arcsat
