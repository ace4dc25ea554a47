// Card numbers, IBANs, national ids and telephone numbers, written in digits or read out.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "data/redaction/redact.h"

namespace arcsat {
namespace {

constexpr std::size_t kCue = 40;  // bytes before a number in which a word says what it is

/// Characters of a number in one piece: single separators between are passed over.
struct Run {
  std::string characters;        ///< digits and letters, upper case
  std::vector<std::size_t> end;  ///< behind each of them, in the text
  std::string shape;             ///< the text with digits as 'd' and letters as 'a'
};

Run ReadRun(std::string_view text, std::size_t at, bool letters, std::size_t most) {
  Run run;
  std::size_t i = at;
  while (i < text.size() && run.characters.size() < most) {
    const char c = text[i];
    const bool part = IsDigit(c) || (letters && (IsUpper(c) || IsLower(c)));
    if (part) {
      run.characters += IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c;
      run.end.push_back(i + 1);
      run.shape += IsDigit(c) ? 'd' : 'a';
      ++i;
      continue;
    }
    const bool separator = c == ' ' || c == '-';
    if (!separator || i + 1 >= text.size() ||
        !(IsDigit(text[i + 1]) || (letters && IsUpper(text[i + 1])))) {
      break;
    }
    run.shape += c;
    ++i;
  }
  return run;
}

bool WordEndsAt(std::string_view text, std::size_t end) {
  return end >= text.size() || !IsWordByte(text[end]);
}

template <std::size_t N>
bool HasCue(std::string_view text, std::size_t at, const std::array<std::string_view, N>& cues) {
  const std::size_t from = at > kCue ? at - kCue : 0;
  const std::string before = LowerAscii(text.substr(from, at - from));
  return std::any_of(cues.begin(), cues.end(),
                     [&](std::string_view cue) { return before.find(cue) != std::string::npos; });
}

PiiMatch MatchIban(std::string_view text, std::size_t at) {
  if (at + 4 > text.size() || IsDigit(text[at]) ||
      !IsDigit(text[std::min(at + 2, text.size() - 1)])) {
    return {};
  }
  const Run run = ReadRun(text, at, true, 34);
  for (std::size_t size = std::min<std::size_t>(run.characters.size(), 34); size >= 15; --size) {
    if (!WordEndsAt(text, run.end[size - 1])) continue;
    const std::string iban = run.characters.substr(0, size);
    if (PassesIban(iban)) return {run.end[size - 1] - at, PiiType::kIban, iban};
  }
  return {};
}

/// Beginnings that card schemes use (ISO/IEC 7812): 2 to 6, and JCB's 1800. Twelve digits are
/// Maestro's only.
bool IsCardBeginning(const std::string& digits) {
  if (digits.size() == 12) {
    return digits.starts_with("50") || digits.starts_with("63") || digits.starts_with("67") ||
           (digits[0] == '5' && digits[1] >= '6' && digits[1] <= '8');
  }
  return (digits[0] >= '2' && digits[0] <= '6') ||
         (digits.size() == 15 && digits.starts_with("1800"));
}

PiiMatch MatchCard(std::string_view text, std::size_t at) {
  if (!IsDigit(text[at])) return {};
  const Run run = ReadRun(text, at, false, 19);
  for (const std::size_t size : {std::size_t{19}, std::size_t{16}, std::size_t{15}, std::size_t{14},
                                 std::size_t{13}, std::size_t{12}}) {
    if (run.characters.size() < size || !WordEndsAt(text, run.end[size - 1])) continue;
    const std::string digits = run.characters.substr(0, size);
    if (IsCardBeginning(digits) && PassesLuhn(digits)) {
      return {run.end[size - 1] - at, PiiType::kCard, digits};
    }
  }
  return {};
}

/// Spain's DNI and NIE: the letter is the number modulo 23.
bool IsDni(std::string id) {
  if (id.size() != 9) return false;
  if (id[0] >= 'X' && id[0] <= 'Z') id[0] = static_cast<char>('0' + (id[0] - 'X'));
  if (!std::all_of(id.begin(), id.end() - 1, IsDigit)) return false;
  return "TRWAGMYFPDXBNJZSQVHLCKE"[std::atol(id.substr(0, 8).c_str()) % 23] == id[8];
}

/// Germany's Steuer-IdNr.: ISO 7064 mod 11, 10, and one digit of the first ten comes twice or
/// thrice.
bool IsSteuerId(const std::string& id) {
  if (id.size() != 11 || id[0] == '0' || !std::all_of(id.begin(), id.end(), IsDigit)) return false;
  std::array<int, 10> count{};
  int product = 10;
  for (std::size_t i = 0; i < 10; ++i) {
    ++count[static_cast<std::size_t>(id[i] - '0')];
    int sum = (id[i] - '0' + product) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  const int check = (11 - product) % 10;
  return check == id[10] - '0' && *std::max_element(count.begin(), count.end()) <= 3 &&
         std::count(count.begin(), count.end(), 0) <= 2 &&
         std::count(count.begin(), count.end(), 0) >= 1;
}

/// France's number (INSEE): the key is 97 less the rest by 97. Corsica's departments 2A and 2B
/// count as 19 and 18.
bool IsInsee(std::string id) {
  if (id.size() != 15 || (id[0] != '1' && id[0] != '2')) return false;
  if (id[6] == 'A' || id[6] == 'B') {
    if (id[5] != '2') return false;
    id[5] = '1';
    id[6] = id[6] == 'A' ? '9' : '8';
  }
  if (!std::all_of(id.begin(), id.end(), IsDigit)) return false;
  const long long number = std::atoll(id.substr(0, 13).c_str());
  return 97 - number % 97 == std::atoll(id.substr(13).c_str());
}

/// The United Kingdom's National Insurance number.
bool IsNino(const std::string& id) {
  constexpr std::string_view kFirst = "ABCEGHJKLMNOPRSTWXYZ", kLast = "ABCD";
  return id.size() == 9 && kFirst.find(id[0]) != std::string_view::npos &&
         kFirst.find(id[1]) != std::string_view::npos && id[1] != 'O' &&
         std::all_of(id.begin() + 2, id.end() - 1, IsDigit) &&
         kLast.find(id[8]) != std::string_view::npos;
}

/// Italy's codice fiscale, by its shape.
bool IsCodiceFiscale(const std::string& id) {
  constexpr std::string_view kShape = "aaaaaaddaddaddda";
  if (id.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (IsDigit(id[i]) != (kShape[i] == 'd')) return false;
  }
  return true;
}

PiiMatch MatchNationalId(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 15> kCues = {"account number",
                                                             "social security",
                                                             "ssn",
                                                             "national insurance",
                                                             "passport",
                                                             "driver's licen",
                                                             "driving licen",
                                                             "tax id",
                                                             "steuer",
                                                             "identity card",
                                                             "id number",
                                                             "personalausweis",
                                                             "dni",
                                                             "insurance number",
                                                             "licence number"};
  const Run run = ReadRun(text, at, true, 16);
  const auto found = [&](std::size_t size) {
    return PiiMatch{run.end[size - 1] - at, PiiType::kNationalId, run.characters.substr(0, size)};
  };
  for (const std::size_t size :
       {std::size_t{16}, std::size_t{15}, std::size_t{11}, std::size_t{9}}) {
    if (run.characters.size() < size || !WordEndsAt(text, run.end[size - 1])) continue;
    const std::string id = run.characters.substr(0, size);
    // SSN and ITIN: which numbers are given out matters less than that they look so.
    const bool ssn =
        size == 9 && (run.shape.starts_with("ddd-dd-dddd") || run.shape.starts_with("ddd dd dddd"));
    const bool sin = run.shape.starts_with("ddd-ddd-ddd") && size == 9 && PassesLuhn(id);
    if (ssn || sin || IsNino(id) || IsDni(id) || IsInsee(id) || IsSteuerId(id) ||
        IsCodiceFiscale(id)) {
      return found(size);
    }
  }
  // Any other number that a word before it calls an id.
  std::size_t size = std::min<std::size_t>(run.characters.size(), 12);
  while (size >= 6 && !WordEndsAt(text, run.end[size - 1])) --size;
  // "is 536904399": the word before belongs to the sentence.
  const bool begins =
      run.shape.substr(0, run.shape.find_first_of(" -")).find('d') != std::string::npos;
  if (size < 6 || !begins) return {};
  const auto digits = std::count_if(
      run.characters.begin(), run.characters.begin() + static_cast<std::ptrdiff_t>(size), IsDigit);
  return digits >= 5 && HasCue(text, at, kCues) ? found(size) : PiiMatch{};
}

/// A date or an IP address is no telephone number.
bool IsDateOrAddress(std::string_view shape) {
  return shape.starts_with("dddd-dd-dd") || shape.starts_with("dd-dd-dddd") ||
         shape.starts_with("dd.dd.dddd") || shape.starts_with("d.d.dddd") ||
         shape.starts_with("dddd/dd/dd") || shape.starts_with("dd/dd/dddd") ||
         std::count(shape.begin(), shape.end(), '.') == 3;
}

/// "x123", "ext. 123" behind a number.
std::size_t SkipExtension(std::string_view text, std::size_t end) {
  const std::string after = LowerAscii(text.substr(end, 12));
  for (const std::string_view mark : {" ext. ", " ext ", " extension ", " x", "x"}) {
    if (!after.starts_with(mark)) continue;
    std::size_t stop = end + mark.size();
    const std::size_t digits = stop;
    while (stop < text.size() && IsDigit(text[stop]) && stop - digits < 7) ++stop;
    if (stop > digits && WordEndsAt(text, stop)) return stop;
  }
  return end;
}

PiiMatch MatchPhone(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 14> kCues = {
      "phone",     "call me",   "reach me",       "cell",     "mobile",
      "tel",       "my number", "text me",        "whatsapp", "fax",
      "number is", "callback",  "contact number", "ring me"};
  // "the order number is …"
  static constexpr std::array<std::string_view, 9> kOther = {"order",        "ticket",  "reference",
                                                             "confirmation", "booking", "tracking",
                                                             "invoice",      "case",    "serial"};
  const bool plus = text[at] == '+' || text.substr(at, 2) == "00";
  if (!IsDigit(text[at]) && text[at] != '+' && text[at] != '(') return {};
  std::string digits, shape;
  std::size_t end = at, open = 0;
  for (std::size_t i = at; i < text.size() && digits.size() < 15 && i - at < 30; ++i) {
    const char c = text[i];
    if (IsDigit(c)) {
      digits += c;
      end = i + 1;
      shape += 'd';
      continue;
    }
    const bool first = c == '+' && i == at;
    const bool bracket = (c == '(' && open == 0) || (c == ')' && open == 1);
    if (bracket) ++open;
    const bool between = c == ' ' || c == '-' || c == '.' || c == '/';
    if (!first && !bracket && !between) break;
    if (between && i > at && !IsDigit(text[i - 1]) && text[i - 1] != ')') break;
    if (!first) shape += c;
  }
  const bool whole = WordEndsAt(text, end) || SkipExtension(text, end) > end;
  if (!whole || (at > 0 && (text[at - 1] == '.' || text[at - 1] == '#'))) return {};
  while (!shape.empty() && shape.back() != 'd') shape.pop_back();
  if (IsDateOrAddress(shape)) return {};
  const bool separated = shape.find_first_not_of('d') != std::string::npos;
  const std::size_t size = digits.size();
  bool phone = (plus && size >= 8) || (open == 2 && size >= 9);
  phone = phone || (separated && (size == 10 || size == 11) && shape.size() - size <= 5);
  phone = phone || (size >= 10 && size <= 12 && digits[0] == '0');
  phone = phone || shape == "ddd-dddd";
  phone = phone || (size >= 7 && HasCue(text, at, kCues) && !HasCue(text, at, kOther));
  if (!phone) return {};
  end = SkipExtension(text, end);
  // The same number with and without the country's code.
  const std::string key = size > 9 ? digits.substr(size - 9) : digits;
  return {end - at, PiiType::kPhone, key};
}

/// The digit of a word that is read out, 'x' for "double", 'y' for "triple", else 0.
char SpokenDigit(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, char>, 14> kWords = {{{"zero", '0'},
                                                                                {"oh", '0'},
                                                                                {"o", '0'},
                                                                                {"one", '1'},
                                                                                {"two", '2'},
                                                                                {"three", '3'},
                                                                                {"four", '4'},
                                                                                {"five", '5'},
                                                                                {"six", '6'},
                                                                                {"seven", '7'},
                                                                                {"eight", '8'},
                                                                                {"nine", '9'},
                                                                                {"double", 'x'},
                                                                                {"triple", 'y'}}};
  for (const auto& [name, digit] : kWords) {
    if (name == word) return digit;
  }
  return '\0';
}

/// Lengths of the IBANs in use (SWIFT's registry), by country.
std::size_t IbanLength(std::string_view country) {
  static constexpr std::string_view kLengths =
      "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18"
      "FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21"
      "LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SD18SE24SI19SK24"
      "SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";
  for (std::size_t i = 0; i + 4 <= kLengths.size(); i += 4) {
    if (kLengths.substr(i, 2) != country) continue;
    return static_cast<std::size_t>((kLengths[i + 2] - '0') * 10 + kLengths[i + 3] - '0');
  }
  return 0;
}

}  // namespace

bool PassesLuhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, twice = !twice) {
    const int value = (*digit - '0') * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return !digits.empty() && sum % 10 == 0 &&
         digits.find_first_not_of('0') != std::string_view::npos;
}

bool PassesIban(std::string_view iban) {
  if (iban.size() < 15 || iban.size() != IbanLength(iban.substr(0, 2))) return false;
  if (!IsDigit(iban[2]) || !IsDigit(iban[3])) return false;
  int rest = 0;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];
    if (!IsDigit(c) && !IsUpper(c)) return false;
    const int value = IsDigit(c) ? c - '0' : c - 'A' + 10;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest == 1;
}

PiiMatch MatchNumber(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (!IsDigit(c) && c != '+' && c != '(' && !IsUpper(c) && !IsLower(c)) return {};
  if (IsUpper(c) || IsLower(c)) {
    // Ids that begin with a letter have digits near.
    const std::string_view head = text.substr(at, 12);
    if (std::none_of(head.begin(), head.end(), IsDigit)) return {};
    const PiiMatch iban = MatchIban(text, at);
    return iban.length > 0 ? iban : MatchNationalId(text, at);
  }
  for (const auto matcher : {MatchCard, MatchNationalId, MatchPhone}) {
    PiiMatch match = matcher(text, at);
    if (match.length > 0) return match;
  }
  return {};
}

PiiMatch MatchSpokenNumber(std::string_view text, std::size_t at) {
  constexpr std::size_t kFewest = 7, kMost = 24, kMostBytes = 400;
  std::string digits;
  std::size_t end = at;
  int repeat = 1;
  for (std::size_t next = at;
       next < text.size() && digits.size() < kMost && next - at < kMostBytes;) {
    std::size_t stop = next;
    while (stop < text.size() && IsWordByte(text[stop]) && stop - next < 8) ++stop;
    const char digit = SpokenDigit(LowerAscii(text.substr(next, stop - next)));
    if (digit == '\0') break;
    if (digit == 'x' || digit == 'y') {
      repeat = digit == 'x' ? 2 : 3;
    } else {
      digits.append(static_cast<std::size_t>(std::exchange(repeat, 1)), digit);
      end = stop;
    }
    next = stop;
    while (next < text.size() && (text[next] == ' ' || text[next] == ',' || text[next] == '-')) {
      ++next;
    }
    if (next == stop) break;
  }
  if (digits.size() < kFewest) return {};
  const bool card = digits.size() >= 13 && digits.size() <= 19 && PassesLuhn(digits);
  static constexpr std::array<std::string_view, 5> kIds = {"social security", "passport", "ssn",
                                                           "licen", "insurance number"};
  const bool id = HasCue(text, at, kIds);
  const PiiType type = card ? PiiType::kCard : id ? PiiType::kNationalId : PiiType::kPhone;
  const std::string key =
      type == PiiType::kPhone && digits.size() > 9 ? digits.substr(digits.size() - 9) : digits;
  return {end - at, type, key};
}

}  // namespace arcsat
