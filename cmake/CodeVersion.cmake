# arcsat_code_version: which sources a program was built from, as `git describe` names them. Git is
# asked at every build; only the one generated file is compiled again, and only when the answer is
# another.
set(ARCSAT_CODE_VERSION_SOURCE ${PROJECT_BINARY_DIR}/generated/code_version.cc)
find_package(Git QUIET)
add_custom_target(arcsat_describe
  COMMAND ${CMAKE_COMMAND} -DGIT=${GIT_EXECUTABLE} -DSOURCE=${PROJECT_SOURCE_DIR}
          -DOUT=${ARCSAT_CODE_VERSION_SOURCE} -P ${PROJECT_SOURCE_DIR}/cmake/describe.cmake
  BYPRODUCTS ${ARCSAT_CODE_VERSION_SOURCE}
  VERBATIM)
arcsat_library(arcsat_code_version SOURCES ${ARCSAT_CODE_VERSION_SOURCE})
add_dependencies(arcsat_code_version arcsat_describe)
