// SPDX-License-Identifier: Apache-2.0
#include <string>
#include "dbxauth/secret_string.hpp"

bool use(const dbxauth::SecretString& a, const dbxauth::SecretString& b) {
#ifdef DBXAUTH_OFFENDING_LINE
  return a == b;
#else
  return a.equals(b);
#endif
}
