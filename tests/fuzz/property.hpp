// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

namespace dbxauth::fuzz {

/// Ends the run when a property of the code under test does not hold; also in builds without assert().
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

}  // namespace dbxauth::fuzz
