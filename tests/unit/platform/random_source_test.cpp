// SPDX-License-Identifier: Apache-2.0
#include "platform/random_source.hpp"

#include <set>

#include <catch2/catch.hpp>

using namespace dbxauth::platform;

TEST_CASE("random bytes have the size asked for and differ") {
  CHECK(random_bytes(0).empty());
  CHECK(random_bytes(100000).size() == 100000);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bytes(16));
  CHECK(seen.size() == 1000);
}

TEST_CASE("random fractions lie in [0, 1) and differ") {
  std::set<double> seen;
  for (int i = 0; i < 1000; ++i) {
    const double value = random_fraction();
    CHECK(value >= 0.0);
    CHECK(value < 1.0);
    seen.insert(value);
  }
  CHECK(seen.size() > 990);
}
