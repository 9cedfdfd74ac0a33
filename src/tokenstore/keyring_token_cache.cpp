// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_token_cache.hpp"

#include <utility>
#include <vector>

#include "platform/environment.hpp"
#include "tokenstore/secret_service_store.hpp"
#include "tokenstore/session_bus.hpp"
#include "tokenstore/token_arguments.hpp"

namespace dbxauth::tokenstore {
namespace {

class KeyringTokenCache final : public TokenCache {
 public:
  KeyringTokenCache(KeyringBase base, KeyringOptions options) : base_(std::move(base)) {
    limits_.answer = options.timeout;
    limits_.may_prompt = options.may_prompt;
  }

  std::string_view kind() const noexcept override { return "keyring"; }
  std::string location() const override { return std::string("OS keyring (service: ") + kKeyringService + ")"; }

  Result<Token> get(std::string_view key, const CallContext& context) override {
    return run<Token>(context, {}, [key = std::string(key)](KeyringEntries& entries) { return entries.get(key); });
  }

  Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext& context) override {
    if (Result<void> valid = check_put(keys, token); !valid) return valid;
    // The worker may need it after this call has ended.
    const auto copy = std::make_shared<const Token>(token.clone());
    return run<void>(context, keys, [keys, copy](KeyringEntries& entries) { return entries.put(keys, *copy); });
  }

  Result<void> remove(std::string_view key, const CallContext& context) override {
    return run<void>(context, {std::string(key)},
                     [key = std::string(key)](KeyringEntries& entries) { return entries.remove(key); });
  }

  Result<std::vector<std::string>> list(const CallContext& context) override {
    return run<std::vector<std::string>>(context, {}, [](KeyringEntries& entries) { return entries.list(); });
  }

  Result<void> availability(const CallContext& context) override {
    return run<void>(context, {}, [](KeyringEntries& entries) { return entries.probe(); });
  }

 private:
  template <class T>
  Result<T> run(const CallContext& context, const std::vector<std::string>& changes,
                std::function<Result<T>(KeyringEntries&)> work) {
    const Result<std::string> bus = base_.find_bus();
    if (!bus) return bus.error();
    return base_.worker().template run<T>(
        *bus, limits_, context, changes,
        [work = std::move(work), sizes = base_.sizes](SecretStore& store, KeyringCall& call) {
          KeyringEntries entries(store, call, sizes);
          return work(entries);
        });
  }

  const KeyringBase base_;
  KeyringCall::Limits limits_;
};

}  // namespace

std::shared_ptr<TokenCache> make_keyring_token_cache_on(KeyringBase base, KeyringOptions options) {
  return std::make_shared<KeyringTokenCache>(std::move(base), std::move(options));
}

}  // namespace dbxauth::tokenstore

namespace dbxauth {

std::shared_ptr<TokenCache> make_keyring_token_cache(KeyringOptions options) {
  platform::Environment environment =
      options.environment ? platform::Environment(*options.environment) : platform::Environment::of_process();
  tokenstore::KeyringBase base{[environment = std::move(environment)]() -> Result<std::string> {
                                 // Before the worker is asked: a child has nothing to start a thread for.
                                 if (Result<void> usable = tokenstore::check_usable_after_fork(); !usable)
                                   return std::move(usable).error();
                                 return tokenstore::find_session_bus(environment);
                               },
                               &tokenstore::KeyringWorker::of_process,
                               {}};
  return tokenstore::make_keyring_token_cache_on(std::move(base), std::move(options));
}

}  // namespace dbxauth
