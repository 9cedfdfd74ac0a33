// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dbxauth::encoding {

using SystemTime = std::chrono::system_clock::time_point;

/// RFC 3339 with up to nine fractional digits and an offset, as Go writes it. Go's zero time `0001-01-01T00:00:00Z`
/// means "no expiry" and is SystemTime::max(). A time that the clock cannot represent becomes the nearest one that it
/// can.
std::optional<SystemTime> parse_rfc3339(std::string_view text);
std::string format_rfc3339(
    SystemTime time);  ///< UTC, `2026-11-22T15:07:51.379927Z`, no fraction when zero; max(): Go's zero time.
/// `Retry-After` and `Date`: IMF-fixdate (RFC 9110 §5.6.7).
std::optional<SystemTime> parse_http_date(std::string_view text);
/// "PT24H", "1.5s" are not accepted here; `Retry-After` is delta-seconds or an HTTP date (RFC 9110 §10.2.3). Huge
/// numbers saturate; a date in the past is zero.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, SystemTime now);

}  // namespace dbxauth::encoding
