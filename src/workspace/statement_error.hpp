// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/json_reader.hpp"
#include "dbxauth/error.hpp"

namespace dbxauth::workspace {

/// The Error of a statement that ended FAILED, from its `status` object. Permission, not-found and already-exists
/// failures get those codes, everything else is sql_failed; `server_code`, `sql_state` and the server's text (redacted)
/// are kept in every case. The SQLSTATE is taken from `status.sql_state`, else from the text.
Error statement_error(base::JsonView status, std::string_view statement_id);

/// True when a statement failed because its result does not fit into an inline answer. Its effects, if it had any, have
/// happened: only a statement that merely reads may be run again with external links.
bool exceeds_inline_limit(const Error& error) noexcept;

}  // namespace dbxauth::workspace
