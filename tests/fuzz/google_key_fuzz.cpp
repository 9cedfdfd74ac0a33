// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "auth/header_value.hpp"
#include "auth/strategies/google_service_account_key.hpp"
#include "encoding/rs256.hpp"
#include "encoding/url.hpp"
#include "property.hpp"

using dbxauth::ErrorCode;
using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto key = dbxauth::auth::read_google_service_account_key(text, "fuzz");
  if (!key) {
    require(key.error().code == ErrorCode::configuration, "what is not a key is a wrong setting");
    require(key.error().message.rfind("fuzz is not usable: ", 0) == 0, "an error names its place");
    require(key.error().attempts.size() == 1 && !key.error().attempts[0].fix.empty(), "an error says what to do");
    return 0;
  }
  require(!key->client_email.empty() && dbxauth::auth::is_header_safe(key->client_email), "a key has an owner");
  const auto url = dbxauth::encoding::parse_url(key->token_uri);
  require(url && (url->scheme == "https" || url->is_loopback()), "an assertion is sent over https or to this machine");
  const auto jwt = dbxauth::encoding::rs256_jwt("{}", key->private_key_id, key->private_key);
  require(jwt || jwt.error().code == ErrorCode::configuration, "a key signs or is a wrong setting");
  return 0;
}
