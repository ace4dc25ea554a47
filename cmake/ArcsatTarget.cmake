add_library(arcsat_warnings INTERFACE)
target_compile_options(arcsat_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC bug 105651: false alarms on strings built from literals from GCC 12 on, with a precompiled
  # header even inside the standard library. The sanitizers watch the bounds.
  target_compile_options(arcsat_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow
                                                   -Wno-stringop-overread -Wno-array-bounds)
endif()
if(ARCSAT_WERROR)
  target_compile_options(arcsat_warnings INTERFACE -Werror)
endif()
if(ARCSAT_SANITIZE)
  target_compile_options(arcsat_warnings INTERFACE -fsanitize=address,undefined
                                                   -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(arcsat_warnings INTERFACE -fsanitize=address,undefined)
endif()
if(ARCSAT_FUZZ)
  target_compile_options(arcsat_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(arcsat_warnings INTERFACE ${PROJECT_SOURCE_DIR})

# Half of a file's compile time went to the same few headers; they are compiled once, and once more
# with torch/torch.h, which takes half a minute by itself. A file still includes what it uses.
set(ARCSAT_PCH_HEADERS <fmt/format.h> <fmt/ranges.h> <nlohmann/json.hpp> <Eigen/Dense> <algorithm>
    <array> <cmath> <filesystem> <functional> <map> <optional> <span> <sstream> <string>
    <unordered_map> <vector>)

function(arcsat_precompiled NAME)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINKS" ${ARGN})
  add_library(${NAME} OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cc)
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt nlohmann_json::nlohmann_json
                                       Eigen3::Eigen ${ARG_LINKS})
  target_precompile_headers(${NAME} PRIVATE ${ARG_HEADERS} ${ARCSAT_PCH_HEADERS})
endfunction()

arcsat_precompiled(arcsat_pch)
if(ARCSAT_TORCH)
  arcsat_precompiled(arcsat_torch_pch HEADERS <torch/torch.h> LINKS ${TORCH_LIBRARIES})
endif()

# arcsat_library(NAME [TORCH|PLAIN] SOURCES… LINKS…): one folder, one target, the project's warnings.
# TORCH for what includes torch/torch.h; PLAIN without a precompiled header.
function(arcsat_library NAME)
  cmake_parse_arguments(ARG "TORCH;PLAIN;OBJECT" "" "SOURCES;LINKS" ${ARGN})
  set(KIND STATIC)
  if(ARG_OBJECT)
    set(KIND OBJECT)
  endif()
  add_library(${NAME} ${KIND} ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt ${ARG_LINKS})
  if(ARG_TORCH)
    target_link_libraries(${NAME} PUBLIC ${TORCH_LIBRARIES})
    target_precompile_headers(${NAME} REUSE_FROM arcsat_torch_pch)
  elseif(NOT ARG_PLAIN)
    target_precompile_headers(${NAME} REUSE_FROM arcsat_pch)
  endif()
endfunction()

# arcsat_program(NAME FOLDER [TORCH|PLAIN] SOURCES… LINKS…): a program under FOLDER of the build. Its
# files are compiled as a library's are (-fPIC, not -fPIE), so that they can share the precompiled
# header; they are in the target NAME_objects.
function(arcsat_program NAME FOLDER)
  cmake_parse_arguments(ARG "TORCH;PLAIN" "" "SOURCES;LINKS" ${ARGN})
  arcsat_library(${NAME}_objects OBJECT ${ARGN})
  add_executable(${NAME} $<TARGET_OBJECTS:${NAME}_objects>)
  target_link_libraries(${NAME} PRIVATE arcsat_warnings arcsat_fmt ${ARG_LINKS})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${FOLDER})
endfunction()
