// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "access_tokens.hpp"
#include "http_server.hpp"
#include "oauth_request.hpp"
#include "settings.hpp"
#include "signing_key.hpp"

namespace dbxauth::emulator {

/// Google's side of a login: the OAuth token endpoint ({url}/google/token), the IAM Service Account Credentials API
/// (/v1/projects/-/serviceAccounts/…) and the metadata server of a virtual machine (/computeMetadata/…). Thread-safe.
class GoogleIdentityService {
 public:
  /// The service account of the workspace: its ID tokens act as the given principal.
  static constexpr const char* service_account = "clone-runner@dbxauth-emulator.iam.gserviceaccount.com";
  /// What the virtual machine runs as; it and `user` may impersonate the service account.
  static constexpr const char* machine_account = "482910573316-compute@developer.gserviceaccount.com";

  GoogleIdentityService(std::string principal, std::string user, AccessTokens& tokens, const Settings& settings);
  void add_routes(HttpServer& server);

  // After the server started, whose URL they hold.
  std::string service_account_key_json();    ///< What Google hands out as a key file. The first call makes the key.
  std::string authorized_user_json() const;  ///< What `gcloud auth application-default login` writes.

 private:
  HttpResponse token(const HttpRequest& request);
  HttpResponse redeem_assertion(const HttpRequest& request, const Form& form);
  HttpResponse refresh(const Form& form);
  HttpResponse generate(const HttpRequest& request);
  HttpResponse generate_id_token(const HttpRequest& request);
  HttpResponse generate_access_token(const HttpRequest& request);
  HttpResponse machine_token(const HttpRequest& request);
  HttpResponse machine_identity(const HttpRequest& request);
  std::string issue_id_token(const std::string& email, const std::string& audience, bool include_email);
  std::string issue_access_token(const std::string& email, const std::string& scope);
  const std::string& principal_of(const std::string& email) const;
  const SigningKey& key();
  std::string token_uri() const;

  std::string principal_;
  std::string user_;
  AccessTokens& tokens_;
  const Settings& settings_;
  const HttpServer* server_ = nullptr;
  std::string user_client_secret_;
  std::string user_refresh_token_;
  std::once_flag key_once_;
  std::unique_ptr<SigningKey> key_;
};

}  // namespace dbxauth::emulator
