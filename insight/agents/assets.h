#pragma once

#include <string_view>

// What the agents' page is made of besides the evaluation report's parts, compiled in by
// eval/report/embed.cmake.
namespace arcsat::assets {

std::string_view AgentsStyle();   ///< the report's css and css/*.css
std::string_view AgentsScript();  ///< the report's shared js and js/*.js

}  // namespace arcsat::assets
