// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/json_reader.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::auth {

inline constexpr std::string_view google_token_uri = "https://oauth2.googleapis.com/token";

/// The JSON key file of a Google service account (`"type": "service_account"`).
struct GoogleServiceAccountKey {
  std::string client_email;
  std::string private_key_id;  ///< May be empty.
  SecretString private_key;    ///< PEM text.
  std::string token_uri;       ///< https or loopback; Google's when the key names none.
};

/// Reads a key. `origin` completes "… is not usable:" in messages. ErrorCode::configuration, with a fix, for everything
/// else than such a key; the text is never quoted.
Result<GoogleServiceAccountKey> read_google_service_account_key(std::string_view json, std::string_view origin);
Result<GoogleServiceAccountKey> read_google_service_account_key(const base::JsonDocument& document,
                                                                std::string_view origin);

/// The member token_uri, or Google's address when there is none. ErrorCode::configuration unless it is https or
/// loopback.
Result<std::string> google_token_uri_of(const base::JsonDocument& document, std::string_view origin);

}  // namespace dbxauth::auth
