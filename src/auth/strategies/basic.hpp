// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "auth/request_headers.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::auth {

/// User name and password: `Authorization: Basic base64(user:password)` (RFC 7617, UTF-8). There is no token.
/// ErrorCode::configuration for a colon in the user name, which the scheme cannot express, or a control character.
Result<std::shared_ptr<CredentialProvider>> make_basic_provider(std::string_view username, const SecretString& password,
                                                                const RequestHeaders& request_headers = {});

}  // namespace dbxauth::auth
