// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "dbxauth/error.hpp"

namespace dbxauth::tokenstore {

/// ErrorCode::storage_unavailable: "the OS keyring cannot be used: <reason>; <fix>, or keep tokens elsewhere …".
Error keyring_unusable(std::string_view reason, std::string_view fix);
/// ErrorCode::storage_unavailable: locked, and nobody may be asked.
Error keyring_locked();
/// ErrorCode::storage_unavailable: its owner was asked and did not unlock it.
Error keyring_stays_locked();
/// ErrorCode::timed_out: no answer within `limit`.
Error keyring_silent(std::chrono::milliseconds limit);
/// ErrorCode::timed_out: no answer a moment ago, not asked again for another `rest`.
Error keyring_left_alone(std::chrono::milliseconds rest);
/// ErrorCode::cancelled: for the result of a call whose caller has gone. Nobody reads it.
Error keyring_call_abandoned();

}  // namespace dbxauth::tokenstore
