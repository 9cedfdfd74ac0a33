// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/azure_token_endpoint.hpp"

#include <utility>

#include "auth/oauth/token_endpoint.hpp"
#include "auth/strategy_error.hpp"
#include "base/redaction.hpp"
#include "encoding/url.hpp"

namespace dbxauth::auth {

namespace {

struct Advice {
  int number;
  std::string_view fix;
};

constexpr std::string_view tenant_advice =
    "set azure_tenant_id (ARM_TENANT_ID or AZURE_TENANT_ID) to the directory (tenant) id in which the application is "
    "registered, and check azure_environment (ARM_ENVIRONMENT)";
constexpr std::string_view federation_advice =
    "make a federated credential on the application azure_client_id whose issuer, subject and audience are exactly "
    "those of the ID token";
constexpr std::string_view assertion_advice =
    "the ID token is damaged or signed by somebody else than its issuer says: check what writes it, and that it "
    "reaches "
    "this program whole";
constexpr std::string_view login_advice = "run 'az login' to log in anew";

// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
constexpr Advice advices[] = {
    {50059, tenant_advice},
    {90002, tenant_advice},
    {900023, tenant_advice},
    {500011,
     "the tenant does not know the resource: check azure_tenant_id (ARM_TENANT_ID) and azure_environment "
     "(ARM_ENVIRONMENT)"},
    {700016,
     "check azure_client_id (ARM_CLIENT_ID), the application (client) id, and azure_tenant_id (ARM_TENANT_ID), the "
     "tenant in which it is registered"},
    {7000215,
     "azure_client_secret (ARM_CLIENT_SECRET) must be the value of a client secret of Entra ID, not its id; a "
     "Databricks OAuth secret belongs in client_id and client_secret"},
    {7000222,
     "the client secret has expired: make a new one for the application azure_client_id and set azure_client_secret "
     "(ARM_CLIENT_SECRET)"},
    {700024,
     "the ID token was not valid at the time of the request: it has expired, or the clock of this machine is wrong; a "
     "token file must be renewed by whoever writes it"},
    {50013, assertion_advice},
    {50027, assertion_advice},
    {70021, federation_advice},
    {700211, federation_advice},
    {700212, federation_advice},
    {700213, federation_advice},
    {50076, login_advice},
    {50078, login_advice},
    {50173, login_advice},
    {70043, login_advice},
    {700082, login_advice},
};

}  // namespace

Result<std::string> checked_azure_endpoint(std::string_view url, std::string_view what) {
  const auto parsed = encoding::parse_url(url);
  if (!parsed || (parsed->scheme != "https" && !parsed->is_loopback()) || !parsed->query.empty()) {
    return Error(ErrorCode::configuration, std::string(what) + " is not an https URL: " + base::redact_excerpt(url));
  }
  std::string checked(url);
  if (checked.back() != '/') checked.push_back('/');
  return checked;
}

int entra_error_number(std::string_view text) noexcept {
  constexpr std::string_view prefix = "AADSTS";
  const auto at = text.find(prefix);
  if (at == std::string_view::npos) return 0;
  int number = 0;
  for (std::size_t i = at + prefix.size(); i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    if (number > 99'999'999) return 0;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

Error explain_entra_refusal(Error error) {
  const int number = entra_error_number(error.message);
  for (const Advice& advice : advices) {
    if (advice.number == number) return with_fix(std::move(error), std::string(advice.fix));
  }
  return error;
}

Result<std::shared_ptr<EntraTokenEndpoint>> EntraTokenEndpoint::make(const AzureTarget& target,
                                                                     std::string_view strategy,
                                                                     std::shared_ptr<net::HttpTransport> transport,
                                                                     std::shared_ptr<const platform::Clock> clock) {
  std::string authority;
  if (target.authority_host.empty()) {
    const auto environment = azure_environment(target.host, target.environment);
    if (!environment) return environment.error();
    authority = environment->authority;
  } else {
    auto checked = checked_azure_endpoint(target.authority_host, "azure_authority_host (AZURE_AUTHORITY_HOST)");
    if (!checked) return std::move(checked).error();
    authority = std::move(*checked);
  }
  return std::make_shared<EntraTokenEndpoint>(std::move(authority), target, strategy, std::move(transport),
                                              std::move(clock));
}

EntraTokenEndpoint::EntraTokenEndpoint(std::string authority, const AzureTarget& target, std::string_view strategy,
                                       std::shared_ptr<net::HttpTransport> transport,
                                       std::shared_ptr<const platform::Clock> clock)
    : authority_(std::move(authority)),
      host_(target.host),
      configured_tenant_(target.tenant_id),
      strategy_(strategy),
      subject_("auth." + strategy_),
      transport_(std::move(transport)),
      clock_(std::move(clock)) {}

Result<std::string> EntraTokenEndpoint::tenant(const CallContext& context) {
  if (!configured_tenant_.empty()) return configured_tenant_;
  if (host_.empty()) {
    return with_fix(Error(ErrorCode::configuration,
                          "azure_tenant_id is not set, and there is no host whose tenant could be asked for"),
                    "set azure_tenant_id (ARM_TENANT_ID or AZURE_TENANT_ID)");
  }
  return tenant_.get(context, "waiting for the tenant of the workspace",
                     [&] { return tenant_of_workspace(*transport_, host_, strategy_, context); });
}

Result<Token> EntraTokenEndpoint::client_credentials(std::string_view client_id, const std::vector<Field>& proof,
                                                     std::string_view resource, const CallContext& context) {
  const auto tenant = this->tenant(context);
  if (!tenant) return tenant.error();
  TokenEndpointRequest request;
  request.url = authority_ + encoding::percent_encode(*tenant) + "/oauth2/token";
  request.form = {{"grant_type", "client_credentials"}, {"client_id", client_id}};
  request.form.insert(request.form.end(), proof.begin(), proof.end());
  request.form.emplace_back("resource", resource);
  request.subject = subject_;
  auto token = request_token(*transport_, request, *clock_, context);
  if (token) return token;
  Error error = std::move(token).error();
  const bool secret = !proof.empty() && proof.front().first == "client_secret";
  // What the token endpoint advises is about client secrets.
  if (!secret) error.attempts.clear();
  return explain_entra_refusal(std::move(error));
}

}  // namespace dbxauth::auth
