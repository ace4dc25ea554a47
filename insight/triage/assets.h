#pragma once

#include <string_view>

// What the team's page is made of besides the evaluation report's parts, and the description of the
// service, compiled in by eval/report/embed.cmake.
namespace arcsat::assets {

std::string_view TriageStyle();   ///< the report's css and css/*.css
std::string_view TriageScript();  ///< the report's shared js and js/*.js
std::string_view OpenapiPaths();  ///< openapi.json, and so on
std::string_view OpenapiComponents();
std::string_view TurnEventSchema();
std::string_view AlertSchema();

}  // namespace arcsat::assets
