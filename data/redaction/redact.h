#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What is taken out, and the word in its placeholder: "[email 1]".
enum class PiiType { kName, kEmail, kPhone, kCard, kIban, kNationalId, kAddress, kUrl };
inline constexpr int kPiiTypes = 8;
/// "name", "email", "phone", "card", "iban", "id", "address", "link".
const char* PlaceholderWord(PiiType type);

/// How often each type was replaced, by PiiType.
using PiiCounts = std::array<std::int64_t, kPiiTypes>;

/// Replaces personal data in the texts of one conversation by placeholders: the same person, or the
/// same number however it is written, gets the same placeholder. docs/import.md states the rules
/// and how much they find. Linear in the text's length.
///
///   Redactor redactor({"Ann Lee"});
///   for (Turn& turn : c.turns) redactor.Learn(turn.text);   // names that are introduced
///   for (Turn& turn : c.turns) turn.text = redactor.Redact(turn.text);
class Redactor {
 public:
  /// `names`: of people who take part, where the file marks them.
  explicit Redactor(const std::vector<std::string>& names = {});

  /// Takes up names that a text introduces ("my name is …", "Dear Mr …").
  void Learn(std::string_view text);
  std::string Redact(std::string_view text);
  /// Every string, integer and key in `value`.
  void Redact(Json* value);

  const PiiCounts& counts() const { return counts_; }
  const std::vector<std::vector<std::string>>& people() const { return people_; }

 private:
  void RedactObject(Json* object);
  std::string Placeholder(PiiType type, const std::string& key);
  void AddPerson(const std::string& name);
  /// Length of a known person's name that begins at `at`, and who it is.
  std::size_t MatchPerson(std::string_view text, std::size_t at, int* person) const;

  std::vector<std::vector<std::string>> people_;  // lower-case parts of each name
  std::map<std::string, std::vector<int>> by_part_;
  std::array<std::map<std::string, int>, kPiiTypes> numbers_;
  PiiCounts counts_{};
};

/// Redacts a whole record: turns, attributes, the survey's comments and unknown fields. Ids that
/// hold personal data (an e-mail address, a telephone number, a name) become pseudonyms,
/// HMAC-SHA256 with `key`: equal ids stay equal, so conversations of one customer still belong
/// together. Adds what it replaced to `counts`.
void RedactConversation(const std::string& key, Conversation* conversation, PiiCounts* counts);

/// A message for people (an error, a log line) without personal data.
std::string RedactMessage(std::string_view message);

/// 32 hexadecimal digits from the system's generator: a key for one run.
std::string RandomKey();

/// One find at text[at]: its length (0: none) and what makes two of them the same.
struct PiiMatch {
  std::size_t length = 0;
  PiiType type = PiiType::kName;
  std::string key;
};

// The detectors. Each looks at text[at], which begins a word (the byte before is no letter or
// digit), and bounds its look ahead.
PiiMatch MatchUrl(std::string_view text, std::size_t at);
PiiMatch MatchEmail(std::string_view text, std::size_t at);
PiiMatch MatchSpokenEmail(std::string_view text, std::size_t at);
PiiMatch MatchAddress(std::string_view text, std::size_t at);
PiiMatch MatchNumber(std::string_view text, std::size_t at);
PiiMatch MatchSpokenNumber(std::string_view text, std::size_t at);

/// Names that a text introduces, as written.
std::vector<std::string> IntroducedNames(std::string_view text);

/// Checks of numbers, without separators: Luhn (ISO/IEC 7812-1), IBAN (ISO 13616, mod 97).
bool PassesLuhn(std::string_view digits);
bool PassesIban(std::string_view characters);

// Bytes as the detectors see them; a byte of another script is a letter.
inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
inline bool IsLetter(char c) { return IsUpper(c) || IsLower(c) || (c & 0x80) != 0; }
/// Longer words are no names, and "a-a-a-…" must not be read to its end from every letter.
inline constexpr std::size_t kLongestWord = 64;
inline bool IsWordByte(char c) { return IsDigit(c) || IsLetter(c); }
std::string LowerAscii(std::string_view text);
/// The word of letters and digits at text[*at], lower case; *at moves behind it and one space.
/// Empty: none.
std::string TakeWord(std::string_view text, std::size_t* at);

}  // namespace arcsat
