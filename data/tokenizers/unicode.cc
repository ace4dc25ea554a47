#include "data/tokenizers/unicode.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

namespace arcsat::unicode {
namespace {

#include "data/tokenizers/unicode_tables.inc"

constexpr std::size_t kCodePoints = 0x110000;
constexpr std::size_t kPage = 256;
constexpr char32_t kHangulFirst = 0xAC00, kHangulLast = 0xD7A3;

/// One-to-many mappings by binary search; which characters have one is a property bit, so that a
/// search is rarely made for nothing.
class Mapping {
 public:
  template <std::size_t N, std::size_t M>
  Mapping(const std::int32_t (&runs)[N], const std::int32_t (&expansions)[M]) {
    for (std::size_t i = 0; i + 3 < N; i += 4) {
      for (std::int32_t c = runs[i]; c <= runs[i + 1]; c += runs[i + 2]) {
        Add(c, std::u32string(1, static_cast<char32_t>(c + runs[i + 3])));
      }
    }
    for (std::size_t i = 0; i + 1 < M; i += 2 + static_cast<std::size_t>(expansions[i + 1])) {
      std::u32string to;
      for (std::int32_t k = 0; k < expansions[i + 1]; ++k) {
        to += static_cast<char32_t>(expansions[i + 2 + static_cast<std::size_t>(k)]);
      }
      Add(expansions[i], std::move(to));
    }
    std::sort(entries_.begin(), entries_.end());
  }

  const std::u32string& At(char32_t c) const {
    return std::lower_bound(entries_.begin(), entries_.end(), c,
                            [](const auto& entry, char32_t key) { return entry.first < key; })
        ->second;
  }
  const std::vector<std::pair<char32_t, std::u32string>>& entries() const { return entries_; }

 private:
  void Add(std::int32_t c, std::u32string to) {
    entries_.emplace_back(static_cast<char32_t>(c), std::move(to));
  }
  std::vector<std::pair<char32_t, std::u32string>> entries_;
};

/// The property words, as pages of which equal ones are stored once.
struct Tables {
  Mapping nfd{kNfdRuns, kNfdExpansions};
  Mapping nfkd{kNfkdRuns, kNfkdExpansions};
  Mapping lower{kLowerRuns, kLowerExpansions};
  std::array<std::uint16_t, kCodePoints / kPage> page_of{};
  std::vector<std::uint32_t> words;

  Tables() {
    std::vector<std::uint32_t> flat(kCodePoints);
    constexpr std::size_t kRows = std::size(kPropertyRanges) / 2;
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::size_t end = i + 1 < kRows ? kPropertyRanges[2 * i + 2] : kCodePoints;
      for (std::size_t c = kPropertyRanges[2 * i]; c < end; ++c)
        flat[c] = kPropertyRanges[2 * i + 1];
    }
    for (const auto& [c, to] : nfd.entries()) flat[c] |= kHasNfd;
    for (const auto& [c, to] : nfkd.entries()) flat[c] |= kHasNfkd;
    for (const auto& [c, to] : lower.entries()) flat[c] |= kHasLower;
    std::map<std::vector<std::uint32_t>, std::uint16_t> seen;
    for (std::size_t page = 0; page < page_of.size(); ++page) {
      const auto begin = flat.begin() + static_cast<std::ptrdiff_t>(page * kPage);
      std::vector<std::uint32_t> content(begin, begin + kPage);
      const auto [at, fresh] =
          seen.emplace(std::move(content), static_cast<std::uint16_t>(words.size() / kPage));
      if (fresh) words.insert(words.end(), at->first.begin(), at->first.end());
      page_of[page] = at->second;
    }
  }
};

const Tables& AllTables() {
  static const Tables tables;
  return tables;
}

}  // namespace

char32_t Decode(std::string_view text, std::size_t* at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t start = (*at)++;
  const unsigned lead = byte(start);
  if (lead < 0x80) return lead;
  // The bounds of the second byte shut out overlong forms, surrogates and what lies past U+10FFFF
  // (Unicode, table 3-7); a byte outside them is not part of the invalid sequence.
  unsigned low = 0x80, high = 0xBF;
  std::size_t more;
  char32_t c;
  if (lead >= 0xC2 && lead <= 0xDF) {
    more = 1, c = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    more = 2, c = lead & 0x0FU;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    more = 3, c = lead & 0x07U;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return kReplacement;
  }
  for (; more > 0; --more) {
    if (*at >= text.size() || byte(*at) < low || byte(*at) > high) return kReplacement;
    c = (c << 6) | (byte((*at)++) & 0x3FU);
    low = 0x80, high = 0xBF;
  }
  return c;
}

void Append(char32_t c, std::string* out) {
  const auto put = [out](char32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | (c >> 6));
  } else {
    if (c < 0x10000) {
      put(0xE0 | (c >> 12));
    } else {
      put(0xF0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3F));
    }
    put(0x80 | ((c >> 6) & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

std::u32string ToCodePoints(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) out += Decode(text, &at);
  return out;
}

std::string ToUtf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) Append(c, &out);
  return out;
}

bool IsValidUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    // A real U+FFFD is EF BF BD; anything else that decodes to it was broken.
    if (Decode(text, &at) == kReplacement && text.substr(start, at - start) != "\xEF\xBF\xBD") {
      return false;
    }
  }
  return true;
}

std::uint32_t Properties(char32_t c) {
  const Tables& tables = AllTables();
  if (c >= kCodePoints) return 0;
  return tables.words[tables.page_of[c / kPage] * kPage + c % kPage];
}

void AppendDecomposed(char32_t c, bool compatibility, std::u32string* out) {
  if (c >= kHangulFirst && c <= kHangulLast) {  // The Unicode Standard, section 3.12
    const char32_t syllable = c - kHangulFirst;
    out->push_back(static_cast<char32_t>(0x1100 + syllable / 588));
    out->push_back(static_cast<char32_t>(0x1161 + syllable % 588 / 28));
    if (syllable % 28 != 0) out->push_back(static_cast<char32_t>(0x11A7 + syllable % 28));
    return;
  }
  const std::uint32_t properties = c < 0x80 ? 0 : Properties(c);
  if (compatibility && (properties & kHasNfkd) != 0) {
    *out += AllTables().nfkd.At(c);
  } else if ((properties & kHasNfd) != 0) {
    *out += AllTables().nfd.At(c);
  } else {
    *out += c;
  }
}

void AppendLower(char32_t c, std::u32string* out) {
  if (c < 0x80) {
    *out += c >= 'A' && c <= 'Z' ? c + 32 : c;
  } else if ((Properties(c) & kHasLower) != 0) {
    *out += AllTables().lower.At(c);
  } else {
    *out += c;
  }
}

void SortMarks(std::u32string* marks) {
  if (marks->size() < 2) return;
  std::stable_sort(marks->begin(), marks->end(), [](char32_t a, char32_t b) {
    return CombiningClass(Properties(a)) < CombiningClass(Properties(b));
  });
}

std::u32string Decompose(std::u32string_view text, bool compatibility) {
  std::u32string out, parts, marks;
  out.reserve(text.size());
  const auto drain = [&] {
    SortMarks(&marks);
    out += marks;
    marks.clear();
  };
  for (const char32_t c : text) {
    parts.clear();
    AppendDecomposed(c, compatibility, &parts);
    for (const char32_t part : parts) {
      if (part >= 0x80 && CombiningClass(Properties(part)) != 0) {
        marks += part;
      } else {
        if (!marks.empty()) drain();
        out += part;
      }
    }
  }
  drain();
  return out;
}

bool GraphemeBreaker::BreaksBefore(char32_t next) {
  const std::uint32_t properties = Properties(next);
  const BreakClass type = BreakOf(properties);
  const bool breaks = !started_ || Breaks(next, properties);
  const bool indicator = next >= 0x1F1E6 && next <= 0x1F1FF;
  started_ = true;
  odd_indicators_ = indicator && (breaks || !odd_indicators_);
  after_pictograph_zwj_ = after_pictograph_ && type == BreakClass::kZwj;
  after_pictograph_ =
      type == BreakClass::kPictograph || (after_pictograph_ && type == BreakClass::kExtend);
  if ((properties & kConjunctConsonant) != 0) {
    after_consonant_ = true, after_linker_ = false;
  } else if (after_consonant_ && (properties & kConjunctLinker) != 0) {
    after_linker_ = true;
  } else if ((properties & kConjunctExtend) == 0) {
    after_consonant_ = after_linker_ = false;
  }
  last_ = next;
  last_class_ = type;
  return breaks;
}

bool GraphemeBreaker::Breaks(char32_t next, std::uint32_t properties) const {
  using B = BreakClass;
  const B type = BreakOf(properties);
  const auto syllable = [](char32_t c) { return c >= kHangulFirst && c <= kHangulLast; };
  const auto open = [](char32_t c) { return (c - kHangulFirst) % 28 == 0; };
  if (last_ == '\r' && next == '\n') return false;                                 // GB3
  if (last_class_ == B::kControl || type == B::kControl) return true;              // GB4, GB5
  if (type == B::kExtend || type == B::kZwj || type == B::kSpacing) return false;  // GB9, GB9a
  if (last_class_ == B::kPrepend) return false;                                    // GB9b
  if (after_linker_ && (properties & kConjunctConsonant) != 0) return false;       // GB9c
  if (after_pictograph_zwj_ && type == B::kPictograph) return false;               // GB11
  if (last_class_ == B::kHangulL) {                                                // GB6
    return !(type == B::kHangulL || type == B::kHangulV || syllable(next));
  }
  if (type == B::kHangulV) {  // GB7
    return !(last_class_ == B::kHangulV || (syllable(last_) && open(last_)));
  }
  if (type == B::kHangulT) {  // GB7, GB8
    return !(last_class_ == B::kHangulV || last_class_ == B::kHangulT || syllable(last_));
  }
  const bool indicators = next >= 0x1F1E6 && next <= 0x1F1FF && odd_indicators_;  // GB12, GB13
  return !indicators;
}

}  // namespace arcsat::unicode
