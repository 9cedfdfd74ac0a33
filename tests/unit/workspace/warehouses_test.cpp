// SPDX-License-Identifier: Apache-2.0
#include "workspace/warehouses.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "support/workspace_fixture.hpp"

using namespace dbxauth;
using dbxauth::testing::WorkspaceFixture;
using std::chrono::milliseconds;

namespace {

Warehouse make(std::string id, std::string name, std::string state, bool serverless = false) {
  Warehouse warehouse;
  warehouse.id = std::move(id);
  warehouse.name = std::move(name);
  warehouse.state = std::move(state);
  warehouse.serverless = serverless;
  return warehouse;
}

std::string described(const char* state) {
  return std::string(R"({"id": "w1", "name": "Main", "state": ")") + state + R"("})";
}

}  // namespace

TEST_CASE("the best warehouse does not depend on the order of the list", "[workspace]") {
  std::vector<Warehouse> warehouses{make("1", "a", "STOPPED", true),  make("2", "z", "RUNNING"),
                                    make("3", "b", "DELETED", true),  make("4", "y", "RUNNING"),
                                    make("5", "c", "STARTING", true), make("6", "x", "STOPPING", true),
                                    make("7", "d", "DELETING", true)};
  std::sort(warehouses.begin(), warehouses.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  do {
    REQUIRE(workspace::best_warehouse(warehouses) != nullptr);
    REQUIRE(workspace::best_warehouse(warehouses)->id == "4");
  } while (std::next_permutation(warehouses.begin(), warehouses.end(),
                                 [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST_CASE("serverless breaks a tie of states, the id one of names", "[workspace]") {
  CHECK(workspace::best_warehouse({make("1", "a", "RUNNING"), make("2", "b", "RUNNING", true)})->id == "2");
  CHECK(workspace::best_warehouse({make("2", "a", "STOPPED"), make("1", "a", "STOPPED")})->id == "1");
  CHECK(workspace::best_warehouse({make("1", "a", "STOPPING"), make("2", "b", "STOPPED")})->id == "2");
  CHECK(workspace::best_warehouse({make("1", "a", "DELETED")}) == nullptr);
  CHECK(workspace::best_warehouse({}) == nullptr);
}

TEST_CASE("warehouses of all pages are listed and the best is chosen", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised
      ->reply(200, R"({"warehouses": [{"id": "1", "name": "a", "state": "STOPPED", "cluster_size": "Small",
                       "warehouse_type": "PRO"}], "next_page_token": "n"})")
      .reply(200,
             R"({"warehouses": [{"id": "2", "name": "b", "state": "RUNNING", "enable_serverless_compute": true}]})");
  const auto chosen = fixture.client().choose_warehouse({});
  REQUIRE(chosen);
  CHECK(chosen->id == "2");
  CHECK(chosen->serverless);
  CHECK(fixture.authorised->request(1).url == "https://adb-1.azuredatabricks.net/api/2.0/sql/warehouses?page_token=n");
}

TEST_CASE("a preferred warehouse is used as it is, unless it is deleted", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, described("STOPPED")).reply(200, described("DELETED"));
  const auto client = fixture.client();
  const auto chosen = client.choose_warehouse("w1");
  REQUIRE(chosen);
  CHECK(chosen->state == "STOPPED");
  CHECK(client.choose_warehouse("w1").error().code == ErrorCode::not_found);
  CHECK(fixture.authorised->request(0).url == "https://adb-1.azuredatabricks.net/api/2.0/sql/warehouses/w1");
}

TEST_CASE("no usable warehouse is not_found and says what to do", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, "{}");
  const auto chosen = fixture.client().choose_warehouse({});
  REQUIRE_FALSE(chosen);
  CHECK(chosen.error().code == ErrorCode::not_found);
  CHECK(chosen.error().message.find("CAN USE") != std::string::npos);
}

TEST_CASE("a running warehouse is not started", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, described("RUNNING"));
  REQUIRE(fixture.client().start_warehouse("w1"));
  CHECK(fixture.authorised->request_count() == 1);
  CHECK(fixture.timer->sleeps().empty());
}

TEST_CASE("a stopped warehouse is started once and waited for with back-off", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, described("STOPPED")).reply(200, "{}");
  for (int i = 0; i < 6; ++i) fixture.authorised->reply(200, described("STARTING"));
  fixture.authorised->reply(200, described("RUNNING"));
  const auto started = fixture.client().start_warehouse("w1");
  REQUIRE(started);
  CHECK(started->state == "RUNNING");
  CHECK(fixture.authorised->request(1).url == "https://adb-1.azuredatabricks.net/api/2.0/sql/warehouses/w1/start");
  CHECK(fixture.authorised->request(1).method == net::HttpMethod::post);
  CHECK(fixture.authorised->request_count("/start") == 1);
  CHECK(fixture.timer->sleeps() == std::vector<milliseconds>{milliseconds(1000), milliseconds(2000), milliseconds(4000),
                                                             milliseconds(8000), milliseconds(10000),
                                                             milliseconds(10000), milliseconds(10000)});
}

TEST_CASE("a stopping warehouse is started after it has stopped", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, described("STOPPING"))
      .reply(200, described("STOPPED"))
      .reply(200, "{}")
      .reply(200, described("RUNNING"));
  REQUIRE(fixture.client().start_warehouse("w1"));
  CHECK(fixture.authorised->request_count("/start") == 1);
}

TEST_CASE("a warehouse that stops or goes away while it starts is an error with its reason", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, described("STOPPED"))
      .reply(200, "{}")
      .reply(200,
             R"({"id": "w1", "name": "Main", "state": "STOPPED", "health": {"details": "no capacity in the zone"}})");
  const auto stopped = fixture.client().start_warehouse("w1");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ErrorCode::unavailable);
  CHECK(stopped.error().message.find("no capacity in the zone") != std::string::npos);

  WorkspaceFixture other;
  other.authorised->reply(200, described("STARTING")).reply(200, described("DELETED"));
  CHECK(other.client().start_warehouse("w1").error().code == ErrorCode::not_found);
}

TEST_CASE("starting a warehouse ends after 20 minutes", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->on(net::HttpMethod::get, "/warehouses/w1", 200, described("STARTING"));
  const auto started = fixture.client().start_warehouse("w1");
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::timed_out);
  milliseconds waited{0};
  for (const milliseconds sleep : fixture.timer->sleeps()) waited += sleep;
  CHECK(waited >= std::chrono::minutes(20));
  CHECK(waited <= std::chrono::minutes(20) + milliseconds(10000));
}

TEST_CASE("cancelling ends the wait for a warehouse", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->on(net::HttpMethod::get, "/warehouses/w1", 200, described("STARTING"));
  CancelSource source;
  CallContext context;
  context.cancel = source.token();
  fixture.timer->during_sleep([&source] { source.cancel(); });
  const auto started = fixture.client().start_warehouse("w1", context);
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::cancelled);
  CHECK(fixture.authorised->request_count() == 1);
}
