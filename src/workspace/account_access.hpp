// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "workspace/rest_request.hpp"

namespace dbxauth::workspace {

/// Whether the credentials of `rest` open the account: asks its host for the account's workspaces
/// (`GET /api/2.0/accounts/{account_id}/workspaces`). Only administrators of the account may, others get
/// ErrorCode::permission_denied.
Result<void> check_account_access(const RestClient& rest, std::string_view account_id, const CallContext& context);

}  // namespace dbxauth::workspace
