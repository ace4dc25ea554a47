#pragma once

#include <string>
#include <string_view>

#include "data/conversation.h"

namespace arcsat {

/// What makes one page differ from another. The parts but `title` and `data` are the program's own.
struct PageParts {
  std::string_view title;    ///< of the document before its script runs; plain ASCII, no markup
  std::string_view instead;  ///< what to read without JavaScript; likewise
  std::string_view style;    ///< CSS
  std::string_view script;   ///< JavaScript; reads the data by JSON.parse from #data
  Json data;
  std::string_view connect = {};  ///< what the script may ask for more ("'self'"); empty: nobody
};

/// One HTML file that opens offline. Its content security policy lets nothing run but D3, Plot and
/// `script`, by SHA-256; trusted types keep even these from turning text into markup. Data lie in
/// it as JSON with every `<`, `>` and `&` escaped. Bytes that are not UTF-8 become U+FFFD.
std::string RenderPage(const PageParts& parts);

/// JSON text that can stand in a script element: `<`, `>`, `&`, U+2028 and U+2029 are escaped.
/// Bytes that are not UTF-8 become U+FFFD.
std::string ScriptJson(const Json& json);

/// Floating-point numbers cut to `digits` significant ones, through the whole value.
Json Rounded(const Json& json, int digits);

/// At most `bytes` of UTF-8, cut between characters, with "…" where something is missing.
std::string CutText(const std::string& text, std::size_t bytes);

}  // namespace arcsat
