// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/azure_client_secret.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "auth/header_value.hpp"
#include "auth/oauth/token_endpoint.hpp"
#include "auth/strategies/azure_environment.hpp"
#include "auth/strategy_error.hpp"
#include "base/redaction.hpp"
#include "encoding/url.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::size_t redirect_answer_limit_bytes = 1u << 20;

class AzureClientSecretSource final : public TokenSource {
 public:
  AzureClientSecretSource(AzureClientSecretSettings settings, const AzureEnvironment& environment,
                          std::shared_ptr<net::HttpTransport> transport, std::shared_ptr<const platform::Clock> clock)
      : settings_(std::move(settings)),
        environment_(environment),
        authority_(settings_.authority_host.empty() ? std::string(environment.authority) : settings_.authority_host),
        transport_(std::move(transport)),
        clock_(std::move(clock)),
        tenant_id_(settings_.tenant_id) {
    if (authority_.back() != '/') authority_.push_back('/');
  }

  Result<IssuedToken> issue(const TokenDemand&, const CallContext& context) override {
    auto tenant = tenant_id(context);
    if (!tenant) return std::move(tenant).error();
    auto workspace = token_for(*tenant, environment_.databricks_resource, context);
    if (!workspace) return std::move(workspace).error();
    auto management = token_for(*tenant, environment_.management_resource, context);
    if (!management) return std::move(management).error();

    IssuedToken issued;
    issued.token = std::move(*workspace);
    // Both travel together: the pair is as good as the one that ends first.
    if (management->expires_at < issued.token.expires_at) {
      issued.token.expires_at = management->expires_at;
      issued.token.lifetime = management->lifetime;
    }
    issued.companion_headers.push_back({"X-Databricks-Azure-SP-Management-Token", std::move(management->access_token)});
    if (!settings_.workspace_resource_id.empty()) {
      issued.companion_headers.push_back(
          {"X-Databricks-Azure-Workspace-Resource-Id", SecretString(settings_.workspace_resource_id)});
    }
    return issued;
  }

 private:
  Result<Token> token_for(const std::string& tenant, std::string_view resource, const CallContext& context) {
    TokenEndpointRequest request;
    request.url = authority_ + encoding::percent_encode(tenant) + "/oauth2/token";
    request.form = {{"grant_type", "client_credentials"},
                    {"client_id", settings_.client_id},
                    {"client_secret", settings_.client_secret.reveal()},
                    {"resource", resource}};
    request.subject = "auth.azure-client-secret";
    return request_token(*transport_, request, *clock_, context);
  }

  Result<std::string> tenant_id(const CallContext& context) {
    {
      const std::lock_guard lock(mutex_);
      if (!tenant_id_.empty()) return tenant_id_;
    }
    auto found = tenant_of_workspace(context);
    if (!found) return std::move(found).error();
    const std::lock_guard lock(mutex_);
    tenant_id_ = *found;
    return found;
  }

  /// A workspace sends browsers to `https://login…/<tenant>/…`; the first path segment is its tenant.
  Result<std::string> tenant_of_workspace(const CallContext& context) {
    const std::string url = settings_.host + "/aad/auth";
    net::HttpRequest request;
    request.url = url;
    request.response_limit = redirect_answer_limit_bytes;
    request.subject = "auth.azure-client-secret";
    const auto answer = transport_->send(request, context);
    if (!answer) return answer.error();
    const auto location = encoding::parse_url(answer->header("location"));
    if (location && location->path.size() > 1) {
      std::string segment = location->path.substr(1, location->path.find('/', 1) - 1);
      auto tenant = encoding::percent_decode(segment);
      if (tenant && !tenant->empty() && is_header_safe(*tenant)) return std::move(*tenant);
    }
    Error error(ErrorCode::configuration, "azure_tenant_id is not set, and " + url + " (HTTP " +
                                              std::to_string(answer->status) + ") does not tell the tenant");
    error.http_status = answer->status;
    return with_fix(std::move(error), "set azure_tenant_id (ARM_TENANT_ID or AZURE_TENANT_ID)");
  }

  const AzureClientSecretSettings settings_;
  const AzureEnvironment environment_;
  std::string authority_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  std::mutex mutex_;
  std::string tenant_id_;
};

}  // namespace

Result<std::shared_ptr<TokenSource>> make_azure_client_secret_source(AzureClientSecretSettings settings,
                                                                     std::shared_ptr<net::HttpTransport> transport,
                                                                     std::shared_ptr<const platform::Clock> clock) {
  const auto environment = azure_environment(settings.host, settings.environment);
  if (!environment) return environment.error();
  if (!is_header_safe(settings.workspace_resource_id)) {
    return Error(ErrorCode::configuration, "azure_workspace_resource_id contains a control character");
  }
  if (!settings.authority_host.empty()) {
    const auto authority = encoding::parse_url(settings.authority_host);
    if (!authority || (authority->scheme != "https" && !authority->is_loopback())) {
      return Error(ErrorCode::configuration, "azure_authority_host (AZURE_AUTHORITY_HOST) is not an https URL: " +
                                                 base::redact_excerpt(settings.authority_host));
    }
  }
  return std::shared_ptr<TokenSource>(std::make_shared<AzureClientSecretSource>(
      std::move(settings), *environment, std::move(transport), std::move(clock)));
}

}  // namespace dbxauth::auth
