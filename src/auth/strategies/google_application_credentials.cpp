// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/google_application_credentials.hpp"

#include <utility>

#include "auth/oauth/token_endpoint.hpp"
#include "auth/strategies/google_token_requests.hpp"
#include "auth/strategy_error.hpp"
#include "auth/token_request_ceiling.hpp"
#include "base/redaction.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"
#include "platform/files.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view subject = "auth.google-id";
constexpr std::string_view file_variable = "GOOGLE_APPLICATION_CREDENTIALS";
constexpr std::string_view log_in = "run gcloud auth application-default login";
constexpr std::string_view log_in_or_give_key =
    "run gcloud auth application-default login, or let GOOGLE_APPLICATION_CREDENTIALS name the key file of a service "
    "account";
constexpr std::size_t file_limit_bytes = 1u << 20;
constexpr std::size_t metadata_answer_limit_bytes = 1u << 20;

// An address and not metadata.google.internal: a name server elsewhere could answer that name.
constexpr std::string_view metadata_address = "169.254.169.254";
constexpr std::string_view metadata_token_path = "/computeMetadata/v1/instance/service-accounts/default/token";
// Elsewhere nothing answers on that address at all.
constexpr std::chrono::milliseconds metadata_probe_timeout{1000};
constexpr std::chrono::milliseconds metadata_search_limit{3000};

Error misconfigured(std::string message, std::string_view fix) {
  return with_fix(Error(ErrorCode::configuration, std::move(message)), std::string(fix));
}

std::string well_known_file(const platform::Environment& environment) {
  constexpr std::string_view name = "application_default_credentials.json";
  if (const auto directory = environment.get("CLOUDSDK_CONFIG")) return platform::join_path(*directory, name);
  const std::string home = environment.home_directory();
  return home.empty() ? std::string() : platform::join_path(platform::join_path(home, ".config/gcloud"), name);
}

Error unsupported_kind(const std::string& name, std::string_view type) {
  std::string kind = type.empty() ? "an unknown kind" : "the kind " + base::redact_excerpt(type, 60);
  return with_fix(
      Error(ErrorCode::unsupported, name + " holds credentials of " + kind +
                                        "; google-id takes service_account, authorized_user and the metadata server"),
      "with workload identity federation, authenticate to Databricks with the outside identity itself (env-oidc or "
      "file-oidc); else give the key file of a service account or run gcloud auth application-default login");
}

Result<std::string> metadata_server(const platform::Environment& environment) {
  const auto given = environment.get("GCE_METADATA_HOST");
  const std::string address = "http://" + given.value_or(std::string(metadata_address));
  const auto url = encoding::parse_url(address);
  if (!url || !(url->is_loopback() || url->is_link_local()) || !url->path.empty() || !url->query.empty()) {
    return misconfigured("GCE_METADATA_HOST does not name a metadata server: " + base::redact_excerpt(address),
                         "unset it, or give the address of a metadata server on this machine or link (host or "
                         "host:port)");
  }
  return url->origin();
}

net::HttpRequest metadata_request(std::string url) {
  net::HttpRequest request;
  request.url = std::move(url);
  request.headers.emplace_back("Metadata-Flavor", "Google");
  request.response_limit = metadata_answer_limit_bytes;
  request.subject = subject;
  return request;
}

Error explain_user_refusal(Error error, const std::string& name) {
  if (error.code != ErrorCode::authentication_failed) return error;
  error.message = "Google refused the login in " + name + ": " + error.message;
  return with_fix(std::move(error), std::string(log_in), AttemptVerdict::unavailable);
}

}  // namespace

GoogleApplicationCredentials::GoogleApplicationCredentials(EnvironmentReader environment,
                                                           std::shared_ptr<net::HttpTransport> transport,
                                                           std::shared_ptr<const platform::Clock> clock)
    : environment_(std::move(environment)), transport_(std::move(transport)), clock_(std::move(clock)) {}

Result<Token> GoogleApplicationCredentials::access_token(const CallContext& context) {
  const platform::Environment environment = environment_();
  const auto file = find_file(environment);
  if (!file) return file.error();
  return *file ? from_file(**file, context) : of_machine(environment, context);
}

Result<std::optional<GoogleApplicationCredentials::File>> GoogleApplicationCredentials::find_file(
    const platform::Environment& environment) {
  if (const auto path = environment.get(file_variable)) {
    auto text = platform::read_file(*path, file_limit_bytes);
    if (text) return std::optional(File{"the file " + *path, std::move(*text)});
    return misconfigured("the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be used: " + text.error().message,
                         "correct or unset GOOGLE_APPLICATION_CREDENTIALS");
  }
  const std::string path = well_known_file(environment);
  if (path.empty()) return std::optional<File>();
  auto text = platform::read_file(path, file_limit_bytes);
  if (text) return std::optional(File{"the file " + path, std::move(*text)});
  if (text.error().code == ErrorCode::not_found) return std::optional<File>();
  return with_fix(std::move(text).error(), std::string(log_in));
}

Result<Token> GoogleApplicationCredentials::from_file(const File& file, const CallContext& context) {
  const auto document = base::JsonDocument::parse(file.text.reveal(), file.name);
  if (!document || !document->root().is_object()) {
    return misconfigured(file.name + " is not a JSON object", log_in_or_give_key);
  }
  const std::string_view type = (*document)["type"].string_or();
  if (type == "authorized_user") return of_user(*document, file.name, context);
  if (type != "service_account") return unsupported_kind(file.name, type);
  const auto key = read_google_service_account_key(*document, file.name);
  if (!key) return key.error();
  return request_google_access_token({*key, *transport_, *clock_, subject}, google_cloud_platform_scope, context);
}

Result<Token> GoogleApplicationCredentials::of_user(const base::JsonDocument& document, const std::string& name,
                                                    const CallContext& context) {
  const std::string_view client_id = document["client_id"].string_or();
  const SecretString client_secret(document["client_secret"].string_or());
  const SecretString refresh_token(document["refresh_token"].string_or());
  if (client_id.empty() || client_secret.empty() || refresh_token.empty()) {
    return misconfigured(name + " lacks client_id, client_secret or refresh_token", log_in);
  }
  auto token_uri = google_token_uri_of(document, name);
  if (!token_uri) return std::move(token_uri).error();
  TokenEndpointRequest request;
  request.url = std::move(*token_uri);
  request.form = {{"grant_type", "refresh_token"},
                  {"client_id", client_id},
                  {"client_secret", client_secret.reveal()},
                  {"refresh_token", refresh_token.reveal()}};
  request.subject = subject;
  auto token = request_token(*transport_, request, *clock_, context);
  if (!token) return explain_user_refusal(std::move(token).error(), name);
  assume_google_lifetime(*token, *clock_);
  return token;
}

Result<Token> GoogleApplicationCredentials::of_machine(const platform::Environment& environment,
                                                       const CallContext& context) {
  const auto server = metadata_server(environment);
  if (!server) return server.error();
  // Whoever sets the variable says that there is one.
  if (!environment.get("GCE_METADATA_HOST")) {
    if (auto found = find_metadata_server(*server, context); !found) return std::move(found).error();
  }
  const std::string url = *server + std::string(metadata_token_path);
  if (auto turn = await_token_request_turn(url, {}, context); !turn) return turn.error();
  const auto answer = transport_->send(metadata_request(url), context);
  if (!answer) return answer.error();
  if (!answer->ok()) {
    return with_fix(net::service_error(*answer, "get a token from the metadata server " + *server),
                    "attach a service account with the scope cloud-platform to this machine, or " +
                        std::string(log_in_or_give_key));
  }
  auto token = read_token_answer(*answer, url, *clock_);
  if (token) assume_google_lifetime(*token, *clock_);
  return token;
}

Result<void> GoogleApplicationCredentials::find_metadata_server(const std::string& address,
                                                                const CallContext& context) {
  if (metadata_server_found_.load(std::memory_order_relaxed)) return {};
  net::HttpRequest request = metadata_request(address + "/");
  request.attempt_timeout = metadata_probe_timeout;
  const auto answer = transport_->send(request, context.limited_to(metadata_search_limit));
  if (auto running = context.check("looking for a metadata server of Google Cloud"); !running) return running;
  // Other clouds have a service on the same address.
  if (answer && answer->header("metadata-flavor") == "Google") {
    metadata_server_found_.store(true, std::memory_order_relaxed);
    return {};
  }
  return unavailable(ErrorCode::no_credentials,
                     "there are no application default credentials of Google: GOOGLE_APPLICATION_CREDENTIALS is not "
                     "set, gcloud keeps no application_default_credentials.json, and no metadata server of Google "
                     "answers at " +
                         address,
                     std::string(log_in_or_give_key));
}

}  // namespace dbxauth::auth
