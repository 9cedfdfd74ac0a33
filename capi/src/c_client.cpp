// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "c_attributes.hpp"
#include "c_handles.hpp"
#include "c_options.hpp"
#include "dbxauth/description.hpp"
#include "tokenstore/json_slices.hpp"

namespace dbxauth::capi {

namespace {

Result<void> read_limits(const dbxauth_client_options& from, ClientOptions& options) {
  struct Limit {
    std::int32_t given_ms;
    const char* field;
    std::chrono::milliseconds& value;
  };
  const Limit limits[] = {
      {from.connect_timeout_ms, "dbxauth_client_options.connect_timeout_ms", options.http.connect_timeout},
      {from.attempt_timeout_ms, "dbxauth_client_options.attempt_timeout_ms", options.http.attempt_timeout},
      {from.auth_timeout_ms, "dbxauth_client_options.auth_timeout_ms", options.http.auth_timeout},
      {from.probe_budget_ms, "dbxauth_client_options.probe_budget_ms", options.probe_budget},
      {from.program_timeout_ms, "dbxauth_client_options.program_timeout_ms", options.program_timeout}};
  for (const Limit& limit : limits) {
    if (auto read = read_timeout(limit.given_ms, limit.field, limit.value); !read) return read;
  }
  return {};
}

Result<void> read_providers(const dbxauth_client_options& from, ClientOptions& options) {
  if (from.providers == nullptr && from.provider_count > 0) return invalid_argument("providers is NULL");
  for (std::size_t i = 0; i < from.provider_count; ++i) {
    if (from.providers[i] == nullptr) return invalid_argument("providers[" + std::to_string(i) + "] is NULL");
    options.providers.push_back(from.providers[i]->provider);
  }
  if (from.notebook != nullptr) {
    options.notebook = [provider = from.notebook->provider] { return ask_notebook(*provider); };
  }
  return {};
}

Result<ClientOptions> read_client_options(const dbxauth_client_options* given) {
  const auto from = read_options(given, "dbxauth_client_options");
  if (!from) return from.error();
  if (from->reserved0 != 0) return invalid_argument("dbxauth_client_options.reserved0 must be 0");
  ClientOptions options;
  if (from->profile != nullptr) options.profile = from->profile;
  options.config_file = text_or_empty(from->config_file);
  if (from->chain_rules != nullptr) {
    const auto rules = parse_chain_rules(from->chain_rules);
    if (!rules) return rules.error();
    options.rules = *rules;
  }
  options.load_dotenv = from->load_dotenv != 0;
  options.dotenv_file = text_or_empty(from->dotenv_file);
  auto attributes = read_attributes(from->attributes, from->attribute_count, "attributes");
  if (!attributes) return attributes.error();
  options.attributes = std::move(attributes->values);
  options.attribute_places = std::move(attributes->places);
  auto environment = read_environment(from->environment, from->environment_count, from->replace_environment);
  if (!environment) return environment.error();
  options.environment = std::move(*environment);
  const auto headers = read_attributes(from->custom_headers, from->custom_header_count, "custom_headers");
  if (!headers) return headers.error();
  options.custom_headers = headers->revealed();
  options.http.ca_bundle = text_or_empty(from->ca_bundle);
  options.http.proxy = text_or_empty(from->proxy);
  options.http.product = text_or_empty(from->product);
  if (auto read = read_limits(*from, options); !read) return read.error();
  if (auto read = read_providers(*from, options); !read) return read.error();
  if (from->token_cache != nullptr) options.token_cache = from->token_cache->cache;
  return options;
}

/// In memory that is wiped: the values are secrets.
SecretString environment_json(const std::map<std::string, SecretString>& variables) {
  SecretString json(R"({"schema":1,"env":{)");
  bool first = true;
  for (const auto& [name, value] : variables) {
    if (!first) json.append(",");
    first = false;
    tokenstore::append_json_string(json, name);
    json.append(":");
    tokenstore::append_json_string(json, value.reveal());
  }
  json.append("}}");
  return json;
}

template <class Produce>
dbxauth_status give_text(dbxauth_client* client, const dbxauth_call_options* call, dbxauth_string** out,
                         dbxauth_error** error, Produce&& produce) {
  return guard(error, [&]() -> Result<void> {
    if (client == nullptr || out == nullptr) return invalid_argument("client and out must be given");
    *out = nullptr;
    const auto context = read_call(call);
    if (!context) return context.error();
    return produce(*context);
  });
}

}  // namespace

}  // namespace dbxauth::capi

using namespace dbxauth;
using namespace dbxauth::capi;

extern "C" {

DBXAUTH_API void dbxauth_client_options_init(dbxauth_client_options* options, size_t struct_size) {
  init_options(options, struct_size);
}

DBXAUTH_API dbxauth_status dbxauth_client_new(const dbxauth_client_options* options, dbxauth_client** out,
                                              dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (out == nullptr) return invalid_argument("dbxauth_client_new: out is NULL");
    *out = nullptr;
    auto known = read_client_options(options);
    if (!known) return known.error();
    auto client = Client::create(std::move(*known));
    if (!client) return client.error();
    return give(out, std::make_unique<dbxauth_client>(dbxauth_client{std::move(*client)}));
  });
}

DBXAUTH_API void dbxauth_client_free(dbxauth_client* client) {
  delete client;
}

DBXAUTH_API dbxauth_status dbxauth_client_headers(dbxauth_client* client, int32_t min_validity_seconds,
                                                  const dbxauth_call_options* call, dbxauth_headers** out,
                                                  dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (client == nullptr || out == nullptr) return invalid_argument("client and out must be given");
    *out = nullptr;
    if (min_validity_seconds < 0) return invalid_argument("min_validity_seconds must not be negative");
    const auto context = read_call(call);
    if (!context) return context.error();
    auto headers = client->client.headers(std::chrono::seconds(min_validity_seconds), *context);
    if (!headers) return headers.error();
    auto handle = std::make_unique<dbxauth_headers>();
    handle->headers = std::move(*headers);
    for (const AuthHeader& header : handle->headers->headers) {
      SecretString terminated;
      terminated.reserve(header.value.size() + 1);
      terminated.append(header.value.reveal());
      terminated.append(std::string_view("\0", 1));
      handle->terminated_values.push_back(std::move(terminated));
    }
    return give(out, std::move(handle));
  });
}

DBXAUTH_API void dbxauth_client_reject(dbxauth_client* client, const dbxauth_headers* headers) {
  if (client != nullptr && headers != nullptr) client->client.reject(*headers->headers);
}

DBXAUTH_API size_t dbxauth_headers_count(const dbxauth_headers* headers) {
  return headers == nullptr ? 0 : headers->headers->headers.size();
}

DBXAUTH_API const char* dbxauth_headers_name(const dbxauth_headers* headers, size_t index) {
  return index < dbxauth_headers_count(headers) ? headers->headers->headers[index].name.c_str() : nullptr;
}

DBXAUTH_API const char* dbxauth_headers_value(const dbxauth_headers* headers, size_t index) {
  return index < dbxauth_headers_count(headers) ? headers->terminated_values[index].reveal().data() : nullptr;
}

DBXAUTH_API size_t dbxauth_headers_value_size(const dbxauth_headers* headers, size_t index) {
  return index < dbxauth_headers_count(headers) ? headers->headers->headers[index].value.size() : 0;
}

DBXAUTH_API int64_t dbxauth_headers_expires_at(const dbxauth_headers* headers) {
  constexpr auto never = std::numeric_limits<std::int64_t>::max();
  if (headers == nullptr || headers->headers->expires_at == std::chrono::system_clock::time_point::max()) return never;
  return std::chrono::duration_cast<std::chrono::seconds>(headers->headers->expires_at.time_since_epoch()).count();
}

DBXAUTH_API const char* dbxauth_headers_strategy(const dbxauth_headers* headers) {
  return headers == nullptr ? "" : headers->headers->strategy.c_str();
}

DBXAUTH_API void dbxauth_headers_free(dbxauth_headers* headers) {
  delete headers;
}

DBXAUTH_API dbxauth_status dbxauth_client_token_json(dbxauth_client* client, int32_t min_validity_seconds,
                                                     const dbxauth_call_options* call, dbxauth_string** out,
                                                     dbxauth_error** error) {
  return give_text(client, call, out, error, [&](const CallContext& context) -> Result<void> {
    if (min_validity_seconds < 0) return invalid_argument("min_validity_seconds must not be negative");
    const auto token = client->client.token(std::chrono::seconds(min_validity_seconds), context);
    if (!token) return token.error();
    return give(out, make_string(to_json(*token).reveal()));
  });
}

DBXAUTH_API dbxauth_status dbxauth_client_describe_json(dbxauth_client* client, int32_t verify,
                                                        const dbxauth_call_options* call, dbxauth_string** out,
                                                        dbxauth_error** error) {
  return give_text(client, call, out, error, [&](const CallContext& context) -> Result<void> {
    return give(out, make_string(describe(client->client, verify != 0, context).to_json()));
  });
}

DBXAUTH_API dbxauth_status dbxauth_client_catalogs_json(dbxauth_client* client, const dbxauth_call_options* call,
                                                        dbxauth_string** out, dbxauth_error** error) {
  return give_text(client, call, out, error, [&](const CallContext& context) -> Result<void> {
    const auto workspace = client->client.workspace(context);
    if (!workspace) return workspace.error();
    const auto catalogs = workspace->catalogs(context);
    if (!catalogs) return catalogs.error();
    return give(out, make_string(to_json(*catalogs)));
  });
}

DBXAUTH_API dbxauth_status dbxauth_client_environment_json(dbxauth_client* client, const dbxauth_call_options* call,
                                                           dbxauth_string** out, dbxauth_error** error) {
  return give_text(client, call, out, error, [&](const CallContext& context) -> Result<void> {
    const auto variables = client->client.environment(context);
    if (!variables) return variables.error();
    return give(out, make_string(environment_json(*variables).reveal()));
  });
}

}  // extern "C"
