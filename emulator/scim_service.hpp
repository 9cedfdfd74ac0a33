// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "http_server.hpp"

namespace dbxauth::emulator {

/// GET /api/2.0/preview/scim/v2/Me, whose answer carries the workspace id in `x-databricks-org-id`.
void add_scim_routes(HttpServer& server, const Metastore& metastore, std::string workspace_id);

}  // namespace dbxauth::emulator
