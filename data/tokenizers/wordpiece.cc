#include "data/tokenizers/wordpiece.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

using unicode::Properties;

constexpr std::uintmax_t kMaxVocabulary = std::uintmax_t{64} << 20;
constexpr std::size_t kMaxTokens = 2'000'000;
constexpr std::size_t kMaxTokenBytes = 512;

enum AsciiKind : std::uint8_t { kDrop, kSeparator, kPunctuation, kLetter };

/// What clean_text and the pre-tokenizer make of each ASCII character.
std::array<AsciiKind, 128> AsciiKinds(bool clean) {
  std::array<AsciiKind, 128> kinds{};
  for (std::size_t c = 0; c < kinds.size(); ++c) {
    const std::uint32_t properties = Properties(static_cast<char32_t>(c));
    kinds[c] = kLetter;
    if ((properties & unicode::kPunctuation) != 0) kinds[c] = kPunctuation;
    if ((properties & unicode::kSpace) != 0) kinds[c] = kSeparator;
    if (clean && (properties & unicode::kCleanSpace) != 0) kinds[c] = kSeparator;
    if (clean && (properties & unicode::kDropped) != 0) kinds[c] = kDrop;
  }
  return kinds;
}

}  // namespace

/// Normalises a text character by character and hands over each word as soon as it ends.
class WordPieceTokenizer::Stream {
 public:
  Stream(const WordPieceTokenizer& owner, std::vector<std::int32_t>* ids)
      : owner_(owner), options_(owner.options_), ids_(ids) {}

  void Run(std::string_view text) {
    static const std::array<AsciiKind, 128> kClean = AsciiKinds(true), kRaw = AsciiKinds(false);
    const auto& kinds = options_.clean_text ? kClean : kRaw;
    for (std::size_t at = 0; at < text.size();) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < 0x80) {
        ++at;
        Ascii(static_cast<char>(byte), kinds[byte]);
      } else {
        Clean(unicode::Decode(text, &at));
      }
    }
    DrainMarks();
    EndWord();
  }

 private:
  void Ascii(char c, AsciiKind kind) {
    if (kind == kDrop) return;
    if (!marks_.empty()) DrainMarks();
    if (kind == kLetter) {
      if (options_.lower_case && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      if (++characters_ <= options_.max_characters) word_ += c;
      return;
    }
    EndWord();
    if (kind == kPunctuation) {
      word_ += c, characters_ = 1;
      EndWord();
    }
  }

  void Clean(char32_t c) {
    const std::uint32_t properties = Properties(c);
    if (options_.clean_text) {
      if ((properties & unicode::kDropped) != 0) return;
      if ((properties & unicode::kCleanSpace) != 0) return Ascii(' ', kSeparator);
    }
    const bool alone = options_.tokenize_chinese_chars && (properties & unicode::kCjk) != 0;
    if (alone) Ascii(' ', kSeparator);
    if (!options_.strip_accents) {
      Lower(c);
    } else {
      parts_.clear();
      unicode::AppendDecomposed(c, false, &parts_);
      for (const char32_t part : parts_) Order(part);
    }
    if (alone) Ascii(' ', kSeparator);
  }

  // Marks wait until the next character that is none: only then is their order known.
  void Order(char32_t c) {
    if (c >= 0x80 && unicode::CombiningClass(Properties(c)) != 0) {
      marks_ += c;
    } else {
      if (!marks_.empty()) DrainMarks();
      Strip(c);
    }
  }

  void DrainMarks() {
    unicode::SortMarks(&marks_);
    for (const char32_t mark : marks_) Strip(mark);
    marks_.clear();
  }

  void Strip(char32_t c) {
    if ((Properties(c) & unicode::kNonspacingMark) == 0) Lower(c);
  }

  void Lower(char32_t c) {
    if (!options_.lower_case) return Accept(c);
    lower_.clear();
    unicode::AppendLower(c, &lower_);
    for (const char32_t part : lower_) Accept(part);
  }

  void Accept(char32_t c) {
    const std::uint32_t properties = Properties(c);
    if ((properties & (unicode::kSpace | unicode::kPunctuation)) == 0) {
      if (++characters_ <= options_.max_characters) unicode::Append(c, &word_);
      return;
    }
    EndWord();
    if ((properties & unicode::kPunctuation) != 0) {
      unicode::Append(c, &word_);
      characters_ = 1;
      EndWord();
    }
  }

  void EndWord() {
    if (characters_ == 0) return;
    if (characters_ > options_.max_characters) {
      ids_->push_back(owner_.unknown_);
    } else {
      owner_.AppendWord(word_, ids_);
    }
    word_.clear();
    characters_ = 0;
  }

  const WordPieceTokenizer& owner_;
  const WordPieceOptions& options_;
  std::vector<std::int32_t>* ids_;
  std::string word_;             // at most max_characters of it
  std::int64_t characters_ = 0;  // of the whole word
  std::u32string parts_, marks_, lower_;
};

WordPieceTokenizer::WordPieceTokenizer(const std::filesystem::path& vocabulary,
                                       const WordPieceOptions& options,
                                       std::vector<std::filesystem::path> files)
    : options_(options), files_(std::move(files)) {
  ReadVocabulary(vocabulary);
  unknown_ = Special(options_.unknown, vocabulary);
  begin_ = Special(options_.begin, vocabulary);
  end_ = Special(options_.end, vocabulary);
  pad_ = Special(options_.pad, vocabulary);
  mask_ = trie_.Find(options_.mask);
  continuation_ = trie_.Child(ByteTrie::kRoot, '#');
  if (continuation_ != ByteTrie::kNone) continuation_ = trie_.Child(continuation_, '#');
}

void WordPieceTokenizer::ReadVocabulary(const std::filesystem::path& path) {
  const std::string bytes = ReadFile(path, kMaxVocabulary);
  const std::string remedy = "copy vocab.txt anew from where the model came from";
  const auto fail = [&](std::string found, std::string expected) {
    throw Error({fmt::format("{}:{}", path.string(), size_ + 1), std::move(found),
                 std::move(expected), remedy});
  };
  const std::string_view all = bytes;
  for (std::size_t at = 0; at < all.size(); ++size_) {
    std::size_t end = all.find('\n', at);
    if (end == std::string_view::npos) end = all.size();
    std::string_view token = all.substr(at, end - at);
    at = end + 1;
    if (!token.empty() && token.back() == '\r') token.remove_suffix(1);
    if (token.empty()) fail("found an empty line", "expected one token a line");
    if (token.size() > kMaxTokenBytes) {
      fail(fmt::format("found a line of {} bytes", token.size()),
           fmt::format("expected a token of 1 to {} bytes", kMaxTokenBytes));
    }
    if (!unicode::IsValidUtf8(token)) fail("found broken UTF-8", "expected a token in UTF-8");
    if (static_cast<std::size_t>(size_) >= kMaxTokens) {
      fail("found more lines", fmt::format("expected at most {} tokens", kMaxTokens));
    }
    if (!trie_.Insert(token, size_)) {
      const std::int32_t first = trie_.Find(token);
      if (first < 0) fail("found too much text", "expected a vocabulary of usual size");
      fail(fmt::format("found \"{}\" a second time", token),
           fmt::format("expected it once; it is on line {} already", first + 1));
    }
    continues_.push_back(token.size() > 2 && token.starts_with("##"));
  }
  if (size_ == 0) fail("found an empty file", "expected one token a line");
}

std::int32_t WordPieceTokenizer::Special(const std::string& token,
                                         const std::filesystem::path& path) const {
  const std::int32_t id = trie_.Find(token);
  if (id >= 0) return id;
  throw Error({path.string(), fmt::format("found no {} among {} tokens", token, size_),
               "expected BERT's special tokens in the vocabulary",
               "copy vocab.txt anew, or name the token in tokenizer_config.json"});
}

std::vector<std::int32_t> WordPieceTokenizer::Encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  ids.reserve(text.size() / 3 + 4);
  Stream(*this, &ids).Run(text);
  return ids;
}

void WordPieceTokenizer::AppendWord(std::string_view word, std::vector<std::int32_t>* ids) const {
  const std::size_t before = ids->size();
  for (std::size_t start = 0; start < word.size();) {
    std::uint32_t node = start == 0 ? ByteTrie::kRoot : continuation_;
    std::int32_t best = -1;
    std::size_t best_end = start;
    for (std::size_t at = start; at < word.size() && node != ByteTrie::kNone;) {
      node = trie_.Child(node, word[at++]);
      if (node != ByteTrie::kNone && trie_.Value(node) >= 0)
        best = trie_.Value(node), best_end = at;
    }
    if (best < 0) {  // one part that is not in the vocabulary makes the whole word unknown
      ids->resize(before);
      ids->push_back(unknown_);
      return;
    }
    ids->push_back(best);
    start = best_end;
  }
}

}  // namespace arcsat
