// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "auth/provider_registry.hpp"

using namespace dbxauth;

namespace {

/// Counts how many of its kind were made and are alive.
class CountingProvider final : public CredentialProvider {
 public:
  struct Counts {
    std::atomic<int> made{0};
    std::atomic<int> alive{0};
    std::atomic<int> being_made{0};
    std::atomic<int> most_being_made{0};
  };
  explicit CountingProvider(Counts& counts) : counts_(counts) {
    ++counts_.made;
    ++counts_.alive;
  }
  ~CountingProvider() override { --counts_.alive; }
  std::string_view name() const noexcept override { return "counting"; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds, const CallContext&) override {
    return std::make_shared<const AuthHeaders>();
  }

 private:
  Counts& counts_;
};

std::shared_ptr<CredentialProvider> share(std::string_view key, CountingProvider::Counts& counts) {
  return auth::share_provider(SecretString(key), [&]() -> std::shared_ptr<CredentialProvider> {
    const int now = ++counts.being_made;
    int most = counts.most_being_made;
    while (now > most && !counts.most_being_made.compare_exchange_weak(most, now)) {
    }
    auto made = std::make_shared<CountingProvider>(counts);
    --counts.being_made;
    return made;
  });
}

}  // namespace

TEST_CASE("clients of one principal share one provider", "[registry]") {
  CountingProvider::Counts counts;
  const auto a = share("same key", counts);
  const auto b = share("same key", counts);
  REQUIRE(a);
  CHECK(a.get() == b.get());
  CHECK(counts.made == 1);
  CHECK(a->name() == "counting");
}

TEST_CASE("keys that differ in a byte share nothing", "[registry]") {
  CountingProvider::Counts counts;
  using namespace std::string_view_literals;
  const auto a = share("key", counts);
  const auto b = share("key "sv, counts);
  const auto c = share("key\0"sv, counts);
  const auto d = share("key\0x"sv, counts);
  const auto e = share(""sv, counts);
  CHECK(counts.made == 5);
  CHECK(counts.alive == 5);
}

TEST_CASE("a provider ends with its last client and the next client gets a new one", "[registry]") {
  CountingProvider::Counts counts;
  auto a = share("ending", counts);
  auto b = share("ending", counts);
  a.reset();
  CHECK(counts.alive == 1);
  b.reset();
  CHECK(counts.alive == 0);
  const auto c = share("ending", counts);
  CHECK(counts.made == 2);
  CHECK(share("ending", counts).get() == c.get());
}

TEST_CASE("a failure to make a provider leaves nothing behind", "[registry]") {
  CountingProvider::Counts counts;
  CHECK(auth::share_provider(SecretString("failing"), [] { return std::shared_ptr<CredentialProvider>(); }) == nullptr);
  CHECK_THROWS_AS(auth::share_provider(SecretString("failing"),
                                       []() -> std::shared_ptr<CredentialProvider> { throw std::runtime_error("no"); }),
                  std::runtime_error);
  CHECK(share("failing", counts) != nullptr);
  CHECK(counts.made == 1);
}

TEST_CASE("making a provider may ask for the same key without waiting for itself", "[registry]") {
  CountingProvider::Counts counts;
  std::shared_ptr<CredentialProvider> inner;
  const auto outer = auth::share_provider(SecretString("recursive"), [&]() -> std::shared_ptr<CredentialProvider> {
    inner = share("recursive", counts);
    return std::make_shared<CountingProvider>(counts);
  });
  REQUIRE(outer);
  CHECK(outer.get() != inner.get());
  CHECK(share("recursive", counts).get() == outer.get());
}

TEST_CASE("callers that come together wait for one making", "[registry]") {
  CountingProvider::Counts counts;
  std::atomic<int> arrived{0};
  constexpr int callers = 8;
  std::vector<std::shared_ptr<CredentialProvider>> got(callers);
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&, i] {
      got[static_cast<std::size_t>(i)] =
          auth::share_provider(SecretString("together"), [&]() -> std::shared_ptr<CredentialProvider> {
            // Not before another caller waits for this one, or as good as does.
            while (arrived < callers - 1) std::this_thread::yield();
            return std::make_shared<CountingProvider>(counts);
          });
      static_cast<void>(i);
    });
    ++arrived;
  }
  for (auto& thread : threads) thread.join();
  CHECK(counts.made == 1);
  for (const auto& provider : got) CHECK(provider.get() == got[0].get());
}

TEST_CASE("threads hammering few keys never see a dead or a second living provider", "[registry]") {
  constexpr int keys = 3;
  CountingProvider::Counts counts[keys];
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < 2000; ++n) {
        const int k = (t + n) % keys;
        const auto provider = share("hammered " + std::to_string(k), counts[k]);
        const auto again = share("hammered " + std::to_string(k), counts[k]);
        if (!provider || provider.get() != again.get() || !provider->headers({}, {})) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  for (auto& count : counts) {
    CHECK(count.alive == 0);
    CHECK(count.most_being_made == 1);
  }
}

TEST_CASE("a forked child has its parent's providers and makes its own", "[registry]") {
  CountingProvider::Counts counts;
  const auto kept = share("kept over a fork", counts);
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  for (int t = 0; t < 2; ++t) {
    busy.emplace_back([&] {
      // Somebody is always making something when the fork happens.
      while (!stop) static_cast<void>(share("made during a fork", counts));
    });
  }
  for (int i = 0; i < 20; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      const bool same = share("kept over a fork", counts).get() == kept.get();
      const bool made = share("made during a fork", counts) != nullptr;
      ::_exit(same && made ? 0 : 1);
    }
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  stop = true;
  for (auto& thread : busy) thread.join();
}
