// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "auth/strategies/azure_federated.hpp"
#include "auth/strategies/azure_issuers.hpp"
#include "auth/strategies/azure_token_answer.hpp"
#include "auth/strategy_error.hpp"
#include "base/redaction.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"
#include "platform/random_source.hpp"

namespace dbxauth::auth {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view strategy = "azure-msi";
constexpr std::string_view subject = "auth.azure-msi";
constexpr std::size_t answer_limit_bytes = 1u << 20;
constexpr milliseconds probe_limit{1000};
// A service that is being updated answers 410 for up to 70 seconds.
constexpr milliseconds patience{120000};
constexpr milliseconds first_delay{800};
constexpr milliseconds longest_delay{10000};
constexpr milliseconds least_first_delay{10};

constexpr AzureTokenMembers members{"access_token", "token_type", "expires_on", "expires_in", {}};

/// One place that gives tokens of managed identities.
struct Endpoint {
  std::string what;  ///< For messages.
  std::string url;   ///< With everything but the resource and the client id.
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, SecretString>> secret_headers;
  bool probe = false;
};

/// Such places are on the machine itself or its link: plain http is right there, and nowhere else.
Result<std::string> checked_url(std::string_view url, std::string_view what) {
  const auto parsed = encoding::parse_url(url);
  if (parsed && (parsed->scheme == "https" || parsed->is_loopback() || parsed->is_link_local())) {
    return std::string(url);
  }
  return Error(ErrorCode::configuration, std::string(what) +
                                             " is neither an https URL nor an http URL with a link-local or loopback "
                                             "address: " +
                                             base::redact_excerpt(url));
}

bool is_passing(int status) noexcept {
  return status == 410 || status == 429 || status >= 500;
}

class ManagedIdentityIssuer final : public AzureTokenIssuer {
 public:
  ManagedIdentityIssuer(AzureTarget target, ManagedIdentitySettings settings, EnvironmentReader environment,
                        std::shared_ptr<net::HttpTransport> transport,
                        std::shared_ptr<net::HttpTransport> untried_transport,
                        std::shared_ptr<const platform::Clock> clock)
      : target_(std::move(target)),
        settings_(std::move(settings)),
        environment_(std::move(environment)),
        transport_(std::move(transport)),
        untried_transport_(std::move(untried_transport)),
        clock_(std::move(clock)) {}

  Result<Token> token_for(std::string_view resource, const CallContext& context) override {
    const platform::Environment environment = environment_();
    const auto endpoint = environment.get("IDENTITY_ENDPOINT");
    const auto secret = environment.get("IDENTITY_HEADER");
    if (endpoint && secret) return from_app_service(*endpoint, *secret, resource, context);
    if (const auto file = environment.get("AZURE_FEDERATED_TOKEN_FILE")) {
      const std::string client = first_set(settings_.client_id, environment.get("AZURE_CLIENT_ID"));
      const std::string tenant = first_set(target_.tenant_id, environment.get("AZURE_TENANT_ID"));
      if (!client.empty() && !tenant.empty()) {
        return from_workload_identity(*file, client, tenant, environment, resource, context);
      }
    }
    return from_metadata_service(environment, resource, context);
  }

 private:
  static std::string first_set(const std::string& configured, const std::optional<std::string>& variable) {
    return configured.empty() ? variable.value_or("") : configured;
  }

  Result<Token> from_app_service(const std::string& url, const std::string& secret, std::string_view resource,
                                 const CallContext& context) {
    const auto checked = checked_url(url, "IDENTITY_ENDPOINT");
    if (!checked) return checked.error();
    Endpoint endpoint;
    endpoint.what = "the managed identity endpoint " + url.substr(0, url.find('?'));
    endpoint.url = url + (url.find('?') == std::string::npos ? "?" : "&") + "api-version=2019-08-01";
    endpoint.secret_headers.emplace_back("X-IDENTITY-HEADER", SecretString(secret));
    return ask(endpoint, resource, context);
  }

  Result<Token> from_workload_identity(const std::string& file, const std::string& client, const std::string& tenant,
                                       const platform::Environment& environment, std::string_view resource,
                                       const CallContext& context) {
    AzureTarget target = target_;
    target.tenant_id = tenant;
    target.authority_host = first_set(target_.authority_host, environment.get("AZURE_AUTHORITY_HOST"));
    auto endpoint = EntraTokenEndpoint::make(target, strategy, transport_, clock_);
    if (!endpoint) return std::move(endpoint).error();
    return make_federated_issuer(std::move(*endpoint), client,
                                 make_file_id_token_source(file, "AZURE_FEDERATED_TOKEN_FILE"))
        ->token_for(resource, context);
  }

  Result<Token> from_metadata_service(const platform::Environment& environment, std::string_view resource,
                                      const CallContext& context) {
    const auto other = environment.get("AZURE_POD_IDENTITY_AUTHORITY_HOST");
    auto base = checked_url(other.value_or(settings_.imds_url),
                            other ? "AZURE_POD_IDENTITY_AUTHORITY_HOST" : "the address of the metadata service");
    if (!base) return std::move(base).error();
    while (!base->empty() && base->back() == '/') base->pop_back();
    Endpoint endpoint;
    endpoint.what = "the instance metadata service " + *base;
    endpoint.url = *base + "/metadata/identity/oauth2/token?api-version=2018-02-01";
    endpoint.headers.emplace_back("Metadata", "true");
    endpoint.probe = !settings_.explicit_choice;
    auto token = ask(endpoint, resource, context);
    if (token || !environment.get("AZURE_FEDERATED_TOKEN_FILE")) return token;
    token.error().message +=
        "; AZURE_FEDERATED_TOKEN_FILE was not used, because AZURE_CLIENT_ID or AZURE_TENANT_ID is not set";
    return token;
  }

  Result<Token> ask(const Endpoint& endpoint, std::string_view resource, const CallContext& context) {
    net::HttpRequest request;
    request.url = endpoint.url + "&resource=" + encoding::percent_encode(resource);
    if (!settings_.client_id.empty()) request.url += "&client_id=" + encoding::percent_encode(settings_.client_id);
    request.headers = endpoint.headers;
    for (const auto& [name, value] : endpoint.secret_headers) request.secret_headers.emplace_back(name, value.clone());
    request.response_limit = answer_limit_bytes;
    request.subject = subject;
    if (endpoint.probe) request.attempt_timeout = probe_limit;
    const auto answer = endpoint.probe ? untried_transport_->send(request, context) : send_patiently(request, context);
    if (!answer) return without_answer(answer.error(), endpoint, context);
    const auto document = net::json_body(*answer, "get a token from " + endpoint.what);
    if (!document) return refused(document.error(), endpoint);
    return read_azure_token(document->root(), members, clock_->now(), "the answer of " + endpoint.what);
  }

  /// The retrying transport gives up on what passes here: many processes ask one small service at once.
  Result<net::HttpResponse> send_patiently(const net::HttpRequest& request, const CallContext& context) {
    const CallContext budget = context.deadline ? context : context.limited_to(patience);
    milliseconds delay = first_delay;
    milliseconds least = least_first_delay;
    while (true) {
      auto answer = untried_transport_->send(request, budget);
      if (!answer || !is_passing(answer->status)) return answer;
      const auto asked = encoding::parse_retry_after(answer->header("retry-after"), clock_->now());
      const milliseconds wait = std::max(least, asked ? *asked : jittered(delay));
      if (wait >= budget.remaining(milliseconds::max())) return answer;
      auto slept = budget.sleep_for(wait, "waiting to ask for a managed identity's token again");
      if (!slept) return std::move(slept).error();
      delay = std::min(delay * 2, longest_delay);
      least = std::min(least * 2, longest_delay);
    }
  }

  static milliseconds jittered(milliseconds delay) {
    const double share = 0.5 + 0.5 * platform::random_fraction();
    return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(delay.count()) * share));
  }

  static Error without_answer(Error error, const Endpoint& endpoint, const CallContext& context) {
    if (error.server_code == net::kNotSent) error.server_code.clear();
    const auto running = context.check("asking for a managed identity's token");
    if (error.code == ErrorCode::cancelled || !running) return error;
    constexpr std::string_view advice =
        "a managed identity needs a machine, function or container of Azure that has one; elsewhere use another "
        "strategy";
    if (endpoint.probe) {
      return unavailable(ErrorCode::no_credentials,
                         "no managed identity: " + endpoint.what + " cannot be reached: " + error.message,
                         std::string(advice));
    }
    error.message = "could not get a token from " + endpoint.what + ": " + error.message;
    return with_fix(std::move(error), std::string(advice));
  }

  /// An answer that is not a token.
  Error refused(Error error, const Endpoint& endpoint) const {
    const int status = error.http_status;
    if (is_passing(status)) return unavailable_for_now(std::move(error));
    if (status >= 400 && status < 500) error.code = ErrorCode::authentication_failed;
    std::string advice = settings_.client_id.empty()
                             ? "assign a managed identity to this machine; where it has several, name one by "
                               "azure_client_id (ARM_CLIENT_ID)"
                             : "check that azure_client_id (ARM_CLIENT_ID) is the client id of a user-assigned "
                               "identity of this machine; for its system-assigned identity leave it out";
    if (!endpoint.probe) return with_fix(std::move(error), std::move(advice));
    // Other clouds, and networks with a captive portal, answer at this address too.
    error.code = ErrorCode::no_credentials;
    return with_fix(std::move(error), std::move(advice), AttemptVerdict::unavailable);
  }

  static Error unavailable_for_now(Error error) {
    if (error.http_status == 410) error.code = ErrorCode::unavailable;
    error.retryable = true;
    return with_fix(std::move(error), "try again later; the service of managed identities is busy or being updated",
                    AttemptVerdict::unavailable);
  }

  const AzureTarget target_;
  const ManagedIdentitySettings settings_;
  const EnvironmentReader environment_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<net::HttpTransport> untried_transport_;
  const std::shared_ptr<const platform::Clock> clock_;
};

}  // namespace

std::shared_ptr<AzureTokenIssuer> make_managed_identity_issuer(const AzureTarget& target,
                                                               ManagedIdentitySettings settings,
                                                               EnvironmentReader environment,
                                                               std::shared_ptr<net::HttpTransport> transport,
                                                               std::shared_ptr<net::HttpTransport> untried_transport,
                                                               std::shared_ptr<const platform::Clock> clock) {
  return std::make_shared<ManagedIdentityIssuer>(target, std::move(settings), std::move(environment),
                                                 std::move(transport), std::move(untried_transport), std::move(clock));
}

}  // namespace dbxauth::auth
