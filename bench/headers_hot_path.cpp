// SPDX-License-Identifier: Apache-2.0
// What a program pays per request for authorisation while its token is fresh: Client::headers() on one and on several
// threads, for a fixed token and for one with an expiry, next to the plain atomic shared pointer that it is not.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "auth/strategies/refreshing_provider.hpp"
#include "dbxauth/client.hpp"

namespace {

using namespace std::chrono_literals;

dbxauth::Client client_with(dbxauth::ClientOptions options) {
  options.environment = std::map<std::string, std::string>{};
  options.rules = dbxauth::ChainRules::layered;
  options.set("host", "https://example.cloud.databricks.com");
  auto client = dbxauth::Client::create(std::move(options));
  if (!client || !client->headers()) {
    std::fprintf(stderr, "cannot set the client up\n");
    std::abort();
  }
  return std::move(*client);
}

class HourlySource final : public dbxauth::auth::TokenSource {
 public:
  dbxauth::Result<dbxauth::auth::IssuedToken> issue(const dbxauth::auth::TokenDemand&,
                                                    const dbxauth::CallContext&) override {
    dbxauth::auth::IssuedToken issued;
    issued.token.access_token = dbxauth::SecretString(std::string(900, 'x'));
    issued.token.lifetime = 1h;
    issued.token.expires_at = std::chrono::system_clock::now() + 1h;
    return issued;
  }
};

void fixed_token(benchmark::State& state) {
  static const dbxauth::Client client = [] {
    dbxauth::ClientOptions options;
    options.set("token", "dapi-benchmark");
    return client_with(std::move(options));
  }();
  for (auto _ : state) {
    auto headers = client.headers();
    benchmark::DoNotOptimize(headers);
  }
}
BENCHMARK(fixed_token)->Threads(1)->Threads(2)->UseRealTime();

void expiring_token(benchmark::State& state) {
  static const dbxauth::Client client = [] {
    dbxauth::ClientOptions options;
    options.providers.push_back(std::make_shared<dbxauth::auth::RefreshingProvider>(
        "hourly", std::make_shared<HourlySource>(), dbxauth::platform::Clock::system(),
        dbxauth::auth::RefreshPolicy{}));
    return client_with(std::move(options));
  }();
  for (auto _ : state) {
    auto headers = client.headers(5min);
    benchmark::DoNotOptimize(headers);
  }
}
BENCHMARK(expiring_token)->Threads(1)->Threads(2)->UseRealTime();

void atomic_shared_pointer(benchmark::State& state) {
  static std::atomic<std::shared_ptr<const int>> pointer{std::make_shared<const int>(7)};
  for (auto _ : state) {
    auto copy = pointer.load();
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(atomic_shared_pointer)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
