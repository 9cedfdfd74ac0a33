// SPDX-License-Identifier: Apache-2.0
#include <ostream>
#include "dbxauth/secret_string.hpp"

void use(std::ostream& out, const dbxauth::SecretString& secret) {
  out << secret.size();
#ifdef DBXAUTH_OFFENDING_LINE
  out << secret;
#endif
}
