// SPDX-License-Identifier: Apache-2.0
// The only Catch main: compiling it takes longer than most test files.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
