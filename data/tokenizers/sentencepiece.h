#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer.h"
#include "data/tokenizers/byte_trie.h"
#include "data/tokenizers/charsmap.h"
#include "data/tokenizers/segmenter.h"
#include "data/tokenizers/sentencepiece_model.h"

namespace arcsat {

struct SentencePieceOptions {
  enum class Layout { kXlmR, kAlbert };
  /// XLM-R: <s> 0, <pad> 1, </s> 2, <unk> 3, then the model's pieces from 3 on, <mask> last.
  /// ALBERT: the model's own ids.
  Layout layout = Layout::kXlmR;
  bool lower_case = true;     ///< ALBERT only
  bool keep_accents = false;  ///< ALBERT only
  /// Pieces cut out of the raw text before normalisation, as Hugging Face's added tokens that are
  /// not special; by default (`added_from_model`) the model's user-defined symbols.
  std::vector<std::string> added;
  bool added_from_model = true;
};

/// SentencePiece (Kudo, Richardson 2018), unigram (Kudo 2018) or BPE, with the ids that
/// transformers' converted fast tokenizers give: normalisation and cutting at spaces as in
/// XLMRobertaConverter and AlbertConverter of convert_slow_tokenizer.py.
///
/// One difference is meant: control pieces ("<s>", "[CLS]", "<unk>", …) are never read out of a
/// text. Hugging Face's unigram model finds them in its vocabulary even where special tokens are to
/// be split, so a customer's literal "<s>" would begin a sequence; here it is plain text, as in
/// Google's own library.
///
/// No text is too long: time and memory grow linearly (BPE: n log n) whether or not there are
/// spaces, and nothing recurses, so equality holds for every length.
class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(const std::filesystem::path& model, const SentencePieceOptions& options,
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
  const SentencePieceOptions& options() const { return options_; }
  /// Whether pieces are cut out of a text before it is normalised.
  bool has_added() const { return has_added_; }

 private:
  void SetLayout(const SentencePieceModel& model, const std::string& place);
  void AddWhole(const SentencePieceModel& model, const std::string& place);
  std::int32_t ToId(std::int32_t piece) const;
  std::string Normalize(std::string_view text) const;
  /// Appends the ids of a stretch of text that holds no added token.
  void EncodePart(std::string_view text, std::vector<std::int32_t>* ids) const;

  SentencePieceOptions options_;
  std::vector<std::filesystem::path> files_;
  Charsmap charsmap_;
  std::unique_ptr<Segmenter> segmenter_;
  std::vector<bool> continues_;  // by id: the piece does not begin with a space
  ByteTrie added_;
  bool has_added_ = false;
  std::int32_t begin_ = 0, end_ = 0, pad_ = 0, unknown_ = 0, mask_ = -1, size_ = 0;
  std::int32_t unknown_piece_ = 0;
};

}  // namespace arcsat
