// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "dbxauth.h"
#include "dbxauth/version.hpp"

extern "C" {

DBXAUTH_API uint32_t dbxauth_abi_version(void) {
  return DBXAUTH_ABI_VERSION;
}

DBXAUTH_API const char* dbxauth_version_string(void) {
  return DBXAUTH_VERSION_STRING;
}

DBXAUTH_API int32_t dbxauth_has_feature(const char* name) {
  if (name == nullptr) return 0;
  const std::string_view wanted(name);
  for (const std::string_view feature : {"clone", "sql", "token-cache-file", "token-cache-memory", "provider-callback",
                                         "profiles", "diagnosis", "token-cache"}) {
    if (feature == wanted) return 1;
  }
  return 0;
}

}  // extern "C"
