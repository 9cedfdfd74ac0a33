// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace dbxauth::emulator {

/// Replaces what stands at `path` by a new file; false and `failure` when that cannot be done.
bool write_new_file(const std::string& path, const std::string& text, mode_t mode, std::string& failure);

}  // namespace dbxauth::emulator
