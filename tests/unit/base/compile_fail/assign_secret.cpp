// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include "dbxauth/secret_string.hpp"

void use(dbxauth::SecretString& target, dbxauth::SecretString& source) {
  target = std::move(source);
#ifdef DBXAUTH_OFFENDING_LINE
  target = source;
#endif
}
