// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dbxauth/profiles.hpp"
#include "platform/environment.hpp"

namespace dbxauth {

/// The environment that `options` give, else the one of the process.
platform::Environment profile_environment(const ProfileFileOptions& options);

/// The profile file that `options` mean; empty when there is no home directory to look in.
std::string profile_path(const ProfileFileOptions& options, const platform::Environment& environment);

}  // namespace dbxauth
