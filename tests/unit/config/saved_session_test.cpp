// SPDX-License-Identifier: Apache-2.0
#include "config/saved_session.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "config/config_sources.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::chrono::system_clock::time_point kNow{seconds(1'800'000'000)};

std::string session(std::string_view host, std::chrono::seconds age, std::string_view more = "") {
  return fmt::format(R"({{"host": "{}", "timestamp": {}.25{}}})", host, 1'800'000'000 - age.count(), more);
}

struct Reader {
  testing::TemporaryDirectory home;
  std::vector<std::string> warnings;

  std::optional<AttributeLayer> read() {
    warnings.clear();
    return read_saved_session(home.path(), kNow, warnings);
  }
};

TEST_CASE("A session supplies host, token and warehouse") {
  Reader reader;
  CHECK_FALSE(reader.read().has_value());
  CHECK(reader.warnings.empty());
  const std::string path = reader.home.write(".clone-xs/session.json",
                                             session("https://x", hours(1), R"(, "token": "t", "warehouse_id": "w")"));
  const std::optional<AttributeLayer> layer = reader.read();
  REQUIRE(layer.has_value());
  CHECK(layer->layer == Layer::saved_session);
  CHECK(layer->text("host") == "https://x");
  CHECK(layer->text("token") == "t");
  CHECK(layer->text("warehouse_id") == "w");
  CHECK(layer->find("host")->provenance.place == path);
  CHECK(reader.warnings.empty());
}

TEST_CASE("The newest session of both places counts") {
  Reader reader;
  reader.home.write(".clone-xs/session.json", session("https://old", hours(2)));
  reader.home.write(".clxs-session.json", session("https://new", minutes(1), R"(, "warehouse_id": "SERVERLESS")"));
  const std::optional<AttributeLayer> layer = reader.read();
  REQUIRE(layer.has_value());
  CHECK(layer->text("host") == "https://new");
  CHECK(layer->find("warehouse_id") == nullptr);
  CHECK(layer->find("token") == nullptr);
}

TEST_CASE("A session counts for eight hours") {
  Reader reader;
  reader.home.write(".clxs-session.json", session("https://x", hours(8) - seconds(10)));
  CHECK(reader.read().has_value());
  reader.home.write(".clxs-session.json", session("https://x", hours(8) + seconds(1)));
  CHECK_FALSE(reader.read().has_value());
  REQUIRE(reader.warnings.size() == 1);
  CHECK_THAT(reader.warnings[0], Catch::Contains("has expired"));
}

TEST_CASE("What is no session becomes a warning") {
  Reader reader;
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[1]"), std::string("{\"host\": \"h"),
        std::string("{\"host\": \"h\"}"), std::string(R"({"host": "h", "timestamp": "yesterday"})"),
        session("", minutes(1)), session("h", hours(-2)), std::string(R"({"host": "h", "timestamp": 1e300})")}) {
    INFO(text);
    reader.home.write(".clxs-session.json", text);
    CHECK_FALSE(reader.read().has_value());
    REQUIRE(reader.warnings.size() == 1);
    CHECK_THAT(reader.warnings[0], Catch::Contains(".clxs-session.json was ignored: "));
  }
}

TEST_CASE("A token that others may read is reported") {
  Reader reader;
  reader.home.write(".clxs-session.json", session("h", minutes(1), R"(, "token": "hunter2")"), 0644);
  REQUIRE(reader.read().has_value());
  REQUIRE(reader.warnings.size() == 1);
  CHECK_THAT(reader.warnings[0], Catch::Contains("chmod 600") && !Catch::Contains("hunter2"));
  reader.home.write(".clxs-session.json", session("h", minutes(1)), 0644);
  REQUIRE(reader.read().has_value());
  CHECK(reader.warnings.empty());
}

TEST_CASE("The session is the lowest layer, and a dead one is mentioned only when it could have served") {
  testing::TemporaryDirectory home;
  const auto load = [&](std::map<std::string, std::string> variables) {
    variables["HOME"] = home.path();
    SourceOptions options;
    options.environment = platform::Environment(std::move(variables));
    return load_sources(options).value();
  };
  const auto now = std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  home.write(".clxs-session.json", fmt::format(R"({{"host": "https://s", "timestamp": {}}})", now - 60));
  const ConfigSources alive = load({{"DATABRICKS_HOST", "https://e"}});
  REQUIRE(alive.layers.size() == 2);
  CHECK(alive.layers.back().layer == Layer::saved_session);
  CHECK(load({{"DBXAUTH_CHAIN", "databricks-sdk"}}).layers.empty());

  home.write(".clxs-session.json", R"({"host": "https://s", "timestamp": 1000})");
  CHECK(load({{"DATABRICKS_TOKEN", "t"}}).warnings.empty());
  CHECK(load({}).warnings.size() == 1);
}

}  // namespace
}  // namespace dbxauth::config
