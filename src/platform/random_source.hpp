// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace dbxauth::platform {

/// `size` bytes from the system's cryptographic generator. Never fails: getrandom(2) blocks only before the first
/// seeding.
std::string random_bytes(std::size_t size);

/// A random number in [0, 1) for jitter; not for secrets.
double random_fraction();

}  // namespace dbxauth::platform
