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
# with LibTorch's, of which torch/types.h (tensors and what is done with them) is a third of
# torch/torch.h. A file still includes what it uses.
set(ARCSAT_PCH_HEADERS <fmt/format.h> <fmt/ranges.h> <nlohmann/json.hpp> <Eigen/Dense> <algorithm>
    <array> <cmath> <filesystem> <functional> <map> <optional> <span> <sstream> <string>
    <unordered_map> <vector>)

# Code that hardly computes compiles a quarter faster with -O1. A precompiled header brings its own
# level along, so there is one for each.
add_library(arcsat_cold INTERFACE)
target_compile_options(arcsat_cold INTERFACE $<$<CONFIG:Release>:-O1>)

function(arcsat_precompiled NAME)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINKS" ${ARGN})
  add_library(${NAME} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/pch.cc)
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt arcsat_json
                                       Eigen3::Eigen ${ARG_LINKS})
  target_precompile_headers(${NAME} PRIVATE ${ARG_HEADERS} ${ARCSAT_PCH_HEADERS})
endfunction()

arcsat_precompiled(arcsat_pch)
arcsat_precompiled(arcsat_cold_pch LINKS arcsat_cold)
if(ARCSAT_TORCH)
  arcsat_precompiled(arcsat_torch_pch HEADERS <torch/types.h>
                     LINKS arcsat_cold ${TORCH_LIBRARIES})
endif()

# arcsat_library(NAME [OBJECT] [COLD|PLAIN] [SOURCES …] [TORCH …] LINKS …): one folder, one target,
# the project's warnings. After TORCH stand the files that see LibTorch's headers (the objects
# NAME_torch, cold, as the arithmetic is LibTorch's); the rest compiles in half the time without.
# COLD: -O1. PLAIN: no precompiled header.
function(arcsat_library NAME)
  cmake_parse_arguments(ARG "COLD;PLAIN;OBJECT" "" "SOURCES;TORCH;LINKS" ${ARGN})
  set(KIND STATIC)
  if(ARG_OBJECT)
    set(KIND OBJECT)
  endif()
  if(ARG_TORCH)
    list(APPEND ARG_LINKS ${TORCH_LIBRARIES})
    add_library(${NAME}_torch OBJECT ${ARG_TORCH})
    target_link_libraries(${NAME}_torch PUBLIC arcsat_warnings arcsat_fmt ${ARG_LINKS}
                          PRIVATE arcsat_cold)
    target_precompile_headers(${NAME}_torch REUSE_FROM arcsat_torch_pch)
  endif()
  if(ARG_OBJECT AND NOT ARG_SOURCES)
    return()
  endif()
  add_library(${NAME} ${KIND} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES LINKER_LANGUAGE CXX)
  if(ARG_TORCH AND NOT ARG_OBJECT)
    target_sources(${NAME} PRIVATE $<TARGET_OBJECTS:${NAME}_torch>)
  endif()
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt ${ARG_LINKS})
  if(ARG_COLD)
    target_link_libraries(${NAME} PRIVATE arcsat_cold)
    target_precompile_headers(${NAME} REUSE_FROM arcsat_cold_pch)
  elseif(NOT ARG_PLAIN)
    target_precompile_headers(${NAME} REUSE_FROM arcsat_pch)
  endif()
endfunction()

# arcsat_program(NAME FOLDER [COLD|PLAIN] [SOURCES …] [TORCH …] LINKS …): a program under FOLDER of the
# build. Its files are compiled as a library's are (-fPIC, not -fPIE), so that they can share the
# precompiled header; they are in the targets NAME_objects and NAME_objects_torch.
function(arcsat_program NAME FOLDER)
  cmake_parse_arguments(ARG "COLD;PLAIN" "" "SOURCES;TORCH;LINKS" ${ARGN})
  arcsat_library(${NAME}_objects OBJECT ${ARGN})
  set(OBJECTS)
  foreach(PART ${NAME}_objects ${NAME}_objects_torch)
    if(TARGET ${PART})
      list(APPEND OBJECTS $<TARGET_OBJECTS:${PART}>)
    endif()
  endforeach()
  add_executable(${NAME} ${OBJECTS})
  set_target_properties(${NAME} PROPERTIES LINKER_LANGUAGE CXX
                        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${FOLDER})
  target_link_libraries(${NAME} PRIVATE arcsat_warnings arcsat_fmt ${ARG_LINKS})
endfunction()
