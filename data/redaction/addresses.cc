// Postal addresses: English, German, French and Spanish streets, British postcodes.
#include <algorithm>
#include <array>
#include <unordered_set>

#include "data/among.h"
#include "data/redaction/redact.h"

namespace arcsat {
namespace {

constexpr std::size_t kLongestStreet = 120;

bool IsStreet(std::string_view word) {
  static constexpr std::array<std::string_view, 20> kStreets = {
      "street",  "st",      "avenue", "ave",     "road",  "rd",      "boulevard",
      "blvd",    "lane",    "ln",     "drive",   "court", "ct",      "pl",
      "terrace", "parkway", "pkwy",   "highway", "hwy",   "crescent"};
  return Among(kStreets, word);
}

/// The other suffixes of the United States Postal Service (Publication 28, appendix C1). Most are
/// words as well, so they count behind names with capitals only.
bool IsRareStreet(std::string_view word) {
  static const std::unordered_set<std::string_view> words = {
      "alley",      "annex",     "arcade",   "bayou",      "beach",      "bend",      "bluff",
      "bluffs",     "bottom",    "branch",   "bridge",     "brook",      "brooks",    "burg",
      "burgs",      "bypass",    "camp",     "canyon",     "cape",       "causeway",  "center",
      "centers",    "circle",    "circles",  "cliff",      "cliffs",     "club",      "common",
      "commons",    "corner",    "corners",  "course",     "courts",     "cove",      "coves",
      "creek",      "crest",     "crossing", "crossroad",  "curve",      "dale",      "dam",
      "divide",     "drives",    "estate",   "estates",    "expressway", "extension", "falls",
      "ferry",      "field",     "fields",   "flat",       "flats",      "ford",      "fords",
      "forest",     "forge",     "forges",   "fork",       "forks",      "fort",      "freeway",
      "garden",     "gardens",   "gateway",  "glen",       "glens",      "green",     "greens",
      "grove",      "groves",    "harbor",   "harbors",    "haven",      "heights",   "hill",
      "hills",      "hollow",    "inlet",    "island",     "islands",    "isle",      "junction",
      "junctions",  "key",       "keys",     "knoll",      "knolls",     "lake",      "lakes",
      "land",       "landing",   "light",    "lights",     "loaf",       "lock",      "locks",
      "lodge",      "loop",      "mall",     "manor",      "manors",     "meadow",    "meadows",
      "mews",       "mill",      "mills",    "mission",    "motorway",   "mount",     "mountain",
      "neck",       "orchard",   "oval",     "overpass",   "park",       "parks",     "parkways",
      "pass",       "passage",   "path",     "pike",       "pine",       "pines",     "plain",
      "plains",     "plaza",     "point",    "points",     "port",       "ports",     "prairie",
      "radial",     "ramp",      "ranch",    "rapid",      "rapids",     "rest",      "ridge",
      "ridges",     "river",     "roads",    "route",      "row",        "rue",       "run",
      "shoal",      "shoals",    "shore",    "shores",     "skyway",     "spring",    "springs",
      "spur",       "squares",   "station",  "stravenue",  "stream",     "streets",   "summit",
      "throughway", "trace",     "track",    "trafficway", "trail",      "trailer",   "tunnel",
      "turnpike",   "underpass", "union",    "unions",     "valley",     "valleys",   "via",
      "viaduct",    "view",      "views",    "village",    "ville",      "vista",     "walk",
      "walks",      "wall",      "ways",     "well",       "wells"};
  return words.count(word) > 0;
}

/// What a street's name does not hold: "I have 2 questions about the way …".
bool IsNoStreetName(std::string_view word) {
  static constexpr std::array<std::string_view, 34> kWords = {
      "a",     "an",      "the",    "of",   "to",      "is",    "are",      "was",   "and",
      "or",    "in",      "on",     "at",   "for",     "by",    "my",       "your",  "it",
      "that",  "this",    "times",  "days", "day",     "hours", "minutes",  "weeks", "months",
      "years", "dollars", "people", "more", "percent", "other", "different"};
  return Among(kWords, word);
}

std::size_t SkipUnit(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 7> kUnits = {"apt",  "apartment", "unit", "suite",
                                                             "flat", "floor",     "ste"};
  std::size_t next = at;
  while (next < text.size() && (text[next] == ',' || text[next] == ' ' || text[next] == '.'))
    ++next;
  std::size_t end = next;
  if (next < text.size() && text[next] == '#') {
    ++end;
  } else if (!Among(kUnits, TakeWord(text, &end))) {
    return at;
  }
  while (end < text.size() && (text[end] == ' ' || text[end] == '.' || text[end] == '#')) ++end;
  const std::size_t number = end;
  while (end < text.size() && IsWordByte(text[end]) && end - number < 8) ++end;
  return end > number ? end : at;
}

/// ", Springfield, IL 62704" or ", 10115 Berlin" behind a street.
std::size_t SkipTown(std::string_view text, std::size_t at) {
  std::size_t next = at;
  int words = 0;
  std::size_t end = at;
  while (next < text.size() && next - at < 60 && words < 6) {
    const std::size_t before = next;
    while (next < text.size() && (text[next] == ',' || text[next] == ' ')) ++next;
    if (next == before || next >= text.size()) break;
    const std::size_t begin = next;
    while (next < text.size() && (IsWordByte(text[next]) || text[next] == '-')) ++next;
    const std::string_view word = text.substr(begin, next - begin);
    const bool digits = !word.empty() && std::all_of(word.begin(), word.end(),
                                                     [](char c) { return IsDigit(c) || c == '-'; });
    if (digits && (word.size() == 5 || word.size() == 10 || word.size() == 4)) {
      end = next;  // the code; a town may follow
      if (text.substr(next, 2) == " " || next + 1 >= text.size() || !IsUpper(text[next + 1])) break;
    } else if (!word.empty() && IsUpper(word[0])) {
      if (text[before] == ',' || end > at || words > 0) {
        if (end > at) end = next;  // behind the code
      } else {
        break;
      }
    } else {
      break;
    }
    ++words;
  }
  return end;
}

/// "Hauptstraße 12a", "Am Lindenweg 3": the street's name ends so, and a number follows.
PiiMatch MatchGermanStreet(std::string_view text, std::size_t at) {
  if (!IsUpper(text[at])) return {};
  std::size_t end = at;
  while (end < text.size() && end - at < kLongestWord && (IsLetter(text[end]) || text[end] == '-'))
    ++end;
  const std::string word = LowerAscii(text.substr(at, end - at));
  static constexpr std::array<std::string_view, 10> kEnds = {
      "straße", "strasse", "weg", "platz", "ring", "steig", "allee", "gasse", "damm", "ufer"};
  const bool named = std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view tail) {
    return word.size() > tail.size() && word.ends_with(tail);
  });
  const bool shortened =
      word.ends_with("str") && word.size() > 4 && end < text.size() && text[end] == '.';
  if (!named && !shortened) return {};
  if (shortened) ++end;
  if (end >= text.size() || text[end] != ' ' || end + 1 >= text.size() || !IsDigit(text[end + 1])) {
    return {};
  }
  ++end;
  const std::size_t number = end;
  while (end < text.size() && (IsWordByte(text[end]) || text[end] == '/') && end - number < 8)
    ++end;
  end = SkipTown(text, end);
  return {end - at, PiiType::kAddress, LowerAscii(text.substr(at, end - at))};
}

/// Outward and inward part of a British postcode: "SW1A 1AA".
std::size_t PostcodeLength(std::string_view text, std::size_t at) {
  std::size_t end = at;
  const auto count = [&](auto is, std::size_t most) {
    const std::size_t begin = end;
    while (end < text.size() && end - begin < most && is(text[end])) ++end;
    return end - begin;
  };
  if (count(IsUpper, 2) == 0) return 0;
  const std::size_t digits = count(IsDigit, 2);
  if (digits == 0) return 0;
  if (digits == 1) count(IsUpper, 1);
  if (end >= text.size() || text[end] != ' ') return 0;
  ++end;
  if (count(IsDigit, 1) != 1 || count(IsUpper, 2) != 2) return 0;
  return end < text.size() && IsWordByte(text[end]) ? 0 : end - at;
}

/// The end of the word at `at`, with hyphens and apostrophes inside.
std::size_t NameEnd(std::string_view text, std::size_t at) {
  text = text.substr(0, std::min(text.size(), at + kLongestWord));
  while (at < text.size() &&
         (IsWordByte(text[at]) || ((text[at] == '-' || text[at] == '\'') && at + 1 < text.size() &&
                                   IsLetter(text[at + 1])))) {
    ++at;
  }
  return at;
}

bool IsCapital(char c) { return IsUpper(c) || (c & 0x80) != 0; }

/// "rue Hamon", "chemin de la Croix", "Calle de Juan Marquez 58": a kind of street in French or
/// Spanish, then capitals. The end, or `at` where there is none.
std::size_t RomanceStreetEnd(std::string_view text, std::size_t at) {
  static const std::unordered_set<std::string_view> kinds = {
      "rue",       "avenue",      "boulevard",
      "chemin",    "impasse",     "all\u00E9e",
      "quai",      "calle",       "place",
      "avenida",   "plaza",       "paseo",
      "camino",    "glorieta",    "alameda",
      "ronda",     "cuesta",      "callej\xC3\xB3n",
      "pasaje",    "via",         "v\u00EDa",
      "carretera", "rambla",      "acceso",
      "c.",        "ca\u00F1ada", "urbanizaci\xC3\xB3n",
      "vial"};
  static constexpr std::array<std::string_view, 9> kJoins = {"de",  "du",  "des", "la", "le",
                                                             "les", "del", "los", "las"};
  std::size_t end = NameEnd(text, at);
  if (kinds.count(LowerAscii(text.substr(at, std::min<std::size_t>(end - at, 32)))) == 0) return at;
  bool named = false;
  for (int words = 0; words < 6 && end + 1 < text.size() && text[end] == ' '; ++words) {
    const std::size_t begin = end + 1, stop = NameEnd(text, begin);
    const std::string word =
        LowerAscii(text.substr(begin, std::min<std::size_t>(stop - begin, 32)));
    const bool capital = stop > begin && IsCapital(text[begin]);
    if (!capital && !(Among(kJoins, word) || word.starts_with("d'") || word.starts_with("l'"))) {
      break;
    }
    named = named || capital;
    end = stop;
  }
  if (!named) return at;
  // Spain's house number stands behind: "Calle Mayor 5", "…, 5".
  std::size_t number = end;
  while (number < text.size() && number - end < 2 && (text[number] == ',' || text[number] == ' ')) {
    ++number;
  }
  std::size_t stop = number;
  while (stop < text.size() && IsDigit(text[stop]) && stop - number < 4) ++stop;
  if (stop > number && (stop >= text.size() || !IsWordByte(text[stop]))) end = stop;
  return SkipTown(text, SkipUnit(text, end));
}

PiiMatch Found(std::string_view text, std::size_t at, std::size_t end) {
  return {end - at, PiiType::kAddress, LowerAscii(text.substr(at, end - at))};
}

/// Words of a street's name up to its suffix, behind the house number. The end, or 0.
std::size_t EnglishStreetEnd(std::string_view text, std::size_t at, int fewest) {
  std::size_t next = at;
  bool capitals = true;
  for (int words = 0; words < 5 && next - at < kLongestStreet; ++words) {
    const std::size_t begin = next;
    const std::string word = TakeWord(text, &next);
    if (word.empty() || IsNoStreetName(word)) return 0;
    capitals = capitals && IsCapital(text[begin]);
    if (words >= fewest && (IsStreet(word) || (capitals && IsRareStreet(word)))) {
      std::size_t stop = begin;
      while (stop < text.size() && IsWordByte(text[stop])) ++stop;
      // "Hill Road": the suffix is the last of them.
      std::size_t further = stop + 1;
      if (stop < text.size() && text[stop] == ' ' && IsStreet(TakeWord(text, &further))) continue;
      if (stop < text.size() && text[stop] == '.' && word.size() <= 4) ++stop;
      return SkipTown(text, SkipUnit(text, stop));
    }
    if (next < text.size() && (text[next - 1] != ' ' || text[next] == ' ')) return 0;
  }
  return 0;
}

/// "Flat 9, Collins Road": a part of a house, and a street without a number.
std::size_t FlatEnd(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 5> kUnits = {"flat", "studio", "unit", "apartment",
                                                             "suite"};
  std::size_t next = at;
  if (!Among(kUnits, TakeWord(text, &next)) || next >= text.size() || !IsDigit(text[next]))
    return 0;
  TakeWord(text, &next);
  if (next + 1 >= text.size() || text[next] != ',' || text[next + 1] != ' ') return 0;
  next += 2;
  if (next < text.size() && IsDigit(text[next])) TakeWord(text, &next);
  return next < text.size() && IsCapital(text[next]) ? EnglishStreetEnd(text, next, 1) : 0;
}

}  // namespace

PiiMatch MatchAddress(std::string_view text, std::size_t at) {
  if (const std::size_t length = PostcodeLength(text, at); length > 0) {
    return Found(text, at, at + length);
  }
  if (!IsDigit(text[at])) {
    if (const std::size_t end = FlatEnd(text, at); end > 0) return Found(text, at, end);
    if (const std::size_t end = RomanceStreetEnd(text, at); end > at) return Found(text, at, end);
    return MatchGermanStreet(text, at);
  }
  // "4:30 PM", "1.5 Main", "$20 …": no house.
  if (at > 0 && std::string_view(":.,$").find(text[at - 1]) != std::string_view::npos) return {};
  std::size_t end = at;
  while (end < text.size() && IsDigit(text[end]) && end - at < 6) ++end;
  if (end < text.size() && IsLetter(text[end])) ++end;  // 12b
  std::size_t street = end;
  if (street < text.size() && text[street] == ',') ++street;
  if (street + 1 >= text.size() || text[street] != ' ') return {};
  ++street;
  if (const std::size_t romance = RomanceStreetEnd(text, street); romance > street) {
    return Found(text, at, romance);
  }
  if (text[end] != ' ') return {};
  const std::size_t english = EnglishStreetEnd(text, street, 1);
  return english > 0 ? Found(text, at, english) : PiiMatch{};
}

}  // namespace arcsat
