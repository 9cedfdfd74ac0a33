// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/basic.hpp"

#include <optional>
#include <utility>

#include "auth/header_value.hpp"
#include "auth/strategies/fixed_headers_provider.hpp"
#include "encoding/base64url.hpp"

namespace dbxauth::auth {

Result<std::shared_ptr<CredentialProvider>> make_basic_provider(std::string_view username, const SecretString& password,
                                                                const RequestHeaders& request_headers) {
  if (username.find(':') != std::string_view::npos || !is_header_safe(username)) {
    return Error(ErrorCode::configuration, "the user name contains a colon or a control character");
  }
  if (!is_header_safe(password.reveal())) {
    return Error(ErrorCode::configuration, "the password contains a control character (a line break?)");
  }
  SecretString pair;
  pair.reserve(username.size() + 1 + password.size());
  pair.append(username);
  pair.append(":");
  pair.append(password.reveal());
  const SecretString encoded = encoding::base64_secret(pair.reveal());
  SecretString value;
  value.reserve(6 + encoded.size());
  value.append("Basic ");
  value.append(encoded.reveal());

  auto headers = std::make_shared<AuthHeaders>();
  headers->headers.push_back({"Authorization", std::move(value)});
  append(headers->headers, request_headers);
  headers->strategy = "basic";
  return std::shared_ptr<CredentialProvider>(
      std::make_shared<FixedHeadersProvider>("basic", std::move(headers), std::nullopt));
}

}  // namespace dbxauth::auth
