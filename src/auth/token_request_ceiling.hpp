// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// The process-wide ceiling on token requests: a program in a loop must not lock its principal out of the token
/// endpoint. For each pair of endpoint and client at most `burst` requests at once and one more every `refill`; whoever
/// comes too soon waits its turn within the context's deadline, and is told ErrorCode::rate_limited, with retry_after,
/// when that would be too late. Thread-safe.
struct TokenRequestCeiling {
  static constexpr int burst = 20;
  static constexpr std::chrono::milliseconds refill{500};
};
Result<void> await_token_request_turn(std::string_view endpoint, std::string_view client_id,
                                      const CallContext& context);

}  // namespace dbxauth::auth
