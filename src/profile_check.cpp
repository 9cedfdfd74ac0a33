// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "auth/authorizing_transport.hpp"
#include "auth/oauth/oidc_discovery.hpp"
#include "dbxauth/client.hpp"
#include "dbxauth/profiles.hpp"
#include "guarded.hpp"
#include "net/http_transport.hpp"
#include "profile_path.hpp"
#include "workspace/account_access.hpp"
#include "workspace/rest_request.hpp"

namespace dbxauth {

namespace {

/// What finds programs, files and the network. Everything else may hold credentials or change whose they are.
constexpr std::string_view kept_variables[] = {"PATH",
                                               "HOME",
                                               "USER",
                                               "LOGNAME",
                                               "LANG",
                                               "LC_ALL",
                                               "TMPDIR",
                                               "XDG_CACHE_HOME",
                                               "XDG_CONFIG_HOME",
                                               "XDG_RUNTIME_DIR",
                                               "DBUS_SESSION_BUS_ADDRESS",
                                               "HTTPS_PROXY",
                                               "https_proxy",
                                               "HTTP_PROXY",
                                               "http_proxy",
                                               "ALL_PROXY",
                                               "all_proxy",
                                               "NO_PROXY",
                                               "no_proxy",
                                               "DATABRICKS_CA_BUNDLE",
                                               "SSL_CERT_FILE",
                                               "SSL_CERT_DIR",
                                               "CURL_CA_BUNDLE",
                                               "REQUESTS_CA_BUNDLE",
                                               "DATABRICKS_CACHE_ENABLED",
                                               "DATABRICKS_CLI_PATH",
                                               "AZURE_CONFIG_DIR",
                                               "AZ_PATH",
                                               "DBXAUTH_AZ_TIMEOUT",
                                               "DBXAUTH_CHAIN"};

std::map<std::string, std::string> without_credentials(const platform::Environment& environment) {
  std::map<std::string, std::string> kept;
  for (const std::string_view name : kept_variables) {
    if (auto value = environment.get(name)) kept.emplace(std::string(name), std::move(*value));
  }
  return kept;
}

/// A client's credentials for a transport of one's own.
class ClientCredentials final : public CredentialProvider {
 public:
  explicit ClientCredentials(Client client) : client_(std::move(client)) {}
  std::string_view name() const noexcept override { return "client"; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) override {
    return client_.headers(min_validity, context);
  }
  void reject(const AuthHeaders& rejected) noexcept override { client_.reject(rejected); }

 private:
  const Client client_;
};

class ProfileChecker {
 public:
  ProfileChecker(const ProfileFileOptions& file, const ProfileCheckOptions& options) : options_(options) {
    const platform::Environment environment = profile_environment(file);
    path_ = profile_path(file, environment);
    environment_ = without_credentials(environment);
  }

  ProfileCheck check(Profile profile, const CallContext& context) const {
    ProfileCheck result;
    result.profile = std::move(profile);
    auto user_name =
        guarded<std::string>([&] { return try_profile(result.profile, context.limited_to(options_.per_profile)); });
    if (user_name) {
      result.valid = true;
      result.user_name = std::move(*user_name);
    } else {
      result.error = std::move(user_name).error();
    }
    return result;
  }

 private:
  Result<std::string> try_profile(Profile& profile, const CallContext& context) const {
    ClientOptions client_options;
    client_options.profile = profile.name;
    client_options.config_file = path_;
    client_options.environment = environment_;
    client_options.http = options_.http;
    const auto client = Client::create(std::move(client_options));
    if (!client) return client.error();
    const auto headers = client->headers(std::chrono::seconds{0}, context);
    if (!headers) return headers.error();
    const Config config = client->config();
    if (auto own = belongs_to(profile, *client, config, context); !own) return own.error();
    profile.auth_type = config.auth_type;
    if (is_account(profile, config)) return try_account(profile, *client, config, context);
    const auto workspace = client->workspace(context);
    if (!workspace) return workspace.error();
    const auto user = workspace->current_user(context);
    if (!user) return user.error();
    return user->user_name;
  }

  /// Credentials of a lower layer say nothing about the profile.
  static Result<void> belongs_to(const Profile& profile, const Client& client, const Config& config,
                                 const CallContext& context) {
    const std::vector<Attempt> attempts = client.attempts(context);
    const bool foreign = std::any_of(attempts.begin(), attempts.end(), [](const Attempt& attempt) {
      return attempt.verdict == AttemptVerdict::used && attempt.layer == to_string(Layer::saved_session);
    });
    if (!foreign && (profile.host.empty() || config.host == profile.host)) return {};
    Error error(
        ErrorCode::no_credentials,
        "the profile has no credentials of its own; log in with: databricks auth login --profile " + profile.name);
    error.attempts = attempts;
    return error;
  }

  static bool is_account(const Profile& profile, const Config& config) {
    if (auth::is_account_host(config.host)) return true;
    // A host that serves accounts and workspaces.
    const auto discovery = std::find_if(config.values.begin(), config.values.end(),
                                        [](const ConfigValue& value) { return value.name == "discovery_url"; });
    return discovery != config.values.end() && discovery->value.find("/oidc/accounts/") != std::string::npos &&
           !profile.account_id.empty() && profile.workspace_id.empty();
  }

  Result<std::string> try_account(const Profile& profile, const Client& client, const Config& config,
                                  const CallContext& context) const {
    auto transport =
        net::make_retrying_transport(net::make_curl_transport(options_.http, platform::Environment(environment_)), {});
    auto authorised = auth::make_authorizing_transport(std::move(transport),
                                                       std::make_shared<ClientCredentials>(client), config.host);
    if (!authorised) return authorised.error();
    const workspace::RestClient rest(config.host, std::move(*authorised), {});
    if (auto checked = workspace::check_account_access(rest, profile.account_id, context); !checked) {
      return checked.error();
    }
    return std::string();
  }

  const ProfileCheckOptions& options_;
  std::string path_;
  std::map<std::string, std::string> environment_;
};

/// Calls `work(i)` for every i below `count`, on as many threads as there may be; on one when no other can be started.
template <class Work>
void in_parallel(std::size_t count, std::size_t parallelism, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> threads;
  const std::size_t others = std::min(std::max<std::size_t>(parallelism, 1), count) - (count == 0 ? 0 : 1);
  threads.reserve(others);
  try {
    while (threads.size() < others) threads.emplace_back(run);
  } catch (const std::system_error&) {
    // Fewer threads take longer, that is all.
  }
  run();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

Result<std::vector<ProfileCheck>> check_profiles(const ProfileFileOptions& options, const ProfileCheckOptions& check,
                                                 const CallContext& context) {
  return guarded<std::vector<ProfileCheck>>([&]() -> Result<std::vector<ProfileCheck>> {
    auto profiles = list_profiles(options);
    if (!profiles) return std::move(profiles).error();
    std::vector<ProfileCheck> results(profiles->size());
    const ProfileChecker checker(options, check);
    in_parallel(results.size(), check.parallelism,
                [&](std::size_t i) { results[i] = checker.check(std::move((*profiles)[i]), context); });
    if (context.cancel.cancelled()) return Error(ErrorCode::cancelled, "cancelled while checking the profiles");
    return results;
  });
}

}  // namespace dbxauth
