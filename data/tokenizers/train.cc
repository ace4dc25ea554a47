#include "data/tokenizers/train.h"

#include <fmt/format.h>
#include <sentencepiece_trainer.h>

#include <string_view>
#include <unordered_map>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

namespace spm = sentencepiece;

constexpr std::size_t kMaxSentence = 4192;  // bytes; the trainer skips longer ones

/// Hands the caller's sentences to Google's trainer, cleaned and in pieces it takes.
class Sentences final : public spm::SentenceIterator {
 public:
  Sentences(const NextSentence& next, std::int64_t limit) : next_(next), limit_(limit) { Next(); }

  bool done() const override { return done_; }
  const std::string& value() const override { return value_; }
  spm::util::Status status() const override { return {}; }

  void Next() override {
    for (;;) {
      if (TakePart()) return;
      if ((limit_ > 0 && read_ >= limit_) || !next_(&value_)) break;
      ++read_;
      rest_ = unicode::ToUtf8(unicode::ToCodePoints(value_));
      // A tab or a line break ends a field in the trainer's own formats.
      for (char& c : rest_) {
        if (c == '\t' || c == '\n' || c == '\r' || c == '\0') c = ' ';
      }
      at_ = 0;
    }
    done_ = true;
    value_.clear();
  }

  std::int64_t given() const { return given_; }

 private:
  /// The next part of `rest_` that is not blank, at most kMaxSentence bytes, into `value_`.
  bool TakePart() {
    at_ = rest_.find_first_not_of(' ', at_);
    if (at_ == std::string::npos || at_ >= rest_.size()) {
      at_ = rest_.size();
      return false;
    }
    std::size_t end = rest_.size();
    if (end - at_ > kMaxSentence) {
      end = rest_.rfind(' ', at_ + kMaxSentence);
      if (end == std::string::npos || end <= at_) {
        end = at_ + kMaxSentence;
        while ((static_cast<unsigned char>(rest_[end]) & 0xC0U) == 0x80U) --end;
      }
    }
    value_ = rest_.substr(at_, end - at_);
    at_ = end;
    ++given_;
    return true;
  }

  const NextSentence& next_;
  std::int64_t limit_, read_ = 0, given_ = 0;
  std::string value_, rest_;
  std::size_t at_ = 0;
  bool done_ = false;
};

[[noreturn]] void Refuse(const char* field, std::string found, std::string expected) {
  throw UsageError({fmt::format("tokenizer training: {}", field), std::move(found),
                    std::move(expected), "change the option"});
}

void Check(const SentencePieceTrainOptions& options) {
  if (options.algorithm != "unigram" && options.algorithm != "bpe") {
    Refuse("algorithm", fmt::format("found {}", options.algorithm), "expected unigram or bpe");
  }
  if (options.layout != "xlm-roberta" && options.layout != "albert") {
    Refuse("layout", fmt::format("found {}", options.layout), "expected xlm-roberta or albert");
  }
  if (options.vocab_size < 16 || options.vocab_size > 1'000'000) {
    Refuse("vocab_size", fmt::format("found {}", options.vocab_size), "expected 16 to 1,000,000");
  }
  if (!(options.character_coverage >= 0.9 && options.character_coverage <= 1.0)) {
    Refuse("character_coverage", fmt::format("found {}", options.character_coverage),
           "expected 0.9 to 1");
  }
  if (options.max_sentences < 0) {
    Refuse("max_sentences", fmt::format("found {}", options.max_sentences), "expected 0 or more");
  }
}

std::unordered_map<std::string, std::string> Arguments(const SentencePieceTrainOptions& options) {
  std::unordered_map<std::string, std::string> arguments = {
      {"model_type", options.algorithm},
      {"vocab_size", std::to_string(options.vocab_size)},
      {"character_coverage", fmt::format("{:.9f}", options.character_coverage)},
      {"max_sentence_length", std::to_string(kMaxSentence)},
      // Sums are split by thread, so their number is part of the result: fixed, whatever the
      // machine.
      {"num_threads", "4"},
      {"shuffle_input_sentence", "false"},
      {"hard_vocab_limit", options.exact_size ? "true" : "false"},
      {"normalization_rule_name", "nmt_nfkc"},
      {"minloglevel", "2"},
  };
  if (options.layout == "albert") {
    arguments.insert({{"pad_id", "0"},
                      {"unk_id", "1"},
                      {"bos_id", "-1"},
                      {"eos_id", "-1"},
                      {"control_symbols", "[CLS],[SEP],[MASK]"}});
  }
  return arguments;
}

}  // namespace

void TrainSentencePiece(const SentencePieceTrainOptions& options, const NextSentence& next,
                        const std::filesystem::path& output) {
  Check(options);
  Sentences sentences(next, options.max_sentences);
  if (sentences.done()) {
    throw Error({"tokenizer training", "found no text", "expected at least one sentence",
                 "check that the conversations have turns with text"});
  }
  std::string model;
  const spm::util::Status status =
      spm::SentencePieceTrainer::Train(Arguments(options), &sentences, &model);
  if (!status.ok() || model.empty()) {
    throw Error({"tokenizer training", fmt::format("found: {}", status.ToString()),
                 fmt::format("expected text for {} pieces, got {} sentences", options.vocab_size,
                             sentences.given()),
                 "lower vocab_size, or give more text"});
  }
  WriteFile(output, model);
}

}  // namespace arcsat
