// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::tokenstore {

/// What every cache refuses to store: no key, an empty key or one that is not UTF-8, a token without any secret.
/// ErrorCode::invalid_argument.
Result<void> check_put(const std::vector<std::string>& keys, const Token& token);

}  // namespace dbxauth::tokenstore
