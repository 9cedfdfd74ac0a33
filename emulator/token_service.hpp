// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "access_tokens.hpp"
#include "http_server.hpp"

namespace dbxauth::emulator {

/// Personal access tokens of the caller: /api/2.0/token/create, list, delete and PATCH /api/2.0/token/{token_id}.
void add_token_routes(HttpServer& server, AccessTokens& tokens);

}  // namespace dbxauth::emulator
