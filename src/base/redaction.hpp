// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dbxauth::base {

/// Replaces everything that looks like a credential by `[redacted]`: JWTs, `dapi…`, `dose…`, `dkea…` tokens, `Bearer …`
/// and `Basic …` header values, `password=`/`client_secret=`/`refresh_token=`/`code=`/… in forms and query strings, and
/// the JSON members of those names. Applied to every text that comes from outside before it enters an Error or a log
/// record.
std::string redact(std::string_view text);

/// redact(), shortened to at most `limit` bytes on a UTF-8 boundary, control characters replaced by spaces.
std::string redact_excerpt(std::string_view text, std::size_t limit = 300);

/// True for names of configuration attributes, headers and form fields whose values are secrets.
bool is_sensitive_name(std::string_view name) noexcept;

}  // namespace dbxauth::base
