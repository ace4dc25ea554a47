#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Unicode as Hugging Face's fast tokenizers see it: every property here was read off the package
/// by tools/make_unicode_tables.py, so that ids agree whatever Unicode version its parts follow.
namespace arcsat::unicode {

/// Bits of Properties(); tools/make_unicode_tables.py writes the same.
enum Property : std::uint32_t {
  kDropped = 1U << 0,            ///< BERT's clean_text removes it
  kSpace = 1U << 1,              ///< White_Space: separates words
  kPunctuation = 1U << 2,        ///< BERT makes it a word of its own
  kCjk = 1U << 3,                ///< BERT puts spaces around it
  kNonspacingMark = 1U << 4,     ///< general category Mn, of what NFD leaves
  kMark = 1U << 5,               ///< general category M, ALBERT's accents
  kCleanSpace = 1U << 6,         ///< BERT's clean_text makes it a space
  kConjunctConsonant = 1U << 7,  ///< Indic_Conjunct_Break, for grapheme clusters
  kConjunctLinker = 1U << 8,
  kConjunctExtend = 1U << 9,
  kHasNfd = 1U << 24,   ///< changed by NFD on its own
  kHasNfkd = 1U << 25,  ///< changed by NFKD in another way than by NFD
  kHasLower = 1U << 26,
};

/// Grapheme_Cluster_Break, as far as it matters (CR, LF and regional indicators are told apart by
/// their code points).
enum class BreakClass : std::uint8_t {
  kOther,
  kControl,
  kExtend,
  kZwj,
  kSpacing,
  kPrepend,
  kPictograph,
  kHangulL,
  kHangulV,
  kHangulT
};

inline constexpr char32_t kReplacement = 0xFFFD;

/// The code point at text[*at] (at < size); *at moves past it. A maximal invalid part gives one
/// U+FFFD, as Python's decode(errors="replace") does.
char32_t Decode(std::string_view text, std::size_t* at);

/// Appends `c` as UTF-8.
void Append(char32_t c, std::string* out);

std::u32string ToCodePoints(std::string_view text);
std::string ToUtf8(std::u32string_view text);
bool IsValidUtf8(std::string_view text);

/// Bits of Property, BreakClass in bits 12-15, canonical combining class in bits 16-23.
std::uint32_t Properties(char32_t c);
inline BreakClass BreakOf(std::uint32_t properties) {
  return static_cast<BreakClass>((properties >> 12) & 15U);
}
inline std::uint32_t CombiningClass(std::uint32_t properties) { return (properties >> 16) & 255U; }

/// Appends the full canonical (or compatibility) decomposition of one character, without
/// reordering it against its neighbours.
void AppendDecomposed(char32_t c, bool compatibility, std::u32string* out);

/// Appends the full lower-case mapping of one character.
void AppendLower(char32_t c, std::u32string* out);

/// Puts a run of characters whose combining class is not 0 into canonical order.
void SortMarks(std::u32string* marks);

/// NFD, or NFKD.
std::u32string Decompose(std::u32string_view text, bool compatibility);

/// Finds the borders of extended grapheme clusters (UAX #29), one character after another.
class GraphemeBreaker {
 public:
  /// True where `next` begins a new cluster; true for the first character.
  bool BreaksBefore(char32_t next);

 private:
  bool Breaks(char32_t next, std::uint32_t properties) const;

  char32_t last_ = 0;
  BreakClass last_class_ = BreakClass::kOther;
  bool started_ = false;
  bool after_pictograph_ = false;      // Extended_Pictographic Extend*
  bool after_pictograph_zwj_ = false;  // and a ZWJ
  bool after_consonant_ = false;       // consonant [extend linker]*
  bool after_linker_ = false;          // with a linker among them
  bool odd_indicators_ = false;
};

}  // namespace arcsat::unicode
