// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dbxauth/error.hpp"

namespace dbxauth::cli {

// Documented in docs/cli.md; scripts depend on them.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_credentials = 3;
inline constexpr int exit_permission = 4;
inline constexpr int exit_not_found = 5;
inline constexpr int exit_partial = 6;
inline constexpr int exit_network = 7;
inline constexpr int exit_interrupted = 130;

int exit_status_of(ErrorCode code) noexcept;

}  // namespace dbxauth::cli
