// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "auth/token_source.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// A token service of the local machine (editors, `databricks` tools): `GET {url}` with `X-Databricks-Metadata-Version:
/// 1` and `X-Databricks-Host: {host}`; JSON access_token, token_type, expires_on (unix seconds, number or text). Only
/// loopback addresses are accepted (localhost, 127.0.0.0/8, ::1), since whoever answers decides who the program is.
/// ErrorCode::configuration for another address. One attempt takes at most ten seconds. The URL may hold a secret and
/// is never shown with its path or query.
Result<std::shared_ptr<TokenSource>> make_metadata_service_source(std::string url, std::string host,
                                                                  std::shared_ptr<net::HttpTransport> transport,
                                                                  std::shared_ptr<const platform::Clock> clock);

}  // namespace dbxauth::auth
