// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "dbxauth/secret_string.hpp"

std::string use(const dbxauth::SecretString& secret) {
#ifdef DBXAUTH_OFFENDING_LINE
  return fmt::format("{}", secret);
#else
  return fmt::format("{}", secret.size());
#endif
}
