// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "auth/strategies/google_service_account_key.hpp"
#include "auth/token_source.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

inline constexpr std::string_view google_cloud_platform_scope = "https://www.googleapis.com/auth/cloud-platform";
inline constexpr std::string_view google_compute_scope = "https://www.googleapis.com/auth/compute";
/// Google's ID tokens, and access tokens unless asked otherwise, live that long; assertions may.
inline constexpr std::chrono::seconds google_token_lifetime{3600};

/// What a request with a service account's key is made with; borrowed for the call.
struct GoogleKeyRequest {
  const GoogleServiceAccountKey& key;
  net::HttpTransport& transport;
  const platform::Clock& clock;
  std::string_view subject;  ///< Of log records.
};

/// An ID token for `audience`, by a JWT that the key has signed (RFC 7523, claim target_audience).
/// ErrorCode::authentication_failed when Google refuses the key, configuration when the key cannot sign.
Result<Token> request_google_id_token(const GoogleKeyRequest& request, std::string_view audience,
                                      const CallContext& context);

/// An access token with `scope` (space separated), likewise.
Result<Token> request_google_access_token(const GoogleKeyRequest& request, std::string_view scope,
                                          const CallContext& context);

/// The headers that Databricks on Google Cloud takes: `id_token` for Authorization, `access_token` for
/// X-Databricks-GCP-SA-Access-Token. They end together: the earlier expiry counts. An access token that was refused is
/// left out with a warning under `subject`; every other failure to get it is returned, since it will pass.
Result<IssuedToken> pair_google_tokens(Token id_token, Result<Token> access_token, std::string_view subject);

/// Gives a token without a stated expiry the one that all of Google's have.
void assume_google_lifetime(Token& token, const platform::Clock& clock);

}  // namespace dbxauth::auth
