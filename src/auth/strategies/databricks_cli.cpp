// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/databricks_cli.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "auth/oauth/token_endpoint.hpp"
#include "auth/strategy_error.hpp"
#include "base/logging.hpp"
#include "encoding/sha256.hpp"
#include "platform/files.hpp"

namespace dbxauth::auth {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view public_client_id = "databricks-cli";
// The Databricks CLI renews what is about to end within five minutes.
constexpr std::chrono::seconds refresh_lead{300};
// Workspaces refuse tokens in their last half minute.
constexpr std::chrono::seconds unusable_lead{40};
constexpr std::chrono::milliseconds lock_limit{30000};

struct StoredLogin {
  std::string key;
  Token token;
};

class SharedLoginSource final : public TokenSource {
 public:
  SharedLoginSource(SharedLoginSettings settings, std::shared_ptr<TokenCache> cache,
                    std::shared_ptr<net::HttpTransport> transport, std::shared_ptr<const platform::Clock> clock,
                    std::shared_ptr<HostMetadataSource> host_metadata)
      : settings_(std::move(settings)),
        host_key_(host_cache_key(settings_.target)),
        cache_(std::move(cache)),
        transport_(std::move(transport)),
        clock_(std::move(clock)),
        host_metadata_(std::move(host_metadata)) {}

  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) override {
    auto stored = read_login(context);
    if (!stored) return std::move(stored).error();
    const auto lead = std::max(refresh_lead, demand.min_validity);
    if (usable(stored->token, demand, lead)) return as_issued(std::move(stored->token));

    const auto lock = acquire_lock(context);
    if (!lock) return lock.error();
    stored = read_login(context);
    if (!stored) return std::move(stored).error();
    if (usable(stored->token, demand, lead)) return as_issued(std::move(stored->token));
    return refresh(std::move(*stored), demand, context);
  }

 private:
  static IssuedToken as_issued(Token token) {
    IssuedToken issued;
    // A cache keeps the expiry, not the time of issue; the refresher then works with what remains.
    token.lifetime = 0s;
    issued.token = std::move(token);
    return issued;
  }

  bool usable(const Token& token, const TokenDemand& demand, std::chrono::seconds lead) const {
    if (token.access_token.empty()) return false;
    if (demand.rejected != nullptr && token.access_token.equals(*demand.rejected)) return false;
    if (token.expires_at == std::chrono::system_clock::time_point::max()) return true;
    return token.expires_at - clock_->now() > lead;
  }

  Result<StoredLogin> read_login(const CallContext& context) const {
    std::optional<Error> trouble;
    for (const std::string& key : {settings_.profile, settings_.host_login ? host_key_ : std::string()}) {
      if (key.empty()) continue;
      auto token = cache_->get(key, context);
      if (token) return StoredLogin{key, std::move(*token)};
      if (token.error().code == ErrorCode::cancelled) return std::move(token).error();
      if (token.error().code != ErrorCode::not_found && !trouble) trouble = std::move(token).error();
    }
    if (trouble) {
      trouble->message = "the login shared with the Databricks CLI cannot be read: " + trouble->message;
      return std::move(*trouble);
    }
    return with_fix(Error(ErrorCode::no_credentials,
                          "no login for " + settings_.target.host +
                              (settings_.profile.empty() ? std::string() : " under the profile " + settings_.profile) +
                              " in the " + std::string(cache_->kind()) + " token cache (" + cache_->location() + ")"),
                    "run " + login_command(), AttemptVerdict::not_configured);
  }

  std::string login_command() const {
    return settings_.profile.empty() ? "databricks auth login --host " + settings_.target.host
                                     : "databricks auth login --profile " + settings_.profile;
  }

  // The holder of the optional lock; empty when processes cannot meet (a read-only home), which must not stop anybody.
  // One for all logins of a host: one login may be kept under a profile's key and under the host's.
  Result<std::optional<platform::FileLock>> acquire_lock(const CallContext& context) const {
    std::optional<platform::FileLock> held;
    if (settings_.lock_directory.empty()) return held;
    if (auto made = platform::make_directories(settings_.lock_directory); !made) return held;
    const auto digest = encoding::sha256_hex(host_key_);
    if (!digest) return held;
    const std::string path =
        platform::join_path(settings_.lock_directory, "refresh-" + digest->substr(0, 16) + ".lock");
    auto lock = platform::FileLock::acquire(path, context, lock_limit);
    if (lock) {
      held.emplace(std::move(*lock));
      return held;
    }
    if (auto running = context.check("waiting for another process to renew the shared login"); !running) {
      return std::move(running).error();
    }
    base::log(LogLevel::warning, "auth.databricks-cli", "refreshing without a lock: " + lock.error().message);
    return held;
  }

  Result<IssuedToken> refresh(StoredLogin stored, const TokenDemand& demand, const CallContext& context) {
    if (stored.token.refresh_token.empty()) return without_refresh_token(std::move(stored), demand);
    auto renewed = request_refresh(stored.token.refresh_token, context);
    if (!renewed) return after_failed_refresh(std::move(stored), std::move(renewed).error(), demand, context);
    if (renewed->refresh_token.empty()) renewed->refresh_token = stored.token.refresh_token.clone();
    write_back(stored, *renewed, context);
    return as_issued(std::move(*renewed));
  }

  Result<Token> request_refresh(const SecretString& refresh_token, const CallContext& context) {
    auto endpoints = discover_oidc_endpoints(*transport_, settings_.target, context, host_metadata_.get());
    if (!endpoints) return std::move(endpoints).error();
    TokenEndpointRequest request;
    request.url = std::move(endpoints->token_endpoint);
    request.form = {
        {"grant_type", "refresh_token"}, {"refresh_token", refresh_token.reveal()}, {"client_id", public_client_id}};
    request.replay = net::Replay::never;
    request.subject = "auth.databricks-cli";
    return request_token(*transport_, request, *clock_, context);
  }

  Result<IssuedToken> without_refresh_token(StoredLogin stored, const TokenDemand& demand) const {
    if (usable(stored.token, demand, std::max(unusable_lead, demand.min_validity))) {
      return as_issued(std::move(stored.token));
    }
    return unavailable(
        ErrorCode::authentication_failed,
        "the login for " + settings_.target.host + " (key " + stored.key + ") has expired and holds no refresh token",
        "run " + login_command());
  }

  Result<IssuedToken> after_failed_refresh(StoredLogin stored, Error error, const TokenDemand& demand,
                                           const CallContext& context) {
    // A program that does not take our lock, such as the official CLI, may have used the refresh token in between.
    if (error.code == ErrorCode::authentication_failed) {
      auto again = read_login(context);
      if (again && !again->token.access_token.equals(stored.token.access_token) &&
          usable(again->token, demand, std::max(unusable_lead, demand.min_validity))) {
        return as_issued(std::move(again->token));
      }
      error.message =
          "the login for " + settings_.target.host + " (key " + stored.key + ") has ended: " + error.message;
      return with_fix(std::move(error), "run " + login_command(), AttemptVerdict::unavailable);
    }
    if (usable(stored.token, demand, std::max(unusable_lead, demand.min_validity))) {
      base::log(LogLevel::warning, "auth.databricks-cli", "the login could not be renewed yet: " + error.message);
      return as_issued(std::move(stored.token));
    }
    return with_fix(std::move(error), {}, AttemptVerdict::unavailable);
  }

  /// The keys that hold the same login: all of them, as the refresh token that they share is spent.
  std::vector<std::string> keys_of(const StoredLogin& stored, const CallContext& context) const {
    std::vector<std::string> keys{stored.key};
    bool host_key_is_free = true;
    const auto all = cache_->list(context);
    for (const std::string& key : all ? *all : std::vector<std::string>{host_key_}) {
      if (key == stored.key) continue;
      const auto other = cache_->get(key, context);
      const bool absent = !other && other.error().code == ErrorCode::not_found;
      if (key == host_key_) host_key_is_free = absent;
      // The same host may hold the login of somebody else: that one stays.
      if (other && other->refresh_token.equals(stored.token.refresh_token)) keys.push_back(key);
    }
    if (host_key_is_free && stored.key != host_key_) keys.push_back(host_key_);
    return keys;
  }

  void write_back(const StoredLogin& stored, const Token& renewed, const CallContext& context) {
    const std::vector<std::string> keys = keys_of(stored, context);
    if (auto written = cache_->put(keys, renewed, context); !written) {
      // The new token is good although it cannot be kept; the refresh token of the store may be spent, though.
      base::log(LogLevel::error, "auth.databricks-cli",
                "the renewed login could not be written to " + cache_->location() + ": " + written.error().message);
    }
  }

  const SharedLoginSettings settings_;
  const std::string host_key_;
  const std::shared_ptr<TokenCache> cache_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  const std::shared_ptr<HostMetadataSource> host_metadata_;
};

}  // namespace

std::string host_cache_key(const OidcTarget& target) {
  const bool unified = !target.account_id.empty() && target.discovery_url.find("/oidc/accounts/") != std::string::npos;
  if (is_account_host(target.host) || unified) return target.host + "/oidc/accounts/" + target.account_id;
  return target.host;
}

std::shared_ptr<TokenSource> make_shared_login_source(SharedLoginSettings settings, std::shared_ptr<TokenCache> cache,
                                                      std::shared_ptr<net::HttpTransport> transport,
                                                      std::shared_ptr<const platform::Clock> clock,
                                                      std::shared_ptr<HostMetadataSource> host_metadata) {
  return std::make_shared<SharedLoginSource>(std::move(settings), std::move(cache), std::move(transport),
                                             std::move(clock), std::move(host_metadata));
}

}  // namespace dbxauth::auth
