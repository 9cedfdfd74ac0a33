// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace dbxauth::emulator {

/// Whether the program was started by the name `az`.
bool is_called_az(std::string_view program);

/// The Azure CLI as far as a login uses it: `account show` and `account get-access-token`, asking the emulator that
/// DBXAUTH_EMULATOR_URL names. Prints JSON or "ERROR: …" as az does; returns the exit status.
int run_fake_az(int argc, const char* const* argv);

}  // namespace dbxauth::emulator
