// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token_source.hpp"
#include "base/json_reader.hpp"
#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "dbxauth/error.hpp"
#include "encoding/base64url.hpp"
#include "encoding/url.hpp"
#include "support/rsa_test_key.hpp"

namespace dbxauth::testing {

inline const RsaTestKey& google_test_key() {
  static const RsaTestKey key;
  return key;
}

/// The JSON key of a service account, as the Google Cloud console writes it.
inline std::string google_key_json(std::string_view token_uri = "https://oauth2.googleapis.com/token",
                                   std::string_view email = "robot@project.iam.gserviceaccount.com") {
  base::JsonWriter json(2);
  json.begin_object()
      .member("type", "service_account")
      .member("project_id", "project")
      .member("private_key_id", "key-id-1")
      .member("private_key", google_test_key().pkcs8_pem())
      .member("client_email", email)
      .member("token_uri", token_uri)
      .end_object();
  return json.take();
}

/// A line from inside the private key.
inline std::string google_key_bytes() {
  const std::string pem = google_test_key().pkcs8_pem();
  const auto begin = pem.find('\n') + 1;
  return pem.substr(begin, 60);
}

/// An unsigned JWT that ends at `expires_at_s` (seconds since 1970).
inline std::string jwt_ending_at(long long expires_at_s) {
  return encoding::base64url(R"({"alg":"none"})") + "." +
         encoding::base64url("{\"exp\":" + std::to_string(expires_at_s) + "}") + ".c2ln";
}

inline std::map<std::string, std::string> form_of(std::string_view body) {
  std::map<std::string, std::string> fields;
  for (const std::string_view piece : base::split(body, '&')) {
    const auto equals = piece.find('=');
    fields[encoding::percent_decode(piece.substr(0, equals), true).value()] =
        encoding::percent_decode(piece.substr(equals + 1), true).value();
  }
  return fields;
}

/// Everything that an error says.
inline std::string all_text(const Error& error) {
  return to_json(error);
}

}  // namespace dbxauth::testing
