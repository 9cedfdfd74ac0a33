// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "access_tokens.hpp"
#include "federation_service.hpp"
#include "http_server.hpp"
#include "oauth_request.hpp"
#include "settings.hpp"

namespace dbxauth::emulator {

/// Who runs the workspace, as its metadata documents say.
struct WorkspaceIdentity {
  std::string workspace_id;  ///< Decimal.
  std::string account_id;    ///< UUID.
  std::string cloud;         ///< "AWS", "AZURE", "GCP".
  std::string host_type;     ///< "workspace", "account", "unified".
};

/// The OAuth authorization servers of the workspace (/oidc) and of its account (/oidc/accounts/{id}): discovery, client
/// credentials, authorization code with PKCE S256, rotating refresh tokens, token exchange, data-plane tokens; and what
/// the host says of itself. Thread-safe.
class IdentityService {
 public:
  IdentityService(WorkspaceIdentity workspace, AccessTokens& tokens, const Metastore& metastore,
                  const Settings& settings, const FederationService& federation);

  /// A confidential client whose tokens act as the principal of that name; `scopes` are those its secret is limited to,
  /// none: all. Before the first request.
  void add_client(const std::string& client_id, const std::string& client_secret, std::vector<std::string> scopes);
  void add_routes(HttpServer& server);

 private:
  struct Client {
    std::string secret;
    std::vector<std::string> scopes;
  };
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
  using Members = std::vector<std::pair<std::string, std::string>>;

  /// Of the workspace, or of the account that the path names. Throws for an account that does not exist.
  std::string issuer_of(const HttpRequest& request) const;
  HttpResponse host_metadata(const HttpRequest& request) const;
  HttpResponse authorization_server_metadata(const HttpRequest& request) const;
  HttpResponse authorize(const HttpRequest& request);
  HttpResponse token(const HttpRequest& request);
  bool secret_matches(const ClientCredentials& given) const;
  HttpResponse client_credentials(const HttpRequest& request, const Form& form);
  HttpResponse redeem_code(const HttpRequest& request, const Form& form);
  HttpResponse refresh(const HttpRequest& request, const Form& form);
  HttpResponse exchange(const HttpRequest& request, const Form& form);
  HttpResponse data_plane_token(const HttpRequest& request, const Form& form);
  HttpResponse issue(const HttpRequest& request, const Grant& grant, const Members& more);

  WorkspaceIdentity workspace_;
  AccessTokens& tokens_;
  const Metastore& metastore_;
  const Settings& settings_;
  const FederationService& federation_;
  const HttpServer* server_ = nullptr;
  std::map<std::string, Client> clients_;  // by client id

  std::mutex mutex_;
  std::map<std::string, AuthorizationCode> codes_;  // by SHA-256
  std::map<std::string, Grant> refresh_tokens_;     // by SHA-256
};

}  // namespace dbxauth::emulator
