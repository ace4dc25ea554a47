#pragma once

#include <string_view>

// What the team's page is made of besides the evaluation report's parts, and the description of the
// service, compiled in by eval/report/embed.cmake.
namespace arcsat::assets {

std::string_view TriageStyle();    ///< the report's css and css/*.css
std::string_view TriageScript();   ///< the report's shared js and js/*.js
std::string_view TriageOpenapi();  ///< openapi.json

}  // namespace arcsat::assets
