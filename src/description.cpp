// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/description.hpp"

#include "base/error_json.hpp"
#include "base/json_writer.hpp"
#include "base/redaction.hpp"
#include "login_storage.hpp"

namespace dbxauth {

namespace {

void write_configuration(base::JsonWriter& json, const Config& config) {
  json.begin_object();
  for (const ConfigValue& value : config.values) {
    json.key(value.name)
        .begin_object()
        .member("value", value.value)
        .key("source")
        .begin_object()
        .member("type", to_string(value.provenance.layer))
        .member("name", value.provenance.place)
        .end_object()
        .member("auth_type_mismatch", !value.used)
        .end_object();
  }
  json.end_object();
}

}  // namespace

std::string Description::to_json() const {
  base::JsonWriter json(2);
  json.begin_object().member("schema", 1).member("status", error ? "error" : "success");
  if (user) json.member("username", user->user_name).member("user_id", user->id);
  if (user && !user->workspace_id.empty()) json.member("workspace_id", user->workspace_id);
  if (!config.account_id.empty()) json.member("account_id", base::redact(config.account_id));
  json.key("details")
      .begin_object()
      .member("auth_type", config.auth_type)
      .member("host", config.host)
      .member("profile", base::redact(config.profile))
      .member("config_file", base::redact(config.config_file))
      .member("chain_rules", to_string(config.rules))
      .key("configuration");
  write_configuration(json, config);
  json.end_object();
  if (token_storage) {
    json.key("token_storage")
        .begin_object()
        .member("mode", token_storage->mode)
        .member("location", token_storage->location)
        .member("source", token_storage->source)
        .end_object();
  }
  json.key("attempts");
  base::write_attempts(json, attempts);
  json.member("warnings", config.warnings);
  if (error) {
    json.key("error").begin_object();
    base::write_error_members(json, *error);
    json.end_object();
  }
  json.end_object();
  return json.take();
}

Description describe(const Client& client, bool verify, const CallContext& context) {
  Description description;
  const auto headers = client.headers(std::chrono::seconds{0}, context);
  if (!headers) {
    description.error = headers.error();
  } else if (verify) {
    const auto workspace = client.workspace(context);
    if (!workspace) {
      description.error = workspace.error();
    } else if (auto user = workspace->current_user(context)) {
      description.user = std::move(*user);
    } else {
      description.error = std::move(user.error());
    }
  }
  description.config = client.config();
  description.token_storage = token_storage_of(client, context);
  description.attempts = client.attempts(context);
  return description;
}

}  // namespace dbxauth
