// SPDX-License-Identifier: Apache-2.0
#include <string>
#include "dbxauth/result.hpp"

dbxauth::Result<std::string> produce();
dbxauth::Result<void> act();

void use() {
  static_cast<void>(produce());
  static_cast<void>(act());
#ifdef DBXAUTH_OFFENDING_LINE
  produce();
  act();
#endif
}
