# Writes OUT, the source of CodeVersion(): what GIT says of the checkout SOURCE, or "unknown".
set(version "")
if(GIT)
  # A copy without a history of its own, inside another checkout, must not take that one's version.
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --show-toplevel
                  OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  get_filename_component(source ${SOURCE} REALPATH)
  if(top STREQUAL source)
    execute_process(COMMAND ${GIT} --no-optional-locks -C ${SOURCE} describe --always --dirty
                            --abbrev=12
                    OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endif()
if(NOT version MATCHES "^[A-Za-z0-9._+/-]+$")
  set(version unknown)
endif()
set(text "#include \"data/code_version.h\"\n\nconst char* arcsat::CodeVersion() { return \"${version}\"; }\n")
set(before "")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
