// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include "dbxauth/secret_string.hpp"

void use(dbxauth::SecretString& secret) {
  const dbxauth::SecretString moved = std::move(secret);
#ifdef DBXAUTH_OFFENDING_LINE
  const dbxauth::SecretString copied = moved;
#endif
}
