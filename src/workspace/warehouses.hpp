// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/json_reader.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/workspace.hpp"
#include "workspace/poll_timer.hpp"
#include "workspace/rest_request.hpp"

namespace dbxauth::workspace {

/// `/api/2.0/sql/warehouses`. Holds references only; thread-safe. The functions are those of WorkspaceClient.
class Warehouses {
 public:
  Warehouses(const RestClient& rest, const PollTimer& timer) : rest_(rest), timer_(timer) {}

  Result<std::vector<Warehouse>> list(const CallContext& context) const;
  Result<Warehouse> get(std::string_view id, const CallContext& context) const;
  Result<Warehouse> choose(std::string_view preferred, const CallContext& context) const;
  Result<Warehouse> start(std::string_view id, const CallContext& context) const;

 private:
  Result<base::JsonDocument> describe(std::string_view id, const CallContext& context) const;
  Result<void> request_start(std::string_view id, const CallContext& context) const;

  const RestClient& rest_;
  const PollTimer& timer_;
};

/// The best of `warehouses`: running before starting before stopped before stopping, serverless first among equals,
/// then by name and id, so that the same list always gives the same choice. Null when none can be used.
const Warehouse* best_warehouse(const std::vector<Warehouse>& warehouses) noexcept;

}  // namespace dbxauth::workspace
