// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/azure_source.hpp"

#include <future>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "auth/header_value.hpp"
#include "auth/strategies/azure_token_endpoint.hpp"
#include "auth/strategies/learned_once.hpp"
#include "auth/strategy_error.hpp"
#include "base/json_reader.hpp"
#include "base/logging.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "config/config_sources.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::size_t answer_limit_bytes = 1u << 20;

/// The path of a resource id below ARM, percent-encoded, without its leading slash; nothing when it is not one.
std::optional<std::string> resource_path(std::string_view resource_id) {
  const auto segments = base::split(resource_id, '/');
  if (segments.size() < 3 || !segments[0].empty() || !base::equals_ignoring_case(segments[1], "subscriptions")) {
    return std::nullopt;
  }
  std::string path;
  for (std::size_t i = 1; i < segments.size(); ++i) {
    const std::string_view segment = segments[i];
    if (segment.empty() && i + 1 == segments.size()) break;
    if (segment.empty() || segment == "." || segment == "..") return std::nullopt;
    if (!path.empty()) path.push_back('/');
    path += encoding::percent_encode(segment);
  }
  return path;
}

class WorkspaceTokenSource final : public AzureSource {
 public:
  WorkspaceTokenSource(const std::string& strategy, AzureTarget target, const AzureEnvironment& environment,
                       std::string resource_manager, std::shared_ptr<AzureTokenIssuer> issuer,
                       ManagementToken management, bool parallel, std::shared_ptr<net::HttpTransport> transport)
      : subject_("auth." + strategy),
        target_(std::move(target)),
        environment_(environment),
        resource_manager_(std::move(resource_manager)),
        issuer_(std::move(issuer)),
        management_(management),
        parallel_(parallel),
        transport_(std::move(transport)),
        host_(target_.host) {}

  std::string host() const override {
    const std::lock_guard lock(mutex_);
    return host_;
  }

  Result<IssuedToken> issue(const TokenDemand&, const CallContext& context) override {
    auto environment = environment_of_workspace(context);
    if (!environment) return std::move(environment).error();
    auto tokens = obtain(*environment, context);
    if (!tokens.workspace) return std::move(tokens.workspace).error();
    if (tokens.management && !*tokens.management) {
      Error& error = tokens.management->error();
      if (management_ == ManagementToken::required || error.code == ErrorCode::cancelled) return std::move(error);
      base::log(LogLevel::debug, subject_, "going on without a management token: " + error.message);
      tokens.management.reset();
    }
    return joined(std::move(*tokens.workspace),
                  tokens.management ? std::optional<Token>(std::move(**tokens.management)) : std::nullopt);
  }

 private:
  struct Tokens {
    Result<Token> workspace;
    std::optional<Result<Token>> management;  ///< Not asked for: nothing.
  };

  Tokens obtain(const AzureEnvironment& environment, const CallContext& context) {
    const auto management_token = [this, &environment, &context] {
      return issuer_->token_for(environment.management_resource, context);
    };
    std::future<Result<Token>> beside;
    if (management_ != ManagementToken::none && parallel_) {
      try {
        beside = std::async(std::launch::async, management_token);
      } catch (const std::system_error&) {
        // No thread to be had: one after the other works as well.
      }
    }
    Tokens tokens{issuer_->token_for(environment.databricks_resource, context), std::nullopt};
    if (beside.valid()) {
      tokens.management = beside.get();
    } else if (management_ != ManagementToken::none && tokens.workspace) {
      tokens.management = management_token();
    }
    return tokens;
  }

  IssuedToken joined(Token workspace, std::optional<Token> management) const {
    IssuedToken issued;
    issued.token = std::move(workspace);
    if (management) {
      // Both travel together: the pair is as good as the one that ends first.
      if (management->expires_at < issued.token.expires_at) {
        issued.token.expires_at = management->expires_at;
        issued.token.lifetime = management->lifetime;
      }
      issued.companion_headers.push_back(
          {"X-Databricks-Azure-SP-Management-Token", std::move(management->access_token)});
    }
    // The official SDKs send neither of the two headers with github-oidc-azure.
    if (management_ != ManagementToken::none && !target_.workspace_resource_id.empty()) {
      issued.companion_headers.push_back(
          {"X-Databricks-Azure-Workspace-Resource-Id", SecretString(target_.workspace_resource_id)});
    }
    return issued;
  }

  /// With a host from the configuration that of make_azure_source(); else that of the host which ARM tells.
  Result<AzureEnvironment> environment_of_workspace(const CallContext& context) {
    if (!target_.host.empty()) return environment_;
    const auto host =
        learned_host_.get(context, "waiting for Azure to tell the workspace's URL", [&] { return ask_arm(context); });
    if (!host) return host.error();
    {
      const std::lock_guard lock(mutex_);
      host_ = *host;
    }
    return azure_environment(*host, target_.environment);
  }

  Result<std::string> ask_arm(const CallContext& context) {
    auto token = issuer_->token_for(environment_.resource_manager, context);
    if (!token) return std::move(token).error();
    auto authorization = authorization_value(*token);
    if (!authorization) return std::move(authorization).error();
    net::HttpRequest request;
    request.url =
        resource_manager_ + resource_path(target_.workspace_resource_id).value_or("") + "?api-version=2018-04-01";
    request.headers.emplace_back("Accept", "application/json");
    request.secret_headers.emplace_back("Authorization", std::move(*authorization));
    request.response_limit = answer_limit_bytes;
    request.subject = subject_;
    const std::string doing = "ask Azure for the workspace " + base::redact_excerpt(target_.workspace_resource_id);
    const auto answer = transport_->send(request, context);
    if (!answer) return answer.error();
    const auto document = net::json_body(*answer, doing);
    if (!document) {
      return with_fix(document.error(),
                      "give the identity the role Reader on the workspace and check azure_workspace_resource_id "
                      "(DATABRICKS_AZURE_RESOURCE_ID), or set host (DATABRICKS_HOST)");
    }
    return workspace_url(*document, doing);
  }

  Result<std::string> workspace_url(const base::JsonDocument& document, const std::string& doing) const {
    std::string url(document["properties"]["workspaceUrl"].string_or());
    // The answer has no scheme. A server of this computer that was asked in the clear is reached so under its own name.
    const auto in_clear = encoding::parse_url("http://" + url);
    if (resource_manager_.rfind("http://", 0) == 0 && in_clear && in_clear->is_loopback()) url = "http://" + url;
    if (!url.empty()) {
      const auto normalized = config::normalize_host(url);
      if (normalized && !normalized->host.empty()) return normalized->host;
    }
    return with_fix(Error(ErrorCode::protocol, "could not " + doing + ": the answer tells no usable workspaceUrl" +
                                                   (url.empty() ? "" : ": " + base::redact_excerpt(url))),
                    "wait until the workspace has been created, or set host (DATABRICKS_HOST)");
  }

  const std::string subject_;
  const AzureTarget target_;
  const AzureEnvironment environment_;
  const std::string resource_manager_;
  const std::shared_ptr<AzureTokenIssuer> issuer_;
  const ManagementToken management_;
  const bool parallel_;
  const std::shared_ptr<net::HttpTransport> transport_;
  LearnedOnce<std::string> learned_host_;
  mutable std::mutex mutex_;
  std::string host_;
};

Result<void> check_target(const AzureTarget& target) {
  if (!is_header_safe(target.workspace_resource_id)) {
    return Error(ErrorCode::configuration, "azure_workspace_resource_id contains a control character");
  }
  if (!target.host.empty()) return {};
  if (target.workspace_resource_id.empty()) {
    return with_fix(Error(ErrorCode::configuration, "neither a host nor azure_workspace_resource_id is set"),
                    "set host (DATABRICKS_HOST), or azure_workspace_resource_id (DATABRICKS_AZURE_RESOURCE_ID) to have "
                    "Azure asked");
  }
  if (resource_path(target.workspace_resource_id)) return {};
  return Error(ErrorCode::configuration,
               "azure_workspace_resource_id (DATABRICKS_AZURE_RESOURCE_ID) is \"" +
                   base::redact_excerpt(target.workspace_resource_id) +
                   "\"; without a host it must be "
                   "/subscriptions/ID/resourceGroups/NAME/providers/Microsoft.Databricks/workspaces/NAME");
}

}  // namespace

Result<std::shared_ptr<AzureSource>> make_azure_source(std::string strategy, AzureTarget target,
                                                       std::shared_ptr<AzureTokenIssuer> issuer,
                                                       ManagementToken management, bool parallel,
                                                       std::shared_ptr<net::HttpTransport> transport) {
  const auto environment = azure_environment(target.host, target.environment);
  if (!environment) return environment.error();
  if (auto checked = check_target(target); !checked) return std::move(checked).error();
  std::string resource_manager(environment->resource_manager);
  if (!target.resource_manager_url.empty()) {
    auto checked = checked_azure_endpoint(target.resource_manager_url, "the address of Azure Resource Manager");
    if (!checked) return std::move(checked).error();
    resource_manager = std::move(*checked);
  }
  return std::shared_ptr<AzureSource>(
      std::make_shared<WorkspaceTokenSource>(strategy, std::move(target), *environment, std::move(resource_manager),
                                             std::move(issuer), management, parallel, std::move(transport)));
}

Result<std::string> tenant_of_workspace(net::HttpTransport& transport, const std::string& host,
                                        std::string_view strategy, const CallContext& context) {
  const std::string url = host + "/aad/auth";
  const std::string subject = "auth." + std::string(strategy);
  net::HttpRequest request;
  request.url = url;
  request.response_limit = answer_limit_bytes;
  request.subject = subject;
  const auto answer = transport.send(request, context);
  if (!answer) return answer.error();
  const auto location = encoding::parse_url(answer->header("location"));
  if (location && location->path.size() > 1) {
    const std::string segment = location->path.substr(1, location->path.find('/', 1) - 1);
    auto tenant = encoding::percent_decode(segment);
    // The words stand for any tenant.
    const bool any = tenant == "common" || tenant == "organizations" || tenant == "consumers";
    if (tenant && !tenant->empty() && !any && is_header_safe(*tenant)) return std::move(*tenant);
  }
  Error error(ErrorCode::configuration, "azure_tenant_id is not set, and " + url + " (HTTP " +
                                            std::to_string(answer->status) + ") does not tell the tenant");
  error.http_status = answer->status;
  return with_fix(std::move(error), "set azure_tenant_id (ARM_TENANT_ID or AZURE_TENANT_ID)");
}

}  // namespace dbxauth::auth
