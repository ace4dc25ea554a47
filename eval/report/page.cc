#include "eval/report/page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cmath>
#include <utility>
#include <vector>

#include "data/files.h"
#include "eval/report/assets.h"

namespace arcsat {
namespace {

// The source expression of a content security policy (CSP Level 3, 2.3.1): 'sha256-BASE64'.
std::string HashSource(std::string_view content) {
  const std::string hex = Sha256(content);
  std::vector<unsigned char> digest;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    digest.push_back(static_cast<unsigned char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  std::string base64(4 * ((digest.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), digest.data(),
                                     static_cast<int>(digest.size()));
  base64.resize(static_cast<std::size_t>(length));
  return "'sha256-" + base64 + "'";
}

// Nothing may run or be loaded but what stands in the file. Trusted types make even the scripts
// unable to turn text into markup.
std::string Policy(const PageParts& parts) {
  return "default-src 'none'; script-src " + HashSource(assets::D3()) + " " +
         HashSource(assets::Plot()) + " " + HashSource(parts.script) + "; style-src " +
         HashSource(parts.style) +
         (parts.connect.empty() ? "" : "; connect-src " + std::string(parts.connect)) +
         "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
         "trusted-types 'none'";
}

using Parts = std::vector<std::pair<std::string_view, std::string_view>>;

// The template with each @NAME@ replaced once; what is put in is not looked at again.
std::string Fill(std::string_view page, const Parts& parts) {
  std::string text;
  for (const auto& [name, value] : parts) {
    const std::size_t at = page.find(name);
    text.append(page.substr(0, at)).append(value);
    page.remove_prefix(at + name.size());
  }
  return text.append(page);
}

}  // namespace

std::string RenderPage(const PageParts& parts) {
  const std::string policy = Policy(parts), json = ScriptJson(parts.data);
  return Fill(assets::Page(), {{"@POLICY@", policy},
                               {"@TITLE@", parts.title},
                               {"@STYLE@", parts.style},
                               {"@INSTEAD@", parts.instead},
                               {"@DATA@", json},
                               {"@D3@", assets::D3()},
                               {"@PLOT@", assets::Plot()},
                               {"@SCRIPT@", parts.script}});
}

std::string ScriptJson(const Json& json) {
  const std::string plain = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text;
  text.reserve(plain.size() + plain.size() / 16);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const char c = plain[i];
    if (c == '<' || c == '>' || c == '&') {
      text += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (plain.compare(i, 3, "\u2028") == 0 || plain.compare(i, 3, "\u2029") == 0) {
      text += plain[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      text += c;
    }
  }
  return text;
}

Json Rounded(const Json& json, int digits) {
  if (json.is_number_float()) {
    const double value = json.get<double>();
    if (!std::isfinite(value)) return nullptr;
    return std::stod(fmt::format("{:.{}g}", value, digits));
  }
  if (!json.is_structured()) return json;
  Json result = json;
  for (Json& element : result) element = Rounded(element, digits);
  return result;
}

std::string CutText(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace arcsat
