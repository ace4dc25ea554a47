# arcsat_json: nlohmann::json without its literals. The function behind "…"_json is no template, so
# every file that sees json.hpp instantiates a parser for it: 0.4 s of a file's 2. Nothing here uses
# the literal. A copy of the header without it stands before the installed one; where the header
# looks otherwise than those known (3.11), the installed one is used as it is.
add_library(arcsat_json INTERFACE)
target_link_libraries(arcsat_json INTERFACE nlohmann_json::nlohmann_json)

get_target_property(ARCSAT_JSON_FOLDERS nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
find_file(ARCSAT_JSON_HEADER nlohmann/json.hpp HINTS ${ARCSAT_JSON_FOLDERS})
mark_as_advanced(ARCSAT_JSON_HEADER)
file(READ ${ARCSAT_JSON_HEADER} TEXT)
set(FIRST "inline namespace literals")
set(LAST "}  // namespace literals")
string(FIND "${TEXT}" "${FIRST}" BEGIN)
string(FIND "${TEXT}" "${LAST}" END)
if(BEGIN GREATER 0 AND END GREATER BEGIN)
  string(LENGTH "${LAST}" LENGTH)
  math(EXPR END "${END} + ${LENGTH}")
  string(SUBSTRING "${TEXT}" 0 ${BEGIN} BEFORE)
  string(PREPEND BEFORE "#undef JSON_USE_GLOBAL_UDLS\n#define JSON_USE_GLOBAL_UDLS 0\n")
  string(SUBSTRING "${TEXT}" ${END} -1 AFTER)
  set(COPY ${PROJECT_BINARY_DIR}/include-json/nlohmann/json.hpp)
  set(OLD "")
  if(EXISTS ${COPY})
    file(READ ${COPY} OLD)
  endif()
  if(NOT OLD STREQUAL "${BEFORE}${AFTER}")
    file(WRITE ${COPY} "${BEFORE}${AFTER}")
  endif()
  target_include_directories(arcsat_json SYSTEM BEFORE INTERFACE
                             ${PROJECT_BINARY_DIR}/include-json)
endif()
