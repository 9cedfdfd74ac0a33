// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "access_tokens.hpp"
#include "http_server.hpp"
#include "settings.hpp"

namespace dbxauth::emulator {

/// Who runs the workspace, as its metadata documents say.
struct WorkspaceIdentity {
  std::string workspace_id;  ///< Decimal.
  std::string account_id;    ///< UUID.
  std::string cloud;         ///< "AWS", "AZURE", "GCP".
  std::string tenant_id;     ///< Of the Entra endpoints; UUID.
};

/// The workspace's OAuth authorization server (OIDC discovery, client credentials, authorization code with PKCE S256,
/// rotating refresh tokens) and the Entra token endpoints of its Azure tenant. Thread-safe.
class IdentityService {
 public:
  IdentityService(WorkspaceIdentity workspace, AccessTokens& tokens, const Metastore& metastore,
                  const Settings& settings);

  /// A confidential client whose tokens act as `principal`. Before the first request.
  void add_client(const std::string& client_id, const std::string& client_secret);
  /// Known to Entra only, not to the workspace's own authorization server.
  void add_entra_client(const std::string& client_id, const std::string& client_secret);
  void add_routes(HttpServer& server);

 private:
  struct Grant {
    std::string client_id;
    std::string principal;
    std::string scope;
  };
  struct AuthorizationCode : Grant {
    std::string redirect_uri;
    std::string code_challenge;
    std::int64_t expires_at_ms = 0;
  };

  std::string base_url(const HttpRequest& request) const;
  HttpResponse workspace_metadata(const HttpRequest& request) const;
  HttpResponse authorization_server_metadata(const HttpRequest& request) const;
  HttpResponse authorize(const HttpRequest& request);
  HttpResponse token(const HttpRequest& request);
  HttpResponse client_credentials(const HttpRequest& request, const std::map<std::string, std::string>& form);
  HttpResponse redeem_code(const HttpRequest& request, const std::map<std::string, std::string>& form);
  HttpResponse refresh(const HttpRequest& request, const std::map<std::string, std::string>& form);
  HttpResponse issue(const HttpRequest& request, const Grant& grant);
  HttpResponse entra_login(const HttpRequest& request) const;
  HttpResponse entra_token(const HttpRequest& request, bool version_2);

  WorkspaceIdentity workspace_;
  AccessTokens& tokens_;
  const Metastore& metastore_;
  const Settings& settings_;
  const HttpServer* server_ = nullptr;
  std::map<std::string, std::string> clients_;        // client id -> secret
  std::map<std::string, std::string> entra_clients_;  // client id -> secret

  std::mutex mutex_;
  std::map<std::string, AuthorizationCode> codes_;  // by SHA-256
  std::map<std::string, Grant> refresh_tokens_;     // by SHA-256
};

}  // namespace dbxauth::emulator
