#pragma once

#include <string>
#include <string_view>

namespace arcsat {

/// The text of an HTML fragment as a reader sees it: tags go, scripts, styles, comments and quoted
/// earlier mails (<blockquote>, class gmail_quote or zd_quote) go with what is in them; <br> and
/// the ends of blocks are line breaks; a picture is its alt text; character references (HTML's
/// Latin-1 names, the punctuation in use, and numbers) are the characters they stand for. White
/// space is single, as HTML has it. Broken HTML gives text as well, never an error; the result is
/// no longer than a few bytes a byte of `html`, in linear time.
std::string HtmlToText(std::string_view html);

/// Whether a text has a tag or a character reference in it.
bool LooksLikeHtml(std::string_view text);

}  // namespace arcsat
