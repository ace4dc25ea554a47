# Everything the project links, in one place. `tools/setup.sh` installs it; a folder given by
# CMAKE_PREFIX_PATH (another LibTorch, say) goes first.
set(ARCSAT_DEPS ${PROJECT_SOURCE_DIR}/.deps CACHE PATH "Where tools/setup.sh puts what it builds")
set(ARCSAT_PYTHON ${ARCSAT_DEPS}/venv/bin/python CACHE FILEPATH "Python with the pinned packages")

# Compiling torch headers is slow; ccache makes a second build of the same file free.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

if(EXISTS ${ARCSAT_PYTHON})
  execute_process(
    COMMAND ${ARCSAT_PYTHON} -c
            "import importlib.util,os;s=importlib.util.find_spec('torch');print(os.path.dirname(s.origin) if s else '')"
    OUTPUT_VARIABLE ARCSAT_TORCH_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(ARCSAT_TORCH_DIR)
    list(APPEND CMAKE_PREFIX_PATH ${ARCSAT_TORCH_DIR}/share/cmake)
  endif()
endif()

find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(nlohmann_json 3.10 REQUIRED)
include(JsonWithoutLiterals)
find_package(LibArchive 3.6 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(Threads REQUIRED)
find_package(SQLite3 3.37 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)

# fmt: LibTorch carries the headers of 12.1 and would shadow another, so its copy serves everyone.
# Targets without torch see the folder fmt/ alone, through a link.
add_library(arcsat_fmt INTERFACE)
if(ARCSAT_TORCH)
  include(LibTorch)
  list(GET TORCH_INCLUDE_DIRS 0 ARCSAT_TORCH_INCLUDE)
elseif(ARCSAT_TORCH_DIR)
  set(ARCSAT_TORCH_INCLUDE ${ARCSAT_TORCH_DIR}/include)
endif()
if(EXISTS "${ARCSAT_TORCH_INCLUDE}/fmt/format.h")
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include-fmt)
  file(CREATE_LINK ${ARCSAT_TORCH_INCLUDE}/fmt ${PROJECT_BINARY_DIR}/include-fmt/fmt SYMBOLIC)
  add_library(arcsat_fmt_compiled STATIC ${PROJECT_SOURCE_DIR}/cmake/fmt.cc)
  target_include_directories(arcsat_fmt_compiled SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/include-fmt)
  target_link_libraries(arcsat_fmt INTERFACE arcsat_fmt_compiled)
else()
  find_package(fmt 8 REQUIRED)
  target_link_libraries(arcsat_fmt INTERFACE fmt::fmt)
endif()

find_path(PROTOZERO_INCLUDE protozero/pbf_writer.hpp REQUIRED)

# SentencePiece: built static from the 0.2.1 sources by tools/setup.sh (Debian's is open to
# CVE-2026-1260).
add_library(arcsat_sentencepiece STATIC IMPORTED)
set(ARCSAT_SPM ${ARCSAT_DEPS}/sentencepiece)
if(NOT EXISTS ${ARCSAT_SPM}/lib/libsentencepiece.a)
  message(FATAL_ERROR "SentencePiece 0.2.1 is not under ${ARCSAT_SPM}. Run tools/setup.sh, or set "
                      "ARCSAT_DEPS to a folder that holds sentencepiece/{include,lib}.")
endif()
set_target_properties(arcsat_sentencepiece PROPERTIES
  IMPORTED_LOCATION ${ARCSAT_SPM}/lib/libsentencepiece.a
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${ARCSAT_SPM}/include
  INTERFACE_INCLUDE_DIRECTORIES ${ARCSAT_SPM}/include)
add_library(arcsat_sentencepiece_train STATIC IMPORTED)
set_target_properties(arcsat_sentencepiece_train PROPERTIES
  IMPORTED_LOCATION ${ARCSAT_SPM}/lib/libsentencepiece_train.a
  INTERFACE_LINK_LIBRARIES arcsat_sentencepiece)
