# arcsat_library(NAME SOURCES… LINKS…): one folder, one target, the project's warnings.
add_library(arcsat_warnings INTERFACE)
target_compile_options(arcsat_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC bug 105651: false alarms on `"literal" + std::string` from GCC 12 on.
  target_compile_options(arcsat_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow)
endif()
if(ARCSAT_WERROR)
  target_compile_options(arcsat_warnings INTERFACE -Werror)
endif()
if(ARCSAT_SANITIZE)
  target_compile_options(arcsat_warnings INTERFACE -fsanitize=address,undefined
                                                   -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(arcsat_warnings INTERFACE -fsanitize=address,undefined)
endif()
target_include_directories(arcsat_warnings INTERFACE ${PROJECT_SOURCE_DIR})

function(arcsat_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt ${ARG_LINKS})
endfunction()

# Files that include torch/torch.h take half a minute each; with one precompiled header for all of
# them, a third of that. It holds what they include besides, too.
if(ARCSAT_TORCH)
  add_library(arcsat_pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cc)
  target_link_libraries(arcsat_pch PUBLIC arcsat_warnings arcsat_fmt ${TORCH_LIBRARIES}
                                          nlohmann_json::nlohmann_json)
  target_precompile_headers(arcsat_pch PRIVATE <torch/torch.h> <fmt/format.h> <fmt/ranges.h>
                            <nlohmann/json.hpp> <filesystem> <map>)
endif()

function(arcsat_torch_pch NAME)
  target_link_libraries(${NAME} PRIVATE nlohmann_json::nlohmann_json)
  target_precompile_headers(${NAME} REUSE_FROM arcsat_pch)
endfunction()
