#include "data/importers/html.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <unordered_map>

#include "data/among.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

constexpr std::size_t kLongestReference = 32;

/// The references in use in mail and chat. U+00A0 and the thin spaces become spaces.
const std::unordered_map<std::string_view, char32_t>& References() {
  static const std::unordered_map<std::string_view, char32_t> all = {
      {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},
      {"apos", '\''},    {"nbsp", ' '},     {"ensp", ' '},     {"emsp", ' '},
      {"thinsp", ' '},   {"iexcl", 0xA1},   {"cent", 0xA2},    {"pound", 0xA3},
      {"yen", 0xA5},     {"sect", 0xA7},    {"copy", 0xA9},    {"laquo", 0xAB},
      {"reg", 0xAE},     {"deg", 0xB0},     {"plusmn", 0xB1},  {"acute", 0xB4},
      {"middot", 0xB7},  {"raquo", 0xBB},   {"frac12", 0xBD},  {"iquest", 0xBF},
      {"Agrave", 0xC0},  {"Aacute", 0xC1},  {"Acirc", 0xC2},   {"Atilde", 0xC3},
      {"Auml", 0xC4},    {"Aring", 0xC5},   {"AElig", 0xC6},   {"Ccedil", 0xC7},
      {"Egrave", 0xC8},  {"Eacute", 0xC9},  {"Ecirc", 0xCA},   {"Euml", 0xCB},
      {"Iacute", 0xCD},  {"Ntilde", 0xD1},  {"Oacute", 0xD3},  {"Ocirc", 0xD4},
      {"Ouml", 0xD6},    {"times", 0xD7},   {"Oslash", 0xD8},  {"Uacute", 0xDA},
      {"Uuml", 0xDC},    {"szlig", 0xDF},   {"agrave", 0xE0},  {"aacute", 0xE1},
      {"acirc", 0xE2},   {"atilde", 0xE3},  {"auml", 0xE4},    {"aring", 0xE5},
      {"aelig", 0xE6},   {"ccedil", 0xE7},  {"egrave", 0xE8},  {"eacute", 0xE9},
      {"ecirc", 0xEA},   {"euml", 0xEB},    {"igrave", 0xEC},  {"iacute", 0xED},
      {"icirc", 0xEE},   {"iuml", 0xEF},    {"ntilde", 0xF1},  {"ograve", 0xF2},
      {"oacute", 0xF3},  {"ocirc", 0xF4},   {"otilde", 0xF5},  {"ouml", 0xF6},
      {"oslash", 0xF8},  {"ugrave", 0xF9},  {"uacute", 0xFA},  {"ucirc", 0xFB},
      {"uuml", 0xFC},    {"yuml", 0xFF},    {"ndash", 0x2013}, {"mdash", 0x2014},
      {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"sbquo", 0x201A}, {"ldquo", 0x201C},
      {"rdquo", 0x201D}, {"bdquo", 0x201E}, {"bull", 0x2022},  {"hellip", 0x2026},
      {"euro", 0x20AC},  {"trade", 0x2122}, {"rarr", 0x2192},  {"hearts", 0x2665},
      {"zwnj", 0x200C},  {"zwj", 0x200D},   {"shy", 0xAD}};
  return all;
}

/// The character of the reference that `text` begins with ("&amp;", "&#39;", "&#x27;") and its
/// length; length 0 where it begins with none.
std::size_t ReadReference(std::string_view text, char32_t* character) {
  const std::size_t end = text.substr(0, kLongestReference).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  std::string_view name = text.substr(1, end - 1);
  if (!name.starts_with('#')) {
    const auto found = References().find(name);
    if (found == References().end()) return 0;
    *character = found->second;
    return end + 1;
  }
  name.remove_prefix(1);
  const bool hex = name.starts_with('x') || name.starts_with('X');
  if (hex) name.remove_prefix(1);
  std::uint32_t value = 0;
  const auto [stop, code] =
      std::from_chars(name.data(), name.data() + name.size(), value, hex ? 16 : 10);
  if (name.empty() || stop != name.data() + name.size()) return 0;
  const bool bad =
      code != std::errc() || value == 0 || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000);
  *character = bad ? unicode::kReplacement : value == 0xA0 ? U' ' : static_cast<char32_t>(value);
  return end + 1;
}

struct Tag {
  std::string name;  ///< lower case
  bool closes = false, empty = false;
  std::string_view inside;  ///< between "<" and ">"
  std::size_t length = 0;   ///< 0: no tag
};

/// The tag or comment that `text` begins with. A quoted attribute may hold ">". Where no ">"
/// outside quotes follows, `*quotes` becomes false and from then on quotes are not looked at, so
/// that a text of such tags is not read to its end from each.
Tag ReadTag(std::string_view text, bool* quotes) {
  Tag tag;
  if (text.starts_with("<!--")) {
    const std::size_t end = text.find("-->", 4);
    tag.length = end == std::string_view::npos ? text.size() : end + 3;
    return tag;
  }
  std::size_t at = 1;
  tag.closes = at < text.size() && text[at] == '/';
  if (tag.closes) ++at;
  const bool declares = at < text.size() && (text[at] == '!' || text[at] == '?');
  const std::size_t name = at;
  while (at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0) ++at;
  if (at == name && !declares) return tag;
  tag.name = std::string(text.substr(name, at - name));
  std::transform(tag.name.begin(), tag.name.end(), tag.name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  char quote = '\0';
  for (; *quotes && at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      break;
    }
  }
  // A quote that never ends, or no ">" at all: the rest is cut at the first ">", or dropped.
  if (!*quotes || at >= text.size()) {
    *quotes = false;
    at = std::min(text.find('>'), text.size());
  }
  tag.inside = text.substr(1, at - 1);
  tag.empty = tag.inside.ends_with('/');
  tag.length = std::min(at + 1, text.size());
  return tag;
}

/// Its content is nothing that was said.
bool Hides(const Tag& tag) {
  static constexpr std::array<std::string_view, 9> kHidden = {
      "script", "style", "head", "title", "template", "noscript", "iframe", "object", "blockquote"};
  if (Among(kHidden, tag.name)) return true;
  return tag.name == "div" && (tag.inside.find("gmail_quote") != std::string_view::npos ||
                               tag.inside.find("zd_quote") != std::string_view::npos);
}

bool BreaksLine(std::string_view name) {
  static constexpr std::array<std::string_view, 18> kBlocks = {
      "br", "p",  "div", "li",  "tr", "table", "ul", "ol",      "h1",
      "h2", "h3", "h4",  "pre", "hr", "dd",    "dt", "section", "article"};
  return Among(kBlocks, name);
}

/// Text under way, its white space single.
class Writer {
 public:
  void Put(char c) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
      space_ = true;
      return;
    }
    Separate();
    text_ += c;
  }
  void Put(char32_t c) {
    if (c < 0x80) return Put(static_cast<char>(c));
    Separate();
    unicode::Append(c, &text_);
  }
  void BreakLine() { line_ = true; }
  std::string Take() { return std::move(text_); }

 private:
  void Separate() {
    if (!text_.empty() && line_) {
      text_ += '\n';
    } else if (!text_.empty() && space_) {
      text_ += ' ';
    }
    line_ = space_ = false;
  }
  std::string text_;
  bool space_ = false, line_ = false;
};

/// Where the element that a hiding tag opened ends: behind its closing tag, nested ones of the same
/// name counted; the end of the text where it never closes.
std::size_t SkipElement(std::string_view html, std::size_t at, const std::string& name,
                        bool* quotes) {
  const bool raw = name == "script" || name == "style";
  for (int depth = 1; at < html.size();) {
    at = html.find('<', at);
    if (at == std::string_view::npos) return html.size();
    const bool near = html.size() > at + 1 && (!raw || html[at + 1] == '/');
    bool near_quotes = true;  // a script's are told by its closing tag alone
    const Tag tag = !near ? Tag{}
                    : raw ? ReadTag(html.substr(at, name.size() + 64), &near_quotes)
                          : ReadTag(html.substr(at), quotes);
    if (tag.length == 0) {
      ++at;
      continue;
    }
    at += tag.length;
    if (tag.name != name) continue;
    if (!tag.closes && !tag.empty) ++depth;
    if (tag.closes && --depth == 0) return at;
  }
  return html.size();
}

void PutAlternative(std::string_view inside, Writer* out) {
  const std::size_t alt = inside.find(" alt=");
  if (alt == std::string_view::npos || alt + 6 >= inside.size()) return;
  const char quote = inside[alt + 5];
  if (quote != '"' && quote != '\'') return;
  for (const char c : inside.substr(alt + 6, inside.find(quote, alt + 6) - alt - 6)) out->Put(c);
}

}  // namespace

std::string HtmlToText(std::string_view html) {
  Writer out;
  bool quotes = true;
  for (std::size_t at = 0; at < html.size();) {
    const char c = html[at];
    if (c == '&') {
      char32_t character = 0;
      const std::size_t length = ReadReference(html.substr(at), &character);
      if (length > 0) {
        out.Put(character);
        at += length;
        continue;
      }
    }
    const Tag tag = c == '<' ? ReadTag(html.substr(at), &quotes) : Tag{};
    if (tag.length == 0) {
      out.Put(c);
      ++at;
      continue;
    }
    at += tag.length;
    if (!tag.closes && !tag.empty && Hides(tag)) {
      at = SkipElement(html, at, tag.name, &quotes);
      out.BreakLine();
    } else if (BreaksLine(tag.name)) {
      out.BreakLine();
    } else if (tag.name == "img") {
      PutAlternative(tag.inside, &out);
    }
  }
  return out.Take();
}

bool LooksLikeHtml(std::string_view text) {
  const std::size_t last = text.rfind('>');
  for (std::size_t at = 0; at < text.size(); ++at) {
    char32_t character = 0;
    if (text[at] == '&' && ReadReference(text.substr(at), &character) > 0) return true;
    if (text[at] != '<' || at + 1 >= text.size()) continue;
    const bool name = std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0 ||
                      text[at + 1] == '/' || text[at + 1] == '!';
    if (name && last != std::string_view::npos && last > at) return true;
  }
  return false;
}

}  // namespace arcsat
