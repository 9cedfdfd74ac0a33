// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_CLIENT_HPP
#define DBXAUTH_CLIENT_HPP

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/clone.hpp"
#include "dbxauth/config.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/http_options.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "dbxauth/token_cache.hpp"
#include "dbxauth/token_storage.hpp"
#include "dbxauth/workspace.hpp"

namespace dbxauth {

struct ClientNetwork;  // internal
struct TokenStorage;

/// What a notebook's execution context supplies; see ClientOptions::notebook.
struct NotebookContext {
  std::string host;
  SecretString token;
};

/// Everything that a program may state about whom and where. Default-constructed options resolve like the tools do.
struct ClientOptions {
  /// Explicit attributes by their `.databrickscfg` name: host, token, client_id, client_secret, azure_client_id,
  /// azure_client_secret, azure_tenant_id, account_id, auth_type, warehouse_id, scopes, … Unknown names are errors.
  std::map<std::string, SecretString> attributes;
  /// Says in reports where an explicit attribute came from, for example {"host", "--host"}; optional.
  std::map<std::string, std::string> attribute_places;
  std::optional<std::string> profile;  ///< Explicitly named profile.
  std::string config_file;             ///< Empty: DATABRICKS_CONFIG_FILE, else `~/.databrickscfg`.
  std::optional<ChainRules> rules;     ///< Unset: DBXAUTH_CHAIN, else layered.
  bool load_dotenv = false;            ///< Read `.env`; the command-line tool does, libraries usually should not.
  std::string dotenv_file;             ///< Empty: `.env` in the current directory.
  /// Replaces the process environment (tests, servers with several tenants). Unset: a snapshot taken by create().
  std::optional<std::map<std::string, std::string>> environment;
  /// Asked last, inside a notebook. ErrorCode::no_credentials means "not in a notebook".
  std::function<Result<NotebookContext>()> notebook;
  /// The program's own providers, tried before every built-in strategy.
  std::vector<std::shared_ptr<CredentialProvider>> providers;
  /// Of shared logins. Unset: the stores of the Databricks CLI, chosen as resolve_token_storage() says; storage that is
  /// configured wrongly is then an error of those who use it.
  std::shared_ptr<TokenCache> token_cache;
  std::optional<StorageMode> storage_mode;    ///< See TokenStorageOptions::mode.
  std::optional<StorageMinimum> storage_min;  ///< See TokenStorageOptions::minimum.
  std::shared_ptr<TokenCache> keyring;        ///< Stands in for the operating system's keyring.
  /// Sent along with the credentials of every built-in strategy, and part of headers(). Authorization, Host and headers
  /// of the transfer (Content-Length, …) are refused.
  std::map<std::string, std::string> custom_headers;
  /// Longest time for strategies that nobody asked for and that have to look on the network whether they apply at all
  /// (Azure's instance metadata). Strategies that are configured get their full deadline.
  std::chrono::milliseconds probe_budget{3000};
  /// Longest run of a program: the Azure CLI, a Databricks CLI named by databricks_cli_path. DBXAUTH_AZ_TIMEOUT
  /// (seconds) replaces it for the Azure CLI.
  std::chrono::milliseconds program_timeout{30000};
  HttpOptions http;

  /// Sets `attributes[name]`.
  ClientOptions& set(std::string name, std::string_view value) {
    attributes.insert_or_assign(std::move(name), SecretString(value));
    return *this;
  }
};

/// Resolved credentials for one workspace, and what can be done with them. Thread-safe; copies share one state, and
/// clients of one principal in one process share its token as long as one of them lives. No background thread. May be
/// used in a child after fork() as long as no call was in flight.
class Client {
 public:
  struct State;

  /// Resolves the configuration: reads files and environment, does no network request and runs no program.
  /// Malformed input is ErrorCode::configuration or invalid_argument; missing credentials are not an error yet.
  static Result<Client> create(ClientOptions options = {});

  explicit Client(std::shared_ptr<State> state) noexcept;
  ~Client();
  Client(const Client&) = default;
  Client& operator=(const Client&) = default;
  Client(Client&&) noexcept = default;
  Client& operator=(Client&&) noexcept = default;

  /// A snapshot; `auth_type`, a host that credentials bring along and `values[].used` are set once headers() succeeded.
  Config config() const;

  /// Headers for a request to host(); the hot path costs well under a microsecond.
  /// Failure: ErrorCode::no_credentials with the chain's account, or the error of the strategy that decided.
  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity = std::chrono::seconds{0},
                                 const CallContext& context = {}) const;
  /// Tells that a server answered 401 to `rejected`; a compare: a newer token is kept.
  void reject(const AuthHeaders& rejected) const noexcept;
  Result<Token> token(std::chrono::seconds min_validity = std::chrono::seconds{0},
                      const CallContext& context = {}) const;

  /// The variables that make another tool resolve to the same workspace and credentials, by name: DATABRICKS_HOST, …
  /// with their secrets; a strategy that has no variables of its own (a shared login) gives no credential. Resolves
  /// credentials first if that has not happened.
  Result<std::map<std::string, SecretString>> environment(const CallContext& context = {}) const;

  /// The chain's account so far: one entry per strategy. Resolves credentials first if that has not happened.
  std::vector<Attempt> attempts(const CallContext& context = {}) const;

  /// Resolves credentials if needed (the host may depend on them) and gives the workspace's APIs.
  Result<WorkspaceClient> workspace(const CallContext& context = {}) const;

  /// Takes both inventories and plans. Changes nothing anywhere.
  Result<ClonePlan> plan_clone(const CloneSpec& spec, const CallContext& context = {},
                               const ProgressCallback& on_progress = {}) const;
  /// Plans and runs.
  Result<CloneReport> clone(const CloneSpec& spec, const CallContext& context = {},
                            const ProgressCallback& on_progress = {}) const;

 private:
  friend const ClientNetwork& network_of(const Client& client);
  friend std::optional<TokenStorage> token_storage_of(const Client& client, const CallContext& context);
  std::shared_ptr<State> state_;
};

}  // namespace dbxauth

#endif
