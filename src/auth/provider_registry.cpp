// SPDX-License-Identifier: Apache-2.0
#include "auth/provider_registry.hpp"

#include <pthread.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace dbxauth::auth {

namespace {

using KeyPtr = std::shared_ptr<const SecretString>;

class Registry {
 public:
  static Registry& instance() {
    // Never destroyed: clients in static objects of the host go after any static object of ours would have gone.
    static Registry* const registry = create();
    return *registry;
  }

  std::shared_ptr<CredentialProvider> share(SecretString key,
                                            const std::function<std::shared_ptr<CredentialProvider>()>& make);

 private:
  /// One provider in use. The callers' pointers own the lease; the registry only watches it.
  struct Lease {
    Lease(KeyPtr key_, std::shared_ptr<CredentialProvider> provider_)
        : key(std::move(key_)), provider(std::move(provider_)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { instance().forget(*key); }

    const KeyPtr key;
    const std::shared_ptr<CredentialProvider> provider;
  };

  struct Slot {
    std::weak_ptr<Lease> lease;
    bool making = false;
    std::thread::id maker;
  };

  struct ByBytes {
    using is_transparent = void;
    static std::string_view bytes(const KeyPtr& key) { return key->reveal(); }
    static std::string_view bytes(std::string_view key) { return key; }
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const {
      return bytes(left) < bytes(right);
    }
  };
  using Slots = std::map<KeyPtr, Slot, ByBytes>;

  /// The turn to make what a slot lacks. Ends in the destructor, exceptions of `make` included.
  class Making {
   public:
    Making(Registry& registry, KeyPtr key) : registry_(registry), key_(std::move(key)) {}
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;
    ~Making() { registry_.finish(*key_, lease); }

    std::shared_ptr<Lease> lease;

   private:
    Registry& registry_;
    const KeyPtr key_;
  };

  static Registry* create();
  static std::shared_ptr<CredentialProvider> provider_of(const std::shared_ptr<Lease>& lease) {
    return {lease, lease->provider.get()};
  }

  void forget(const SecretString& key) noexcept;
  void finish(const SecretString& key, const std::shared_ptr<Lease>& lease) noexcept;
  void after_fork_in_child() noexcept;

  std::mutex mutex_;
  Slots slots_;
  // Counts finished makings. Waiters sleep on it and not on a condition variable, which a forked child could inherit
  // with waiters that it does not have.
  std::atomic<int> finished_{0};
};

Registry* Registry::create() {
  auto* const registry = new Registry;
  static_cast<void>(::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                                     [] { instance().after_fork_in_child(); }));
  return registry;
}

std::shared_ptr<CredentialProvider> Registry::share(SecretString key,
                                                    const std::function<std::shared_ptr<CredentialProvider>()>& make) {
  KeyPtr owned = std::make_shared<const SecretString>(std::move(key));
  for (;;) {
    const int seen = finished_.load(std::memory_order_acquire);
    {
      // Not released under the lock when it turns out to be the last reference: ~Lease takes the lock.
      std::shared_ptr<Lease> lease;
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto [place, added] = slots_.try_emplace(owned);
      Slot& slot = place->second;
      lease = slot.lease.lock();
      if (lease) return provider_of(lease);
      if (!slot.making) {
        slot.making = true;
        slot.maker = std::this_thread::get_id();
        owned = place->first;
        break;
      }
      // Who waits for itself waits for ever: a recursive caller gets a provider of its own.
      if (slot.maker == std::this_thread::get_id()) return make();
    }
    finished_.wait(seen, std::memory_order_acquire);
  }
  // No lock is held here: `make` may log, and the program's log sink may do anything.
  Making making(*this, owned);
  auto provider = make();
  if (!provider) return nullptr;
  making.lease = std::make_shared<Lease>(owned, std::move(provider));
  return provider_of(making.lease);
}

void Registry::finish(const SecretString& key, const std::shared_ptr<Lease>& lease) noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto place = slots_.find(key.reveal());
    if (place != slots_.end()) {
      place->second.making = false;
      place->second.lease = lease;
      if (!lease) slots_.erase(place);
    }
  }
  finished_.fetch_add(1, std::memory_order_release);
  finished_.notify_all();
}

void Registry::forget(const SecretString& key) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto place = slots_.find(key.reveal());
  // Meanwhile somebody may have made, or be making, the next provider of that key.
  if (place != slots_.end() && !place->second.making && place->second.lease.expired()) slots_.erase(place);
}

void Registry::after_fork_in_child() noexcept {
  for (auto& [key, slot] : slots_) {
    // The threads that were making something exist in the parent only.
    if (slot.maker != std::this_thread::get_id()) slot.making = false;
  }
  mutex_.unlock();
}

}  // namespace

std::shared_ptr<CredentialProvider> share_provider(SecretString key,
                                                   const std::function<std::shared_ptr<CredentialProvider>()>& make) {
  return Registry::instance().share(std::move(key), make);
}

}  // namespace dbxauth::auth
