# SPDX-License-Identifier: Apache-2.0
# Sanitizers apply to everything that is built here, so that no object is left uninstrumented.
if(DBXAUTH_SANITIZE)
  add_compile_options(-fsanitize=${DBXAUTH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DBXAUTH_SANITIZE})
  if(DBXAUTH_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
