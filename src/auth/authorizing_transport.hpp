// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::auth {

/// Adds the credentials of one workspace to requests that go to its origin (scheme, host and port of `host`); a request
/// to anywhere else is ErrorCode::invalid_argument and is not sent, so that a credential cannot leak to it.
///
/// After a 401, or a 403 or 400 whose body says that the token has expired or is none (net::ResponseClass), the
/// credentials are rejected, and the request is sent exactly once more if the provider then has other ones: a server
/// that refuses the token did not act, so this holds for requests that must not be replayed, too. Every other 403 is
/// about permissions and never renews anything. Thread-safe.
Result<std::shared_ptr<net::HttpTransport>> make_authorizing_transport(std::shared_ptr<net::HttpTransport> next,
                                                                       std::shared_ptr<CredentialProvider> credentials,
                                                                       std::string_view host);

}  // namespace dbxauth::auth
