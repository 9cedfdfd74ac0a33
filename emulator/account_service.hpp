// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "http_server.hpp"

namespace dbxauth::emulator {

struct AccountWorkspace {
  std::string account_id;
  std::string workspace_id;
  std::string cloud;  ///< "AWS", "AZURE", "GCP".
};

/// `GET /api/2.0/accounts/{account_id}/workspaces`, for the principals in `administrators`.
void add_account_routes(HttpServer& server, AccountWorkspace workspace, std::set<std::string> administrators);

}  // namespace dbxauth::emulator
