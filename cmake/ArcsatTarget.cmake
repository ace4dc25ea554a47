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
# with LibTorch's, of which torch/types.h (tensors and what is done with them) takes a
# little over half of what torch/torch.h does. A file still includes what it uses.
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

# What a file includes takes most of its compile time; fourteen files in one (ARCSAT_UNITY) take
# some third as long. So a name at the top of a file is its target's own, not to be used twice.
function(arcsat_unity NAME)
  if(ARCSAT_UNITY)
    set_target_properties(${NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 14)
  endif()
endfunction()

# The cold objects of a library, compiled with the precompiled header of that target.
function(arcsat_part NAME PRECOMPILED)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${NAME} OBJECT ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt ${ARG_LINKS} PRIVATE arcsat_cold)
  target_precompile_headers(${NAME} REUSE_FROM ${PRECOMPILED})
  arcsat_unity(${NAME})
endfunction()

# arcsat_library(NAME [OBJECT] [PLAIN] [SOURCES …] [COLD …] [TORCH …] LINKS …): one folder, one
# target, the project's warnings. After COLD stand files that hardly compute, after TORCH those that
# see LibTorch's headers (cold too, as the arithmetic is LibTorch's; the rest compiles in half the
# time without); they are the objects NAME_cold and NAME_torch. PLAIN: no precompiled header.
function(arcsat_library NAME)
  cmake_parse_arguments(ARG "PLAIN;OBJECT" "" "SOURCES;COLD;TORCH;LINKS" ${ARGN})
  set(OBJECTS)
  if(ARG_TORCH)
    list(APPEND ARG_LINKS ${TORCH_LIBRARIES})
    arcsat_part(${NAME}_torch arcsat_torch_pch SOURCES ${ARG_TORCH} LINKS ${ARG_LINKS})
    list(APPEND OBJECTS $<TARGET_OBJECTS:${NAME}_torch>)
  endif()
  if(ARG_COLD)
    arcsat_part(${NAME}_cold arcsat_cold_pch SOURCES ${ARG_COLD} LINKS ${ARG_LINKS})
    list(APPEND OBJECTS $<TARGET_OBJECTS:${NAME}_cold>)
  endif()
  if(NOT ARG_OBJECT)
    add_library(${NAME} STATIC ${ARG_SOURCES} ${OBJECTS})
    set_target_properties(${NAME} PROPERTIES LINKER_LANGUAGE CXX)
  elseif(ARG_SOURCES)
    add_library(${NAME} OBJECT ${ARG_SOURCES})
  else()
    return()
  endif()
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt ${ARG_LINKS})
  if(ARG_SOURCES AND NOT ARG_PLAIN)
    target_precompile_headers(${NAME} REUSE_FROM arcsat_pch)
    arcsat_unity(${NAME})
  endif()
endfunction()

# arcsat_program(NAME FOLDER [PLAIN] [SOURCES …] [COLD …] [TORCH …] LINKS …): a program under FOLDER
# of the build. Its files are compiled as a library's are (-fPIC, not -fPIE), so that they can share
# the precompiled headers; they are in the targets NAME_objects, NAME_objects_cold and
# NAME_objects_torch.
function(arcsat_program NAME FOLDER)
  cmake_parse_arguments(ARG "PLAIN" "" "SOURCES;COLD;TORCH;LINKS" ${ARGN})
  arcsat_library(${NAME}_objects OBJECT ${ARGN})
  set(OBJECTS)
  foreach(PART ${NAME}_objects ${NAME}_objects_cold ${NAME}_objects_torch)
    if(TARGET ${PART})
      list(APPEND OBJECTS $<TARGET_OBJECTS:${PART}>)
    endif()
  endforeach()
  add_executable(${NAME} ${OBJECTS})
  set_target_properties(${NAME} PROPERTIES LINKER_LANGUAGE CXX
                        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${FOLDER})
  target_link_libraries(${NAME} PRIVATE arcsat_warnings arcsat_fmt ${ARG_LINKS})
endfunction()
