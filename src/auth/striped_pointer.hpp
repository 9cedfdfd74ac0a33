// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

namespace dbxauth::auth {

/// A shared pointer that many threads read at once without touching the same cache line.
///
/// A plain shared pointer, atomic or not, has one reference count, and two threads that copy it all day fight for the
/// line that holds it. Here each stripe has a lock and a reference count of its own; a thread always uses the same
/// stripe, so that up to `stripe_count` threads never meet. Readers block only while a store() replaces their stripe.
template <class T>
class StripedPointer {
 public:
  StripedPointer() = default;
  StripedPointer(const StripedPointer&) = delete;
  StripedPointer& operator=(const StripedPointer&) = delete;

  std::shared_ptr<const T> load() const {
    const Stripe& stripe = stripes_[index_of_thread()];
    const std::lock_guard lock(stripe.mutex);
    return stripe.pointer;
  }

  /// Calls `use(const std::shared_ptr<const T>&)` under the stripe's lock and returns what it returns; saves the copy
  /// when the pointer is only looked at. `use` must be short and must not call back into this object.
  template <class Use>
  auto with(Use&& use) const {
    const Stripe& stripe = stripes_[index_of_thread()];
    const std::lock_guard lock(stripe.mutex);
    return use(stripe.pointer);
  }

  /// Not atomic over the stripes: for a moment some threads see the old value. Callers serialise stores.
  void store(const std::shared_ptr<const T>& value) {
    for (Stripe& stripe : stripes_) {
      std::shared_ptr<const T> own;
      if (value) own = std::shared_ptr<const T>(std::make_shared<Holder>(Holder{value}), value.get());
      const std::lock_guard lock(stripe.mutex);
      stripe.pointer.swap(own);
    }
  }

  void reset() noexcept {
    for (Stripe& stripe : stripes_) {
      std::shared_ptr<const T> old;
      const std::lock_guard lock(stripe.mutex);
      stripe.pointer.swap(old);
    }
  }

 private:
  static constexpr std::size_t stripe_count = 16;
  static constexpr std::size_t cache_line_bytes = 64;

  struct alignas(cache_line_bytes) Stripe {
    mutable std::mutex mutex;
    std::shared_ptr<const T> pointer;
  };

  // Its alignment keeps the reference counts of two stripes off one cache line: they are allocated one after another.
  struct alignas(cache_line_bytes) Holder {
    std::shared_ptr<const T> value;
  };

  static std::size_t index_of_thread() noexcept {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t index = next.fetch_add(1, std::memory_order_relaxed) % stripe_count;
    return index;
  }

  std::array<Stripe, stripe_count> stripes_;
};

}  // namespace dbxauth::auth
