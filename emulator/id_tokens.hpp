// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http_server.hpp"
#include "signing_key.hpp"

namespace dbxauth::emulator {

/// The OpenID providers outside Databricks that this server plays.
enum class IdTokenIssuer {
  github,        ///< {url}/github: GitHub Actions.
  azure_devops,  ///< {url}/azure-devops: Azure Pipelines.
  generic,       ///< {url}/oidc-provider: a Kubernetes cluster, GitLab, whatever writes token files.
};

struct IdTokenRequest {
  IdTokenIssuer issuer = IdTokenIssuer::generic;
  std::string subject;
  std::string audience;
  std::int64_t lifetime_s = 300;  ///< Negative: expired when issued.
  std::int64_t starts_in_s = 0;   ///< `nbf` and `iat` lie so far in the future.
  bool forged = false;            ///< Signed by a key that the provider does not publish.
};

enum class IdTokenVerdict { valid, malformed, unknown_issuer, wrong_signature, expired, not_yet_valid };

/// What a token says, as far as it could be read.
struct VerifiedIdToken {
  IdTokenVerdict verdict = IdTokenVerdict::malformed;
  IdTokenIssuer issuer = IdTokenIssuer::generic;  ///< Only when `issuer_url` is known.
  std::string issuer_url;
  std::string subject;
  std::vector<std::string> audience;
  std::int64_t expires_at_s = 0;
  bool has_audience(std::string_view wanted) const;
};

/// Issues the ID tokens of these providers (ES256) and verifies them as a relying party would: signature, issuer,
/// `nbf`, `exp`. Serves their discovery documents and keys. Thread-safe.
class IdTokens {
 public:
  explicit IdTokens(std::function<std::int64_t()> now_ms);

  std::string issue(const IdTokenRequest& request) const;  ///< After the server started, which gives the issuer's URL.
  VerifiedIdToken verify(std::string_view token) const;
  std::string issuer_url(IdTokenIssuer issuer) const;
  void add_routes(HttpServer& server);
  std::int64_t now_s() const { return now_ms_() / 1000; }

 private:
  HttpResponse discovery_document(IdTokenIssuer issuer) const;
  HttpResponse issue_for_test(const HttpRequest& request) const;

  std::function<std::int64_t()> now_ms_;
  SigningKey key_{SigningAlgorithm::es256};
  SigningKey foreign_key_{SigningAlgorithm::es256};
  const HttpServer* server_ = nullptr;
};

}  // namespace dbxauth::emulator
