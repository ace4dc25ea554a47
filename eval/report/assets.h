#pragma once

#include <string_view>

// What the page is made of, compiled in by embed.cmake.
namespace arcsat::assets {

std::string_view Page();    ///< the template: page.html
std::string_view Style();   ///< css/*.css
std::string_view D3();      ///< d3 with its licence
std::string_view Plot();    ///< Observable Plot with its licence
std::string_view Script();  ///< js/*.js

std::string_view CompareStyle();   ///< of the comparison: css/*.css and compare/css/*.css
std::string_view CompareScript();  ///< what js/ shares and compare/js/*.js

}  // namespace arcsat::assets
