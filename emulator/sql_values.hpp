// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "database.hpp"
#include "sql_types.hpp"

namespace dbxauth::emulator {

/// "YYYY-MM-DD HH:MM:SS[.ffffff]" (UTC) from what CAST takes: a date, `T` or a space, optional time, fraction, `Z` or
/// offset +00:00. Other offsets and impossible dates: nullopt.
std::optional<std::string> normalise_timestamp(std::string_view text);
/// A value as CAST(x AS STRING) writes it. `stored` and `number` are SQLite's two readings of it.
std::string sql_text(const SqlType& type, const std::string& stored, double number);
/// One value of a result in the spelling of JSON_ARRAY ("Statement Execution API: JSON_ARRAY"): timestamps in ISO 8601,
/// binary in base64; nullopt for NULL.
std::optional<std::string> json_array_value(const Query& row, int column, const SqlType& type);

}  // namespace dbxauth::emulator
