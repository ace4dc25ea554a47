# cmake -DNAME=Style "-DFILES=a.css,b.css" -DOUT=x.cc -P embed.cmake
# Writes a C++ file that holds the files' bytes, one after another, as arcsat::assets::NAME(). A
# file called LICENSE-* goes in as a comment of JavaScript or CSS.
string(REPLACE "," ";" FILES "${FILES}")
set(BYTES "")
foreach(FILE ${FILES})
  file(READ ${FILE} HEX_BYTES HEX)
  if(FILE MATCHES "/LICENSE-[^/]*$")
    string(PREPEND HEX_BYTES "2f2a0a")  # "/*\n"
    string(APPEND HEX_BYTES "2a2f0a")   # "*/\n"
  endif()
  string(APPEND BYTES "${HEX_BYTES}")
endforeach()
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," BYTES "${BYTES}")
file(WRITE ${OUT} "// Made by eval/report/embed.cmake; not to be edited.
#include \"eval/report/assets.h\"

namespace arcsat::assets {

std::string_view ${NAME}() {
  static const unsigned char kBytes[] = {${BYTES}};
  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)};
}

}  // namespace arcsat::assets
")
