// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/json_writer.hpp"
#include "dbxauth/error.hpp"

namespace dbxauth::base {

/// Writes the members of to_json(Error) into an open object.
void write_error_members(JsonWriter& json, const Error& error);
/// Writes an array of attempts as a value.
void write_attempts(JsonWriter& json, const std::vector<Attempt>& attempts);

}  // namespace dbxauth::base
