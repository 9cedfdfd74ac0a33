// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "dbxauth/token_cache.hpp"
#include "tokenstore/token_arguments.hpp"

namespace dbxauth {
namespace {

class MemoryTokenCache final : public TokenCache {
 public:
  std::string_view kind() const noexcept override { return "memory"; }
  std::string location() const override { return "memory of this process"; }

  Result<Token> get(std::string_view key, const CallContext&) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = tokens_.find(key);
    if (found == tokens_.end()) {
      return Error(ErrorCode::not_found, fmt::format("no token is stored under '{}' in memory", key));
    }
    return found->second.clone();
  }

  Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext& context) override {
    if (Result<void> valid = tokenstore::check_put(keys, token); !valid) return valid;
    if (Result<void> alive = context.check("storing a token"); !alive) return alive;
    const std::lock_guard<std::mutex> guard(mutex_);
    for (const std::string& key : keys) tokens_.insert_or_assign(key, token.clone());
    return {};
  }

  Result<void> remove(std::string_view key, const CallContext&) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = tokens_.find(key);
    if (found != tokens_.end()) tokens_.erase(found);
    return {};
  }

  Result<std::vector<std::string>> list(const CallContext&) override {
    const std::lock_guard<std::mutex> guard(mutex_);
    std::vector<std::string> keys;
    for (const auto& token : tokens_) keys.push_back(token.first);
    return keys;
  }

  Result<void> availability(const CallContext&) override { return {}; }

 private:
  std::mutex mutex_;
  std::map<std::string, Token, std::less<>> tokens_;
};

}  // namespace

std::shared_ptr<TokenCache> make_memory_token_cache() {
  return std::make_shared<MemoryTokenCache>();
}

}  // namespace dbxauth
