// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/json_reader.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::auth {

/// How one service names the members of its token answer.
struct AzureTokenMembers {
  std::string_view access_token;
  std::string_view token_type;
  std::string_view expires_on;  ///< Seconds since 1970 as number or text, or a date.
  std::string_view expires_in;  ///< Seconds; empty: there is no such member.
  std::string_view local_time;  ///< `2026-11-22 15:07:51.379927` in this machine's time zone; empty: none.
};

/// The token of such an answer. The expiry is `expires_on`, else `expires_in`, else the JWT's `exp`, else
/// `local_time`; none of them: it never expires. ErrorCode::protocol without a token, with control characters in it,
/// with an expiry that cannot be read, or that has passed. `what` names the answer in messages.
Result<Token> read_azure_token(base::JsonView answer, const AzureTokenMembers& members,
                               std::chrono::system_clock::time_point now, std::string_view what);

/// `11/22/2026 3:07:51 PM +00:00`, `11/22/2026 15:07:51 +00:00` and RFC 3339: how App Service has written a time.
std::optional<std::chrono::system_clock::time_point> parse_app_service_time(std::string_view text);

/// `2026-11-22 15:07:51[.379927]` in the time zone of the process; of two readings, in the hour that a change of the
/// clock repeats, the earlier.
std::optional<std::chrono::system_clock::time_point> parse_local_time(std::string_view text);

}  // namespace dbxauth::auth
