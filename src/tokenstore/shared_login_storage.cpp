// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/shared_login_storage.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "tokenstore/token_arguments.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr std::string_view kSubject = "tokenstore";
// What the Databricks CLI renews: an entry that ends sooner may have been renewed in the other store.
constexpr std::chrono::seconds kFreshFor{300};

std::string named(const TokenCache& store) {
  return fmt::format("the {} token store ({})", store.kind(), store.location());
}

void report(LogLevel level, const TokenCache& store, std::string_view doing, const Error& error) {
  if (base::log_enabled(level))
    base::log(level, kSubject, fmt::format("{} {}: {}", named(store), doing, error.message));
}

bool is_not_found(const Error& error) {
  return error.code == ErrorCode::not_found;
}

class RefusedTokenCache final : public TokenCache {
 public:
  explicit RefusedTokenCache(Error error) : error_(std::move(error)) {}
  std::string_view kind() const noexcept override { return "none"; }
  std::string location() const override { return "nowhere"; }
  Result<Token> get(std::string_view, const CallContext&) override { return error_; }
  Result<void> put(const std::vector<std::string>&, const Token&, const CallContext&) override { return error_; }
  Result<void> remove(std::string_view, const CallContext&) override { return error_; }
  Result<std::vector<std::string>> list(const CallContext&) override { return error_; }
  Result<void> availability(const CallContext&) override { return error_; }

 private:
  const Error error_;
};

}  // namespace

bool is_host_key(std::string_view key) noexcept {
  return key.find("://") != std::string_view::npos;
}

bool is_newer(const Token& a, const Token& b) noexcept {
  if (a.access_token.empty() != b.access_token.empty()) return b.access_token.empty();
  return a.expires_at > b.expires_at;
}

SharedLoginStorage::SharedLoginStorage(Stores stores)
    : mode_(stores.mode),
      clock_(std::move(stores.clock)),
      first_(mode_ == StorageMode::secure ? (stores.keyring ? stores.keyring : stores.file)
                                          : (stores.file ? stores.file : stores.keyring)),
      second_(stores.file && stores.keyring ? (mode_ == StorageMode::secure ? stores.file : stores.keyring) : nullptr),
      keyring_(stores.keyring) {}

Result<Token> SharedLoginStorage::get(std::string_view key, const CallContext& context) {
  Result<Token> first = first_->get(key, context);
  const bool fresh = first && !first->access_token.empty() &&
                     (first->expires_at == std::chrono::system_clock::time_point::max() ||
                      first->expires_at - clock_->now() > kFreshFor);
  if (fresh || !second_) return found(key, first_, std::move(first));
  if (!first && first.error().code == ErrorCode::cancelled) return first;
  return get_from_both(key, std::move(first), context);
}

Result<Token> SharedLoginStorage::get_from_both(std::string_view key, Result<Token> first, const CallContext& context) {
  Result<Token> second = second_->get(key, context);
  if (!second) {
    if (!is_not_found(second.error())) report(LogLevel::debug, *second_, "was not read", second.error());
    if (first || !is_not_found(first.error())) return found(key, first_, std::move(first));
    // What was not looked at to its end is not known to be missing.
    if (Result<void> running = context.check("reading the shared login"); !running) return std::move(running).error();
    return first;
  }
  if (first) {
    const bool take_second = is_newer(*second, *first);
    return take_second ? found(key, second_, std::move(second)) : found(key, first_, std::move(first));
  }
  if (!is_not_found(first.error())) {
    bool told = true;
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      std::swap(told, detour_reported_);
    }
    report(told ? LogLevel::debug : LogLevel::warning, *first_,
           fmt::format("cannot be read, and the login in {} is used", named(*second_)), first.error());
  }
  return found(key, second_, std::move(second));
}

Result<Token> SharedLoginStorage::found(std::string_view key, const StorePtr& store, Result<Token> token) {
  if (token) remember(key, store);
  return token;
}

void SharedLoginStorage::remember(std::string_view key, const StorePtr& store) {
  const std::lock_guard<std::mutex> guard(mutex_);
  store_of_.insert_or_assign(std::string(key), store);
}

std::shared_ptr<TokenCache> SharedLoginStorage::store_of(std::string_view key) const {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = store_of_.find(key);
  return found == store_of_.end() ? nullptr : found->second;
}

SharedLoginStorage::StorePtr SharedLoginStorage::find_store(const std::string& key, const CallContext& context) {
  if (StorePtr known = store_of(key)) return known;
  (void)get(key, context);
  return store_of(key);
}

Result<void> SharedLoginStorage::put(const std::vector<std::string>& keys, const Token& token,
                                     const CallContext& context) {
  if (Result<void> valid = check_put(keys, token); !valid) return valid;
  StorePtr main = find_store(keys.front(), context);
  if (!main) main = first_;
  const StorePtr other = main == first_ ? second_ : first_;
  std::vector<std::string> with_main;
  std::vector<std::string> with_other;
  for (const std::string& key : keys) {
    const StorePtr holds = key == keys.front() ? main : find_store(key, context);
    if (!holds && main == keyring_ && is_host_key(key)) continue;
    (holds && holds != main ? with_other : with_main).push_back(key);
  }
  // First of all the one that counts: the time left may be short.
  const Result<void> written = main->put(with_main, token, context);
  if (written) {
    for (const std::string& key : with_main) remember(key, main);
  }
  if (with_other.empty()) return written;
  if (const Result<void> alias = other->put(with_other, token, context); !alias) {
    report(LogLevel::warning, *other, "keeps an older login", alias.error());
  }
  return written;
}

Result<void> SharedLoginStorage::remove(std::string_view key, const CallContext& context) {
  const Result<void> first = first_->remove(key, context);
  const Result<void> second = second_ ? second_->remove(key, context) : Result<void>();
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = store_of_.find(key);
    if (found != store_of_.end()) store_of_.erase(found);
  }
  if (!first || second) return first;
  if (second.error().code != ErrorCode::storage_unavailable) return second;
  report(LogLevel::warning, *second_, "may still hold the login", second.error());
  return {};
}

Result<std::vector<std::string>> SharedLoginStorage::list(const CallContext& context) {
  Result<std::vector<std::string>> first = first_->list(context);
  if (!second_) return first;
  const Result<std::vector<std::string>> second = second_->list(context);
  if (!second) {
    report(LogLevel::debug, *second_, "was not read", second.error());
    return first;
  }
  if (!first) {
    report(LogLevel::debug, *first_, "was not read", first.error());
    return second;
  }
  std::set<std::string> keys(first->begin(), first->end());
  keys.insert(second->begin(), second->end());
  return std::vector<std::string>(keys.begin(), keys.end());
}

std::shared_ptr<TokenCache> make_refused_token_cache(Error error) {
  return std::make_shared<RefusedTokenCache>(std::move(error));
}

}  // namespace dbxauth::tokenstore
