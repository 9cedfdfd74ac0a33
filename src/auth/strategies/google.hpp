// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "auth/strategies/id_token_source.hpp"
#include "auth/token_source.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// google-credentials: the key of a Google service account, as JSON text or the path of a file with it. An RS256 JWT
/// (RFC 7523), signed with libcrypto, is exchanged at the key's `token_uri` for an ID token with the audience `host`
/// (`Authorization`) and for an access token with the scopes cloud-platform and compute
/// (`X-Databricks-GCP-SA-Access-Token`; left out with a warning when refused). Both are cached and renewed together.
/// ErrorCode::configuration for text that is not such a key; it is never quoted.
Result<std::shared_ptr<TokenSource>> make_google_credentials_source(const SecretString& credentials, std::string host,
                                                                    std::string home_directory,
                                                                    std::shared_ptr<net::HttpTransport> transport,
                                                                    std::shared_ptr<const platform::Clock> clock);

/// google-id: impersonates `service_account` with the application default credentials: GOOGLE_APPLICATION_CREDENTIALS,
/// else `$CLOUDSDK_CONFIG` or `~/.config/gcloud/application_default_credentials.json` (service_account and
/// authorized_user), else the metadata server (GCE_METADATA_HOST, which must be on this machine or link; by default
/// 169.254.169.254, given one second to show that it is there). IAM credentials: generateIdToken (includeEmail) and
/// generateAccessToken at https://iamcredentials.googleapis.com or, for private endpoints and tests, at
/// DBXAUTH_GOOGLE_IAM_CREDENTIALS_URL (https or loopback). Both tokens are renewed together.
/// ErrorCode::no_credentials when there are no application default credentials, unsupported for their other kinds.
std::shared_ptr<TokenSource> make_google_id_source(std::string service_account, std::string host,
                                                   EnvironmentReader environment,
                                                   std::shared_ptr<net::HttpTransport> transport,
                                                   std::shared_ptr<const platform::Clock> clock);

}  // namespace dbxauth::auth
