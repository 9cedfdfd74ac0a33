// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/google_service_account_key.hpp"

#include <utility>

#include "auth/header_value.hpp"
#include "auth/strategy_error.hpp"
#include "encoding/url.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view make_a_key =
    "give the JSON key of a Google service account: gcloud iam service-accounts keys create key.json --iam-account "
    "EMAIL";

Error unusable(std::string_view origin, std::string_view reason, std::string_view fix = make_a_key) {
  return with_fix(Error(ErrorCode::configuration, std::string(origin) + " is not usable: " + std::string(reason)),
                  std::string(fix));
}

Error wrong_kind(std::string_view origin, std::string_view type) {
  if (type == "authorized_user" || type == "external_account" || type == "impersonated_service_account") {
    return unusable(origin, "it holds credentials of the kind " + std::string(type) + ", not a service account's key",
                    "set google_service_account (DATABRICKS_GOOGLE_SERVICE_ACCOUNT) to the service account to act as "
                    "and let GOOGLE_APPLICATION_CREDENTIALS name that file, or give a service account's key");
  }
  return unusable(origin, "its member type is not \"service_account\"");
}

}  // namespace

Result<std::string> google_token_uri_of(const base::JsonDocument& document, std::string_view origin) {
  const base::JsonView member = document["token_uri"];
  if (member.is_null_or_missing()) return std::string(google_token_uri);
  const auto url = encoding::parse_url(member.string_or());
  if (!url || (url->scheme != "https" && !url->is_loopback())) {
    return unusable(origin, "its token_uri is not an https URL");
  }
  return std::string(member.string_or());
}

Result<GoogleServiceAccountKey> read_google_service_account_key(std::string_view json, std::string_view origin) {
  const auto document = base::JsonDocument::parse(json, origin);
  if (!document) return unusable(origin, "it is not valid JSON");
  return read_google_service_account_key(*document, origin);
}

Result<GoogleServiceAccountKey> read_google_service_account_key(const base::JsonDocument& document,
                                                                std::string_view origin) {
  if (!document.root().is_object()) return unusable(origin, "it is not a JSON object");
  const std::string_view type = document["type"].string_or();
  if (type != "service_account") return wrong_kind(origin, type);

  GoogleServiceAccountKey key;
  key.client_email = document["client_email"].string_or();
  if (key.client_email.empty() || !is_header_safe(key.client_email)) {
    return unusable(origin, "its client_email is missing or malformed");
  }
  key.private_key_id = document["private_key_id"].string_or();
  const std::string_view pem = document["private_key"].string_or();
  if (pem.find("-----BEGIN ") == std::string_view::npos) {
    return unusable(origin, "its private_key is missing or not PEM text");
  }
  key.private_key = SecretString(pem);
  auto token_uri = google_token_uri_of(document, origin);
  if (!token_uri) return std::move(token_uri).error();
  key.token_uri = std::move(*token_uri);
  return key;
}

}  // namespace dbxauth::auth
