// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "auth/strategies/azure_issuers.hpp"
#include "auth/strategies/azure_token_answer.hpp"
#include "auth/strategies/azure_token_endpoint.hpp"
#include "auth/strategies/learned_once.hpp"
#include "auth/strategy_error.hpp"
#include "base/json_reader.hpp"
#include "base/logging.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "platform/process_runner.hpp"

namespace dbxauth::auth {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view strategy = "azure-cli";
constexpr std::string_view subject = "auth.azure-cli";
constexpr std::int64_t longest_timeout_s = 3600;
constexpr int entra_no_tenant = 50059;

constexpr AzureTokenMembers members{"accessToken", "tokenType", "expires_on", {}, "expiresOn"};

enum class Principal { user, service_principal, managed_identity };

/// What `az account show` tells.
struct Account {
  Principal principal = Principal::user;
  std::string tenant_id;
};

/// The part of the command that says for whom the token is; az refuses a tenant together with a subscription.
struct Route {
  std::string tenant;
  std::string subscription;

  bool operator==(const Route& other) const = default;
};

/// How az is run this time; read from the environment at each call.
struct Command {
  std::string program;
  std::map<std::string, std::string> environment;
  milliseconds timeout{0};
};

/// One run of `az account get-access-token`.
struct Outcome {
  Result<Token> token;
  std::optional<std::string> refusal;  ///< What az wrote to stderr when it ended with another status than 0.
};

/// Of what az writes to stderr the part that is for people.
std::string spoken_text(std::string_view stderr_text) {
  constexpr std::string_view prefix = "ERROR:";
  if (const auto at = stderr_text.find(prefix); at != std::string_view::npos) {
    stderr_text.remove_prefix(at + prefix.size());
  }
  return base::redact_excerpt(base::trim(stderr_text.substr(0, stderr_text.find("Trace ID"))), 400);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool asks_for_login(std::string_view text) {
  static constexpr int numbers[] = {50076, 50078, 50173, 70043, 700082};
  return contains(text, "az login") ||
         std::find(std::begin(numbers), std::end(numbers), entra_error_number(text)) != std::end(numbers);
}

Account read_account(base::JsonView answer) {
  Account account;
  account.tenant_id = answer["tenantId"].string_or();
  const base::JsonView user = answer["user"];
  const std::string_view name = user["name"].string_or();
  const bool identity = name == "systemAssignedIdentity" || name == "userAssignedIdentity";
  // The Cloud Shell's login is a managed identity too, and as touchy about a tenant.
  if ((user["type"].string_or() == "servicePrincipal" && identity) || user["cloudShellID"].boolean_or(false)) {
    account.principal = Principal::managed_identity;
  } else if (user["type"].string_or() == "servicePrincipal") {
    account.principal = Principal::service_principal;
  }
  return account;
}

/// Ids and domain names: nothing that az could take for an option.
bool is_plain_name(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  });
}

/// The third segment of `/subscriptions/<id>/…`.
std::string subscription_of(std::string_view resource_id) {
  const auto segments = base::split(resource_id, '/');
  const bool usable = segments.size() > 2 && segments[0].empty() && is_plain_name(segments[2]);
  return usable ? std::string(segments[2]) : std::string();
}

Result<milliseconds> timeout_from(const platform::Environment& environment, milliseconds otherwise) {
  const auto text = environment.get("DBXAUTH_AZ_TIMEOUT");
  if (!text) return otherwise;
  const std::string_view digits = base::trim(*text);
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (failure == std::errc() && end == digits.data() + digits.size() && seconds >= 1 && seconds <= longest_timeout_s) {
    return milliseconds(seconds * 1000);
  }
  return Error(ErrorCode::configuration, "DBXAUTH_AZ_TIMEOUT is \"" + base::redact_excerpt(*text) +
                                             "\"; use whole seconds from 1 to " + std::to_string(longest_timeout_s));
}

Error login_needed(const std::string& said, const std::string& tenant) {
  return unavailable(ErrorCode::authentication_failed,
                     "the Azure CLI (az) has no valid login: " + said + ". Please run 'az login'",
                     "run 'az login" + (tenant.empty() ? "" : " --tenant " + tenant) + "'");
}

Error refusal_error(std::string_view command, int exit_status, const std::string& said, const std::string& tenant) {
  if (asks_for_login(said)) return login_needed(said, tenant);
  return explain_entra_refusal(Error(
      ErrorCode::authentication_failed,
      std::string(command) + " failed with status " + std::to_string(exit_status) + (said.empty() ? "" : ": ") + said));
}

class AzureCliIssuer final : public AzureTokenIssuer {
 public:
  AzureCliIssuer(const AzureTarget& target, AzureCliSettings settings, EnvironmentReader environment,
                 std::shared_ptr<net::HttpTransport> transport, std::shared_ptr<const platform::Clock> clock)
      : host_(target.host),
        configured_tenant_(target.tenant_id),
        subscription_(subscription_of(target.workspace_resource_id)),
        settings_(std::move(settings)),
        environment_(std::move(environment)),
        transport_(std::move(transport)),
        clock_(std::move(clock)) {}

  Result<Token> token_for(std::string_view resource, const CallContext& context) override {
    const auto command = this->command();
    if (!command) return command.error();
    Route route;
    const auto proven = proven_route(resource);
    if (proven) {
      route = *proven;
    } else {
      auto first = first_route(*command, context);
      if (!first) return std::move(first).error();
      route = std::move(*first);
    }
    std::vector<Route> tried;
    while (true) {
      Outcome outcome = attempt(*command, resource, route, context);
      if (outcome.token) {
        remember(resource, route);
        return std::move(outcome.token);
      }
      tried.push_back(route);
      const auto next = next_route(*command, route, outcome, context);
      if (!next || tried.size() > retries || std::find(tried.begin(), tried.end(), *next) != tried.end()) {
        forget(resource);
        return std::move(outcome.token);
      }
      base::log(LogLevel::debug, subject, "asking az in another way: " + outcome.token.error().message);
      route = *next;
    }
  }

 private:
  static constexpr std::size_t retries = 2;

  // ---- for whom the token is ----

  Result<Route> first_route(const Command& command, const CallContext& context) {
    auto tenant = this->tenant(context);
    if (!tenant) return std::move(tenant).error();
    if (!tenant->empty()) {
      const auto account = this->account(command, context);
      if (!account) return account.error();
      if (account->principal == Principal::managed_identity) tenant->clear();
    }
    if (!tenant->empty()) return Route{std::move(*tenant), {}};
    return Route{{}, subscription_};
  }

  /// What else may work after `route` did not; nothing when nothing else would.
  std::optional<Route> next_route(const Command& command, const Route& route, const Outcome& outcome,
                                  const CallContext& context) {
    if (!outcome.refusal || asks_for_login(*outcome.refusal)) return std::nullopt;
    if (!route.subscription.empty() && contains(*outcome.refusal, "ubscription")) return Route{};
    const bool no_tenant_known = entra_error_number(*outcome.refusal) == entra_no_tenant;
    if (!no_tenant_known && route.tenant.empty()) return std::nullopt;
    const auto account = this->account(command, context);
    if (!account || account->principal == Principal::managed_identity) return std::nullopt;
    if (no_tenant_known && is_plain_name(account->tenant_id) && account->tenant_id != route.tenant) {
      return Route{account->tenant_id, {}};
    }
    // The assertion of a federated login is bound to the tenant of the login: az must choose it.
    if (account->principal == Principal::service_principal && !route.tenant.empty()) return Route{};
    return std::nullopt;
  }

  /// The configured tenant, else the workspace's; empty when that cannot be found out.
  Result<std::string> tenant(const CallContext& context) {
    if (!configured_tenant_.empty()) {
      if (is_plain_name(configured_tenant_)) return configured_tenant_;
      return Error(ErrorCode::configuration, "azure_tenant_id (ARM_TENANT_ID) is not a tenant id or domain: " +
                                                 base::redact_excerpt(configured_tenant_));
    }
    if (host_.empty()) return std::string();
    auto found = workspace_tenant_.get(context, "waiting for the tenant of the workspace", [&] {
      auto told = tenant_of_workspace(*transport_, host_, strategy, context);
      // A host that answers and does not tell, an account console say, will not tell next time either.
      if (!told && told.error().code == ErrorCode::configuration) return Result<std::string>(std::string());
      return told;
    });
    if (found) return is_plain_name(*found) ? *found : std::string();
    if (auto running = context.check("asking for the tenant of the workspace"); !running) {
      return std::move(running).error();
    }
    base::log(LogLevel::debug, subject, "going on without a tenant: " + found.error().message);
    return std::string();
  }

  Result<Account> account(const Command& command, const CallContext& context) {
    return account_.get(context, "waiting for 'az account show'", [&]() -> Result<Account> {
      const auto ran = run(command, {"account", "show", "--output", "json"}, context);
      if (!ran) return ran.error();
      if (ran->exit_status != 0) {
        return refusal_error("'az account show'", ran->exit_status, spoken_text(ran->error_text), configured_tenant_);
      }
      const auto document = base::JsonDocument::parse(ran->output.reveal(), "the output of 'az account show'");
      if (!document) return document.error();
      return read_account(document->root());
    });
  }

  std::optional<Route> proven_route(std::string_view resource) {
    const std::lock_guard lock(mutex_);
    const auto found = proven_routes_.find(resource);
    return found == proven_routes_.end() ? std::nullopt : std::optional<Route>(found->second);
  }
  void remember(std::string_view resource, const Route& route) {
    const std::lock_guard lock(mutex_);
    proven_routes_.insert_or_assign(std::string(resource), route);
  }
  /// After a failure: somebody may have logged in as another principal. Not so when the login is good for another
  /// resource and never was for this one.
  void forget(std::string_view resource) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = proven_routes_.find(resource);
      if (found == proven_routes_.end() && !proven_routes_.empty()) return;
      if (found != proven_routes_.end()) proven_routes_.erase(found);
    }
    account_.forget();
  }

  // ---- running az ----

  Result<Command> command() const {
    const platform::Environment environment = environment_();
    const auto timeout = timeout_from(environment, settings_.program_timeout);
    if (!timeout) return timeout.error();
    Command command;
    command.program = environment.get("AZ_PATH").value_or(settings_.program);
    command.environment = environment.variables();
    command.timeout = *timeout;
    return command;
  }

  Outcome attempt(const Command& command, std::string_view resource, const Route& route, const CallContext& context) {
    std::vector<std::string> arguments{"account", "get-access-token", "--resource", std::string(resource), "--output",
                                       "json"};
    if (!route.tenant.empty()) arguments.insert(arguments.end(), {"--tenant", route.tenant});
    if (!route.subscription.empty()) arguments.insert(arguments.end(), {"--subscription", route.subscription});
    const auto ran = run(command, std::move(arguments), context);
    if (!ran) return {ran.error(), std::nullopt};
    if (ran->exit_status != 0) {
      std::string said = spoken_text(ran->error_text);
      Error error = refusal_error("'az account get-access-token'", ran->exit_status, said, route.tenant);
      return {std::move(error), std::move(said)};
    }
    const auto document =
        base::JsonDocument::parse(ran->output.reveal(), "the output of 'az account get-access-token'");
    if (!document) return {document.error(), std::nullopt};
    return {read_azure_token(document->root(), members, clock_->now(), "the output of 'az account get-access-token'"),
            std::nullopt};
  }

  static Result<platform::ProcessResult> run(const Command& command, std::vector<std::string> arguments,
                                             const CallContext& context) {
    platform::ProcessRequest request;
    request.arguments = std::move(arguments);
    request.arguments.insert(request.arguments.begin(), command.program);
    request.environment = command.environment;
    request.timeout = command.timeout;
    auto ran = platform::run_process(request, context);
    if (ran) return ran;
    Error error = std::move(ran).error();
    if (error.code == ErrorCode::not_found) {
      return unavailable(ErrorCode::no_credentials, "the Azure CLI (az) is not installed: " + error.message,
                         "install the Azure CLI, or set AZ_PATH to its program");
    }
    if (error.code == ErrorCode::timed_out && context.check("running az")) {
      return with_fix(std::move(error), "set DBXAUTH_AZ_TIMEOUT to more than " +
                                            std::to_string(command.timeout.count() / 1000) + " seconds");
    }
    return error;
  }

  const std::string host_;
  const std::string configured_tenant_;
  const std::string subscription_;
  const AzureCliSettings settings_;
  const EnvironmentReader environment_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  LearnedOnce<std::string> workspace_tenant_;
  LearnedOnce<Account> account_;
  std::mutex mutex_;
  std::map<std::string, Route, std::less<>> proven_routes_;  ///< By resource.
};

}  // namespace

std::shared_ptr<AzureTokenIssuer> make_azure_cli_issuer(const AzureTarget& target, AzureCliSettings settings,
                                                        EnvironmentReader environment,
                                                        std::shared_ptr<net::HttpTransport> transport,
                                                        std::shared_ptr<const platform::Clock> clock) {
  return std::make_shared<AzureCliIssuer>(target, std::move(settings), std::move(environment), std::move(transport),
                                          std::move(clock));
}

}  // namespace dbxauth::auth
