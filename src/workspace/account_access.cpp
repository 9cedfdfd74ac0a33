// SPDX-License-Identifier: Apache-2.0
#include "workspace/account_access.hpp"

#include <fmt/format.h>

namespace dbxauth::workspace {

Result<void> check_account_access(const RestClient& rest, std::string_view account_id, const CallContext& context) {
  const std::string doing = fmt::format("list the workspaces of account '{}'", account_id);
  if (account_id.empty()) {
    return Error(ErrorCode::configuration,
                 "could not list the workspaces of the account: it has no id; set account_id");
  }
  RestCall call;
  call.path = RestPath("/api/2.0/accounts").segment(account_id).segment("workspaces").text();
  const auto json = rest.json(call, doing, context);
  if (!json) return json.error();
  if (!json->root().is_array()) {
    return Error(ErrorCode::protocol, fmt::format("could not {}: the answer is not a list", doing));
  }
  return {};
}

}  // namespace dbxauth::workspace
