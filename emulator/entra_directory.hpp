// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "access_tokens.hpp"
#include "id_tokens.hpp"
#include "oauth_request.hpp"
#include "settings.hpp"

namespace dbxauth::emulator {

/// The Entra tenant of the workspace: its applications, their secrets and federated credentials, and the tokens it
/// issues. Filled before the first request, then thread-safe.
class EntraDirectory {
 public:
  EntraDirectory(std::string tenant_id, const IdTokens& id_tokens, AccessTokens& tokens, const Settings& settings);

  void add_application(const std::string& client_id, const std::string& secret, bool secret_expired = false);
  /// Lets ID tokens of `issuer` with that subject, made for api://AzureADTokenExchange, stand for the application.
  void add_federated_credential(const std::string& client_id, IdTokenIssuer issuer, std::string subject);

  const std::string& tenant_id() const noexcept { return tenant_id_; }
  /// Checks the secret or the assertion of a client credentials grant; returns the application id. Throws the refusals
  /// of Entra: AADSTS700016, 7000215, 7000222, 50027, 50013, 700024, 700211, 700212, 700213.
  std::string authenticate(const HttpRequest& request, const Form& form) const;

  struct TokenSubject {
    std::string principal;            ///< Of the workspace: an application id or a user name.
    std::string client_id;            ///< The application that asked.
    std::string user_principal_name;  ///< Of a human.
    std::string tenant_id;            ///< Empty: this one.
  };
  struct IssuedToken {
    std::string value;
    std::string resource;  ///< As it stands in the token.
    std::int64_t lifetime_s = 0;
    std::int64_t not_before_s = 0;
    std::int64_t expires_on_s = 0;
  };
  IssuedToken issue(const std::string& base_url, const TokenSubject& subject, std::string resource);

 private:
  struct FederatedCredential {
    IdTokenIssuer issuer;
    std::string subject;
  };
  struct Application {
    std::string secret;
    bool secret_expired = false;
    std::vector<FederatedCredential> federated;
  };
  void check_assertion(const Application& application, const Form& form) const;

  std::string tenant_id_;
  const IdTokens& id_tokens_;
  AccessTokens& tokens_;
  const Settings& settings_;
  std::map<std::string, Application> applications_;  // by client id
};

}  // namespace dbxauth::emulator
