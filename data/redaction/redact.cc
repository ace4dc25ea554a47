#include "data/redaction/redact.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/error.h"
#include "data/json.h"

namespace arcsat {
namespace {

/// Names that are words as well. In lower case, alone, they are taken for the word.
bool IsCommonWord(const std::string& part) {
  static const std::unordered_set<std::string_view> words = {
      "will",  "mark",  "may",     "hope",     "grace",   "rose",   "bill",  "sue",    "art",
      "rich",  "grant", "dawn",    "faith",    "joy",     "june",   "april", "august", "summer",
      "young", "long",  "best",    "good",     "short",   "white",  "black", "brown",  "green",
      "day",   "price", "page",    "stone",    "wood",    "hill",   "banks", "cash",   "case",
      "cook",  "king",  "bell",    "love",     "the",     "and",    "for",   "you",    "are",
      "not",   "can",   "agent",   "customer", "support", "frank",  "drew",  "chase",  "sky",
      "gene",  "van",   "von",     "de",       "la",      "el",     "bot",   "team",   "help",
      "desk",  "care",  "service", "system",   "user",    "caller", "chat"};
  return words.count(part) > 0;
}

/// End of the word that begins at `at`; an apostrophe or hyphen between letters belongs to it.
std::size_t WordEnd(std::string_view text, std::size_t at) {
  text = text.substr(0, std::min(text.size(), at + kLongestWord));
  while (at < text.size()) {
    const bool inside =
        (text[at] == '\'' || text[at] == '-') && at + 1 < text.size() && IsLetter(text[at + 1]);
    if (!IsWordByte(text[at]) && !inside) break;
    ++at;
  }
  return at;
}

std::vector<std::string> PartsOf(std::string_view name) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < name.size();) {
    if (!IsWordByte(name[at])) {
      ++at;
      continue;
    }
    const std::size_t end = WordEnd(name, at);
    parts.push_back(LowerAscii(name.substr(at, end - at)));
    at = end;
  }
  return parts;
}

std::string Hmac(const std::string& key, std::string_view value) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(value.data()), value.size(), digest,
           &size) == nullptr) {
    throw Error({"HMAC-SHA256", "OpenSSL refused to compute it", "", "check OpenSSL"});
  }
  std::string hex;
  for (unsigned int i = 0; i < 6; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

/// An id that gives a person away as a pseudonym.
void RedactId(const std::string& key, Redactor* redactor, std::string* id) {
  if (id->empty() || redactor->Redact(*id) == *id) return;
  *id = "p-" + Hmac(key, *id);
}

}  // namespace

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (IsUpper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string TakeWord(std::string_view text, std::size_t* at) {
  std::size_t end = *at;
  while (end < text.size() && IsWordByte(text[end])) ++end;
  std::string word = LowerAscii(text.substr(*at, std::min<std::size_t>(end - *at, 64)));
  *at = end;
  if (*at < text.size() && text[*at] == ' ') ++*at;
  return word;
}

const char* PlaceholderWord(PiiType type) {
  static constexpr std::array<const char*, kPiiTypes> kWords = {"name", "email", "phone",   "card",
                                                                "iban", "id",    "address", "link"};
  return kWords[static_cast<std::size_t>(type)];
}

Redactor::Redactor(const std::vector<std::string>& names) {
  for (const std::string& name : names) AddPerson(name);
}

void Redactor::AddPerson(const std::string& name) {
  constexpr std::size_t kMostPeople = 1000;
  std::vector<std::string> parts = PartsOf(name);
  if (parts.empty() || parts.size() > 6 || people_.size() >= kMostPeople) return;
  // One who is known by more, or by less, of the same name stays the same person.
  for (std::size_t i = 0; i < people_.size(); ++i) {
    const auto within = [](const auto& some, const auto& all) {
      return std::all_of(some.begin(), some.end(), [&](const std::string& part) {
        return std::find(all.begin(), all.end(), part) != all.end();
      });
    };
    if (within(parts, people_[i])) return;
    if (!within(people_[i], parts)) continue;
    for (const std::string& part : parts) {
      auto& who = by_part_[part];
      if (std::find(who.begin(), who.end(), static_cast<int>(i)) == who.end()) {
        who.push_back(static_cast<int>(i));
      }
    }
    people_[i] = std::move(parts);
    return;
  }
  for (const std::string& part : parts) by_part_[part].push_back(static_cast<int>(people_.size()));
  people_.push_back(std::move(parts));
}

void Redactor::Learn(std::string_view text) {
  for (const std::string& name : IntroducedNames(text)) AddPerson(name);
}

std::size_t Redactor::MatchPerson(std::string_view text, std::size_t at, int* person) const {
  if (by_part_.empty() || !IsLetter(text[at])) return 0;
  std::size_t end = WordEnd(text, at), matched = 0;
  const bool capital = IsUpper(text[at]) || (text[at] & 0x80) != 0;
  int words = 0;
  bool strong = false;
  *person = -1;
  // Every further word has to belong to the same person.
  for (std::size_t begin = at; begin < end;) {
    std::string word = LowerAscii(text.substr(begin, end - begin));
    std::size_t possessive = 0;
    if (word.ends_with("'s")) possessive = 2;
    word.erase(word.size() - possessive);
    const auto found = by_part_.find(word);
    if (found == by_part_.end()) break;
    const auto& who = found->second;
    if (*person >= 0 && std::find(who.begin(), who.end(), *person) == who.end()) break;
    if (*person < 0) *person = who.front();
    strong = strong || (word.size() >= 2 && !IsCommonWord(word));
    matched = end - possessive - at;
    ++words;
    begin = end;
    if (word.size() == 1 && begin < text.size() && text[begin] == '.') ++begin;  // an initial
    if (begin < text.size() && text[begin] == ' ') ++begin;
    if (possessive > 0 || begin == end || begin >= text.size() || !IsLetter(text[begin])) break;
    end = WordEnd(text, begin);
  }
  const bool sure = words > 1 || strong || (capital && matched > 1 && at > 0);
  return sure ? matched : 0;
}

std::string Redactor::Placeholder(PiiType type, const std::string& key) {
  ++counts_[static_cast<std::size_t>(type)];
  auto& known = numbers_[static_cast<std::size_t>(type)];
  const int next = static_cast<int>(known.size()) + 1;
  return fmt::format("[{} {}]", PlaceholderWord(type), known.emplace(key, next).first->second);
}

std::string Redactor::Redact(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  using Matcher = PiiMatch (*)(std::string_view, std::size_t);
  static constexpr std::array<Matcher, 6> kMatchers = {
      MatchUrl, MatchEmail, MatchSpokenEmail, MatchAddress, MatchNumber, MatchSpokenNumber};
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = at == 0 || !IsWordByte(text[at - 1]);
    if (!begins || text[at] == ' ') {
      out += text[at++];
      continue;
    }
    PiiMatch match;
    for (const Matcher matcher : kMatchers) {
      match = matcher(text, at);
      if (match.length > 0) break;
    }
    int person = -1;
    if (match.length == 0) {
      match.length = MatchPerson(text, at, &person);
      match.type = PiiType::kName;
      match.key = std::to_string(person);
    }
    if (match.length == 0) {
      out += text[at++];
      continue;
    }
    out += Placeholder(match.type, match.key);
    at += match.length;
    // A detector's bound may lie inside a character.
    while (at < text.size() && (text[at] & 0xC0) == 0x80) ++at;
  }
  return out;
}

void Redactor::Redact(Json* value) {
  if (value->is_string()) {
    *value = Redact(value->get_ref<const std::string&>());
  } else if (value->is_number_integer()) {  // a card's number
    std::string digits = value->dump();
    if (std::string redacted = Redact(digits); redacted != digits) *value = std::move(redacted);
  } else if (value->is_array()) {
    for (Json& item : *value) Redact(&item);
  } else if (value->is_object()) {
    RedactObject(value);
  }
}

void Redactor::RedactObject(Json* object) {
  std::vector<std::pair<const std::string, Json>>& members = object->get_ref<Json::object_t&>();
  std::vector<std::string> names;
  std::unordered_set<std::string> taken;
  for (auto& [key, value] : members) {
    Redact(&value);
    names.push_back(Redact(key));
    taken.insert(key);
  }
  // {"ann@example.com": 1, "[email 1]": 2}: no key may come twice.
  std::unordered_map<std::string, int> again;
  Json redacted = Json::object();
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto& [key, value] = members[i];
    std::string name = names[i];
    while (name != key && !taken.insert(name).second) {
      name = fmt::format("{}_{}", names[i], ++again[names[i]]);
    }
    AppendField(&redacted, std::move(name), std::move(value));
  }
  *object = std::move(redacted);
}

void RedactConversation(const std::string& key, Conversation* c, PiiCounts* counts) {
  std::vector<std::string> names;
  if (const auto people = c->attributes.find("participants");
      people != c->attributes.end() && people->is_array()) {
    for (const Json& person : *people) {
      if (!person.is_object()) continue;
      const auto name = person.find("name");
      if (name != person.end() && name->is_string()) names.push_back(name->get<std::string>());
    }
  }
  Redactor redactor(names);
  for (const Turn& turn : c->turns) redactor.Learn(turn.text);
  for (Turn& turn : c->turns) {
    turn.text = redactor.Redact(turn.text);
    redactor.Redact(&turn.extra);
  }
  redactor.Redact(&c->attributes);
  redactor.Redact(&c->extra);
  if (c->survey) redactor.Redact(&c->survey->extra);
  for (std::string* id : {&c->id, &c->customer_id, &c->agent_id}) RedactId(key, &redactor, id);
  for (std::string* text : {&c->problem_type, &c->team, &c->language}) {
    *text = redactor.Redact(*text);
  }
  for (std::size_t i = 0; i < counts->size(); ++i) (*counts)[i] += redactor.counts()[i];
}

std::string RedactMessage(std::string_view message) {
  Redactor redactor;
  redactor.Learn(message);
  return redactor.Redact(message);
}

std::string RandomKey() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) {
    throw Error(
        {"the system's random generator", "it gave nothing", "", "give a key by --redact.key"});
  }
  std::string hex;
  for (const unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace arcsat
