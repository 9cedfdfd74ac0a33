// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "access_tokens.hpp"
#include "http_server.hpp"
#include "id_tokens.hpp"
#include "metastore.hpp"
#include "oauth_request.hpp"
#include "settings.hpp"

namespace dbxauth::emulator {

/// Workload identity federation: the ID token endpoints of GitHub Actions and Azure Pipelines, and the federation
/// policies that the token exchange (RFC 8693) of the workspace is decided by. Thread-safe.
class FederationService {
 public:
  static constexpr const char* github_subject = "repo:dbxauth/example:ref:refs/heads/main";
  static constexpr const char* azure_devops_subject = "p://dbxauth/example/deploy";
  static constexpr const char* generic_subject = "system:serviceaccount:default:dbxauth";
  static constexpr const char* entra_audience = "api://AzureADTokenExchange";  ///< Azure Pipelines knows no other.

  /// Policies of `service_principal` trust the three subjects above; the account-wide policy trusts the generic
  /// provider and takes its subject for the name of a user or service principal.
  FederationService(std::string account_id, std::string service_principal, const IdTokens& id_tokens,
                    const AccessTokens& tokens, const Metastore& metastore, const Settings& settings);

  void add_routes(HttpServer& server);

  struct Grant {
    std::string client_id;
    std::string principal;
  };
  /// Decides the form of a token exchange. Throws invalid_request, invalid_grant, invalid_client, access_denied.
  Grant exchange(const HttpRequest& request, const Form& form) const;

  const std::string& github_request_token() const noexcept { return github_request_token_; }
  const std::string& azure_devops_access_token() const noexcept { return azure_devops_access_token_; }
  std::string github_request_url() const;       ///< As ACTIONS_ID_TOKEN_REQUEST_URL has it: with a query.
  std::string azure_devops_collection() const;  ///< With its final slash, as in real jobs.

 private:
  struct Policy {
    IdTokenIssuer issuer;
    std::string subject;    ///< Empty: the subject names the principal.
    std::string client_id;  ///< Empty: account-wide.
    std::vector<std::string> audiences;
  };
  HttpResponse github_id_token(const HttpRequest& request) const;
  HttpResponse azure_devops_id_token(const HttpRequest& request) const;
  Grant exchange_personal_token(const std::string& value) const;
  Grant exchange_id_token(const HttpRequest& request, const std::string& value, const std::string& client_id) const;
  bool accepts_audience(const HttpRequest& request, const Policy& policy, const VerifiedIdToken& token) const;

  std::string account_id_;
  std::string service_principal_;
  const IdTokens& id_tokens_;
  const AccessTokens& tokens_;
  const Metastore& metastore_;
  const Settings& settings_;
  const HttpServer* server_ = nullptr;
  std::vector<Policy> policies_;
  std::string github_request_token_;
  std::string azure_devops_access_token_;
};

}  // namespace dbxauth::emulator
