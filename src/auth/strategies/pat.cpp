// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/pat.hpp"

#include <utility>

#include "auth/header_value.hpp"
#include "auth/strategies/fixed_headers_provider.hpp"

namespace dbxauth::auth {

Result<std::shared_ptr<CredentialProvider>> make_pat_provider(std::string_view token,
                                                              const RequestHeaders& request_headers) {
  auto clean = clean_secret(token, "the personal access token");
  if (!clean) return std::move(clean).error();
  Token bearer;
  bearer.access_token = std::move(*clean);
  auto authorization = authorization_value(bearer);
  if (!authorization) return std::move(authorization).error();
  auto headers = std::make_shared<AuthHeaders>();
  headers->headers.push_back({"Authorization", std::move(*authorization)});
  append(headers->headers, request_headers);
  headers->strategy = "pat";
  return std::shared_ptr<CredentialProvider>(
      std::make_shared<FixedHeadersProvider>("pat", std::move(headers), std::move(bearer)));
}

}  // namespace dbxauth::auth
