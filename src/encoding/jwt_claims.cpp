// SPDX-License-Identifier: Apache-2.0
#include "encoding/jwt_claims.hpp"

#include <string.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "encoding/base64url.hpp"

namespace dbxauth::encoding {
namespace {

using std::chrono::system_clock;

Error not_a_jwt(const char* reason) {
  return Error{ErrorCode::protocol, std::string("the token is not a JSON Web Token: ") + reason};
}

// RFC 7519 §2 NumericDate: seconds since 1970, possibly with a fraction. A date beyond the clock's range is the range's
// end.
std::optional<system_clock::time_point> numeric_date(base::JsonView claim) {
  const auto seconds = claim.as_number();
  if (!seconds || *seconds < 0) return std::nullopt;
  const auto limit = std::chrono::duration<double>(system_clock::time_point::max().time_since_epoch());
  // The limit is rounded up by its conversion to double, so a value equal to it does not fit either.
  if (!(*seconds < limit.count())) return system_clock::time_point::max();
  return system_clock::time_point(
      std::chrono::duration_cast<system_clock::duration>(std::chrono::duration<double>(*seconds)));
}

// A list of strings, or one text whose words they are.
std::vector<std::string> words(base::JsonView claim) {
  std::vector<std::string> result;
  if (const auto text = claim.as_string()) {
    for (const std::string_view word : base::split(*text, ' ')) {
      if (!word.empty()) result.emplace_back(word);
    }
  }
  claim.each_element([&](base::JsonView element) {
    if (const auto word = element.as_string()) result.emplace_back(*word);
  });
  return result;
}

JwtClaims read_claims(base::JsonView claims) {
  JwtClaims result;
  result.issuer = claims["iss"].string_or();
  result.subject = claims["sub"].string_or();
  if (const auto audience = claims["aud"].as_string()) {
    result.audience.emplace_back(*audience);
  } else {
    result.audience = words(claims["aud"]);
  }
  result.scopes = words(claims["scope"]);
  if (result.scopes.empty()) result.scopes = words(claims["scp"]);
  result.expires_at = numeric_date(claims["exp"]);
  result.issued_at = numeric_date(claims["iat"]);
  result.not_before = numeric_date(claims["nbf"]);
  return result;
}

}  // namespace

Result<JwtClaims> read_jwt_claims(std::string_view token) {
  const auto parts = base::split(token, '.');
  if (parts.size() != 3) return not_a_jwt("it does not have three parts");
  auto header = decode_base64url(parts[0]);
  if (!header) return not_a_jwt("its first part is not base64url");
  const auto header_document = base::JsonDocument::parse(*header, "the header of the token");
  if (!header_document || !header_document->root().is_object()) return not_a_jwt("its first part is not a JSON object");
  auto payload = decode_base64url(parts[1]);
  if (!payload) return not_a_jwt("its second part is not base64url");
  const auto document = base::JsonDocument::parse(*payload, "the claims of the token");
  ::explicit_bzero(payload->data(), payload->size());
  if (!document || !document->root().is_object()) return not_a_jwt("its second part is not a JSON object");
  return read_claims(document->root());
}

}  // namespace dbxauth::encoding
