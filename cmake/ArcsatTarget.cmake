# arcsat_library(NAME SOURCES… LINKS…): one folder, one target, the project's warnings.
add_library(arcsat_warnings INTERFACE)
target_compile_options(arcsat_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC bug 105651: a false alarm on `"literal" + std::string` from GCC 12 on.
  target_compile_options(arcsat_warnings INTERFACE -Wno-restrict)
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
target_compile_definitions(arcsat_warnings INTERFACE FMT_HEADER_ONLY=1)

function(arcsat_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC arcsat_warnings arcsat_fmt ${ARG_LINKS})
endfunction()

# Files that include torch/torch.h take half a minute each; they share one precompiled header.
function(arcsat_torch_pch NAME)
  if(TARGET arcsat_pch)
    target_precompile_headers(${NAME} REUSE_FROM arcsat_pch)
  else()
    target_precompile_headers(${NAME} PRIVATE <torch/torch.h>)
  endif()
endfunction()
