// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "auth/request_headers.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::auth {

/// A personal access token: `Authorization: Bearer <token>`. Surrounding white space is dropped (a token file ends with
/// a newline); ErrorCode::configuration when a blank or a control character remains.
Result<std::shared_ptr<CredentialProvider>> make_pat_provider(std::string_view token,
                                                              const RequestHeaders& request_headers = {});

}  // namespace dbxauth::auth
