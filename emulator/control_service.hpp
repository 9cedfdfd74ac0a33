// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "access_tokens.hpp"
#include "counters.hpp"
#include "faults.hpp"
#include "http_server.hpp"
#include "metastore.hpp"
#include "settings.hpp"
#include "statements_service.hpp"

namespace dbxauth::emulator {

/// What `/_emulator/` looks into and changes.
struct ControlledParts {
  FaultPlan& faults;
  Counters& counters;
  Settings& settings;
  AccessTokens& tokens;
  StatementsService& statements;
  const Metastore& metastore;
};

/// `/_emulator/counters`, `faults`, `settings`, `state`, `statements`, `tokens/expire`: for tests, without credentials.
void add_control_routes(HttpServer& server, const ControlledParts& parts);

}  // namespace dbxauth::emulator
