// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "access_tokens.hpp"
#include "http_server.hpp"
#include "settings.hpp"

namespace dbxauth::emulator {

/// The token service that editors run beside a program: DATABRICKS_METADATA_SERVICE_URL. Its URL is a secret.
/// Thread-safe.
class MetadataService {
 public:
  /// Hands out tokens of `principal`.
  MetadataService(std::string principal, std::string workspace_id, AccessTokens& tokens, const Settings& settings);
  void add_routes(HttpServer& server);
  std::string url() const;  ///< After the server started.

 private:
  HttpResponse token(const HttpRequest& request);

  std::string principal_;
  std::string workspace_id_;
  AccessTokens& tokens_;
  const Settings& settings_;
  const HttpServer* server_ = nullptr;
  std::string secret_;
};

}  // namespace dbxauth::emulator
