// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tokenstore/keyring_error.hpp"
#include "tokenstore/secret_store.hpp"

namespace dbxauth::testing {

/// The contents of a keyring and how it behaves, shared by the stores that open it. Thread-safe.
class ScriptedKeyring {
  template <class Action>
  auto locked(Action action) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
    return action();
  }

 public:
  using Name = std::pair<std::string, std::string>;
  /// Asked before each operation ("lookup", "store", "erase", "usernames"); an error is its result.
  using Before = std::function<Result<void>(const std::string& operation, const tokenstore::SecretName& name)>;

  std::map<Name, std::string> items() const {
    return locked([&] { return items_; });
  }
  std::string login(const std::string& key) const {
    return locked([&] {
      const auto found = items_.find({"databricks-cli", key});
      return found == items_.end() ? std::string("none") : found->second;
    });
  }
  void set(const Name& name, std::string secret) {
    locked([&] { items_[name] = std::move(secret); });
  }
  void erase(const Name& name) {
    locked([&] { items_.erase(name); });
  }
  void before(Before script) {
    locked([&] { before_ = std::move(script); });
  }
  std::vector<std::string> operations() const {
    return locked([&] { return operations_; });
  }

  /// Operations of this kind hang from now on, where a service would: after a write was let through, before it is
  /// applied. With `deaf`, abandoning the call does not end them either.
  void hang(std::string operation, bool deaf = true) {
    locked([&] {
      hanging_ = std::move(operation);
      deaf_ = deaf;
    });
  }
  void wait_until_hung() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return hung_ > 0; });
  }
  void resume() {
    locked([&] { hanging_.clear(); });
  }

  Result<void> enter(const std::string& operation, const tokenstore::SecretName& name, tokenstore::KeyringCall& call) {
    std::unique_lock<std::mutex> lock(mutex_);
    operations_.push_back(operation + " " + name.username);
    const Before script = before_;
    if (hanging_ == operation) {
      ++hung_;
      changed_.notify_all();
      while (hanging_ == operation) {
        changed_.wait_for(lock, std::chrono::milliseconds(1));
        if (!deaf_ && call.abandoned()) break;
      }
      --hung_;
      if (!deaf_ && call.abandoned()) return tokenstore::keyring_call_abandoned();
    }
    lock.unlock();
    return script ? script(operation, name) : Result<void>();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<Name, std::string> items_;
  std::vector<std::string> operations_;
  Before before_;
  std::string hanging_;
  bool deaf_ = true;
  int hung_ = 0;
};

class ScriptedSecretStore final : public tokenstore::SecretStore {
 public:
  explicit ScriptedSecretStore(std::shared_ptr<ScriptedKeyring> keyring) : keyring_(std::move(keyring)) {}

  Result<std::optional<SecretString>> lookup(const tokenstore::SecretName& name,
                                             tokenstore::KeyringCall& call) override {
    if (Result<void> entered = keyring_->enter("lookup", name, call); !entered) return std::move(entered).error();
    const auto items = keyring_->items();
    const auto found = items.find({name.service, name.username});
    if (found == items.end()) return std::optional<SecretString>();
    return std::optional<SecretString>(SecretString(found->second));
  }

  Result<void> store(const tokenstore::SecretName& name, const SecretString& secret,
                     tokenstore::KeyringCall& call) override {
    if (!call.begin_write()) return tokenstore::keyring_call_abandoned();
    if (Result<void> entered = keyring_->enter("store", name, call); !entered) return entered;
    keyring_->set({name.service, name.username}, std::string(secret.reveal()));
    return {};
  }

  Result<void> erase(const tokenstore::SecretName& name, tokenstore::KeyringCall& call) override {
    if (!call.begin_write()) return tokenstore::keyring_call_abandoned();
    if (Result<void> entered = keyring_->enter("erase", name, call); !entered) return entered;
    keyring_->erase({name.service, name.username});
    return {};
  }

  Result<std::vector<std::string>> usernames(const std::string& service, tokenstore::KeyringCall& call) override {
    if (Result<void> entered = keyring_->enter("usernames", {service, ""}, call); !entered) {
      return std::move(entered).error();
    }
    std::vector<std::string> names;
    for (const auto& item : keyring_->items()) {
      if (item.first.first == service) names.push_back(item.first.second);
    }
    return names;
  }

 private:
  std::shared_ptr<ScriptedKeyring> keyring_;
};

}  // namespace dbxauth::testing
