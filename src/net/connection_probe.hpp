// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/error.hpp"
#include "dbxauth/http_options.hpp"
#include "platform/environment.hpp"

namespace dbxauth::net {

/// One stage of reaching a host.
struct ConnectionStage {
  std::string name;  ///< "proxy", "dns", "tcp", "tls", "http".
  bool reached = false;
  std::chrono::microseconds elapsed{0};  ///< Of this stage alone.
  std::string detail;                    ///< Addresses, the proxy in use and why, TLS version and issuer, HTTP status.
  std::optional<Error> error;            ///< Why it ended here; its attempt carries the fix.
};

/// Opens a fresh connection to `url` and sends one GET without credentials, as every other request would (same proxy,
/// same certificate authorities), and tells how far it came and how long each stage took. Stages that do not apply are
/// left out; after the one that failed there are no others.
std::vector<ConnectionStage> probe_connection(const std::string& url, const HttpOptions& options,
                                              const platform::Environment& environment, const CallContext& context);

}  // namespace dbxauth::net
