// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.hpp"
#include "dbxauth/credentials.hpp"
#include "encoding/timestamp.hpp"

namespace dbxauth {

SecretString to_json(const Token& token) {
  const bool expires = token.expires_at != std::chrono::system_clock::time_point::max();
  base::JsonWriter json(2);
  json.escape_html(true);
  json.begin_object().member("access_token", token.access_token.reveal());
  if (!token.token_type.empty()) json.member("token_type", token.token_type);
  // The zero time of Go stands for "no expiry"; the SDKs that read this output know it.
  json.member("expiry", expires ? encoding::format_rfc3339(token.expires_at) : std::string("0001-01-01T00:00:00Z"));
  if (token.lifetime.count() > 0) json.member("expires_in", static_cast<std::int64_t>(token.lifetime.count()));
  json.end_object();
  return SecretString::take(json.take());
}

}  // namespace dbxauth
