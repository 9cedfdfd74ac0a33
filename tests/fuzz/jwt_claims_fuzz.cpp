// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "encoding/base64url.hpp"
#include "encoding/jwt_claims.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::encoding;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_jwt_claims(text));
  // The input as the claims of a well-formed token, so that mutations reach the claims at once.
  const std::string encoded = base64url(text);
  const auto decoded = decode_base64url(encoded);
  require(decoded.has_value() && *decoded == text, "base64url is reversible");
  if (const auto claims = read_jwt_claims("e30." + encoded + ".")) {
    require(!claims->expires_at || claims->expires_at->time_since_epoch().count() >= 0, "no expiry before 1970");
  }
  return 0;
}
