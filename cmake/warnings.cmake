# SPDX-License-Identifier: Apache-2.0
# dbxauth_warnings(target): the warnings every target of ours is compiled with.
function(dbxauth_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wundef -Wcast-align
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi>
    # GCC 12 sees overlapping copies in std::string concatenation that are not there (GCC bug 105651).
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
    $<$<BOOL:${DBXAUTH_WARNINGS_AS_ERRORS}>:-Werror>)
endfunction()
