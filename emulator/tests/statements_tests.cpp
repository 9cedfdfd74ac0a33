// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "emulator_fixture.hpp"

namespace dbxauth::emulator::testing {

namespace {

constexpr const char* statements = "/api/2.0/sql/statements";

std::string state_of(const Answer& answer) {
  return std::string(answer.json()["status"]["state"].string_or());
}

std::string cell(const Answer& answer, std::size_t row, std::size_t column) {
  return answer.json()["result"]["data_array"].at(row).at(column).as_text().value_or("<null>");
}

Answer wait_until_ended(TestWorkspace& workspace, const std::string& id) {
  while (true) {
    Answer answer = workspace.get(std::string(statements) + "/" + id);
    REQUIRE(answer.status == 200);
    if (state_of(answer) != "PENDING" && state_of(answer) != "RUNNING") return answer;
    std::this_thread::yield();
  }
}

/// Path and query of a link on the same server.
std::string path_of(const std::string& url) {
  return url.substr(url.find('/', url.find("://") + 3));
}

}  // namespace

TEST_CASE("a short statement answers in the submit call") {
  TestWorkspace workspace("empty");
  const Answer answer = workspace.execute("SELECT 1 AS one, CAST(NULL AS STRING) AS nothing, 'null' AS word");
  REQUIRE(answer.status == 200);
  INFO(answer.body);
  REQUIRE(state_of(answer) == "SUCCEEDED");
  const auto manifest = answer.json()["manifest"];
  CHECK(manifest["format"].string_or() == "JSON_ARRAY");
  CHECK(manifest["schema"]["column_count"].integer_or(0) == 3);
  CHECK(manifest["schema"]["columns"].at(0)["name"].string_or() == "one");
  CHECK(manifest["schema"]["columns"].at(0)["type_name"].string_or() == "INT");
  CHECK(manifest["schema"]["columns"].at(2)["position"].integer_or(0) == 2);
  CHECK(manifest["total_row_count"].integer_or(0) == 1);
  CHECK_FALSE(manifest["truncated"].boolean_or(true));
  CHECK(cell(answer, 0, 0) == "1");
  CHECK(answer.json()["result"]["data_array"].at(0).at(1).kind() == base::JsonKind::null);
  CHECK(answer.json()["result"]["data_array"].at(0).at(2).is_string());
}

TEST_CASE("a statement that fails is an answer with state FAILED") {
  TestWorkspace workspace("empty");
  const Answer failed = workspace.execute("SELECT * FROM no_catalog.no_schema.no_table");
  CHECK(failed.status == 200);
  CHECK(state_of(failed) == "FAILED");
  CHECK_FALSE(failed.json()["status"]["error"]["message"].string_or().empty());
  CHECK_FALSE(failed.json()["status"]["error"]["error_code"].string_or().empty());
  CHECK(failed.json()["result"].is_missing());
  CHECK(state_of(workspace.execute("FROBNICATE THE TABLE")) == "FAILED");
}

TEST_CASE("parameters are bound by name") {
  TestWorkspace workspace("empty");
  const Answer answer =
      workspace.execute("SELECT :a AS a, :b AS b",
                        R"(,"parameters":[{"name":"a","value":"it's"},{"name":"b","value":null,"type":"INT"}])");
  INFO(answer.body);
  REQUIRE(state_of(answer) == "SUCCEEDED");
  CHECK(cell(answer, 0, 0) == "it's");
  CHECK(cell(answer, 0, 1) == "<null>");
}

TEST_CASE("requests that the platform refuses are refused") {
  TestWorkspace workspace("empty");
  for (const char* more :
       {R"(,"wait_timeout":"4s")", R"(,"wait_timeout":"51s")", R"(,"wait_timeout":"10")", R"(,"wait_timeout":"-5s")",
        R"(,"wait_timeout":10)", R"(,"on_wait_timeout":"PANIC")", R"(,"disposition":"POST")", R"(,"format":"CSV")",
        R"(,"format":"XML")", R"(,"row_limit":0)", R"(,"byte_limit":-1)", R"(,"parameters":[{"value":"x"}])",
        R"(,"parameters":[{"name":"a","value":1}])"}) {
    INFO(more);
    const Answer refused = workspace.execute("SELECT 1", more);
    CHECK(refused.status == 400);
    CHECK(code_of(refused) == "INVALID_PARAMETER_VALUE");
  }
  std::string tags;
  for (int i = 0; i < 21; ++i) tags += (i == 0 ? "" : ",") + std::string(R"({"key":"k)") + std::to_string(i) + R"("})";
  CHECK(workspace.execute("SELECT 1", R"(,"query_tags":[)" + tags + "]").status == 400);
  CHECK(workspace.execute(std::string(16u * 1024 * 1024 + 1, ' ')).status == 400);
  CHECK(workspace.post(statements, R"({"statement":"SELECT 1"})").status == 400);
  CHECK(workspace.post(statements, R"({"statement":"SELECT 1","warehouse_id":"0"})").status == 404);
  const Answer unknown = workspace.get(std::string(statements) + "/01f0-none");
  CHECK(unknown.status == 404);
  CHECK(code_of(unknown) == "RESOURCE_DOES_NOT_EXIST");
  CHECK(workspace.post(std::string(statements) + "/01f0-none/cancel", "{}").status == 404);
  CHECK(workspace.execute("SELECT 1", R"(,"disposition":"EXTERNAL_LINKS","format":"ARROW_STREAM")").status == 501);
}

TEST_CASE("wait_timeout 0s submits, and the statement is polled") {
  TestWorkspace workspace("empty");
  workspace.set(R"({"statement_delay_ms":100})");
  const Answer submitted = workspace.execute("SELECT 7 AS x", R"(,"wait_timeout":"0s")");
  CHECK((state_of(submitted) == "PENDING" || state_of(submitted) == "RUNNING"));
  CHECK(submitted.json()["result"].is_missing());
  const Answer ended = wait_until_ended(workspace, submitted.text("statement_id"));
  CHECK(state_of(ended) == "SUCCEEDED");
  CHECK(cell(ended, 0, 0) == "7");
}

TEST_CASE("a statement can be cancelled while it runs") {
  TestWorkspace workspace("empty");
  workspace.set(R"({"statement_delay_ms":600000})");
  const Answer submitted = workspace.execute("SELECT 1", R"(,"wait_timeout":"0s")");
  const std::string path = std::string(statements) + "/" + submitted.text("statement_id");
  CHECK(workspace.post(path + "/cancel", "{}").status == 200);
  CHECK(state_of(wait_until_ended(workspace, submitted.text("statement_id"))) == "CANCELED");
  CHECK(workspace.get(path + "/result/chunks/0").status == 404);
}

TEST_CASE("on_wait_timeout CANCEL ends the statement with the wait") {
  TestWorkspace workspace("empty");
  workspace.set(R"({"statement_delay_ms":600000})");
  std::thread clock([&, client = workspace.connect()] {
    const auto statements_seen = [&] {
      return TestWorkspace::read(client->Get("/_emulator/counters")).json()["statements"].integer_or(0);
    };
    while (statements_seen() == 0) std::this_thread::yield();
    // The submit may read the clock only after it was moved once: move it until the answer is there.
    for (int i = 0; i < 3; ++i) {
      workspace.advance(std::chrono::seconds(6));
      std::this_thread::yield();
    }
  });
  const Answer answer = workspace.execute("SELECT 1", R"(,"wait_timeout":"5s","on_wait_timeout":"CANCEL")");
  clock.join();
  CHECK(state_of(answer) == "CANCELED");
}

TEST_CASE("a statement starts a stopped warehouse") {
  TestWorkspace workspace("empty");
  const std::string id = workspace.credentials().stopped_warehouse_id;
  const std::string path = "/api/2.0/sql/warehouses/" + id;
  CHECK(workspace.get(path).text("state") == "STOPPED");
  workspace.set(R"({"warehouse_start_ms":50})");
  const Answer answer = workspace.post(statements, R"({"warehouse_id":")" + id + R"(","statement":"SELECT 1"})");
  CHECK(state_of(answer) == "SUCCEEDED");
  CHECK(workspace.get(path).text("state") == "RUNNING");
}

TEST_CASE("warehouses are listed in pages, started and stopped") {
  TestWorkspace workspace("empty");
  const std::string base = "/api/2.0/sql/warehouses";
  const Answer all = workspace.get(base);
  CHECK(all.json()["warehouses"].size() == 2);
  CHECK(all.json()["next_page_token"].is_missing());
  const Answer first = workspace.get(base + "?page_size=1");
  CHECK(first.json()["warehouses"].at(0)["id"].string_or() == workspace.credentials().warehouse_id);
  const Answer second = workspace.get(base + "?page_size=1&page_token=" + first.text("next_page_token"));
  CHECK(second.json()["warehouses"].at(0)["id"].string_or() == workspace.credentials().stopped_warehouse_id);
  CHECK(second.text("next_page_token").empty());
  CHECK(workspace.get(base + "?page_token=bogus").status == 400);
  CHECK(workspace.get(base + "/0").status == 404);
  CHECK(workspace.post(base + "/0/start", "{}").status == 404);

  const std::string path = base + "/" + workspace.credentials().stopped_warehouse_id;
  CHECK(workspace.post(path + "/start", "{}").status == 200);
  CHECK(workspace.get(path).text("state") == "STARTING");
  workspace.advance(std::chrono::seconds(1));
  CHECK(workspace.get(path).text("state") == "RUNNING");
  CHECK(workspace.post(path + "/stop", "{}").status == 200);
  CHECK(workspace.get(path).text("state") == "STOPPED");
}

TEST_CASE("only its creator and administrators may read a statement") {
  TestWorkspace workspace("empty");
  const Answer bobs = workspace.execute_as(workspace.user("bob@example.com"), "SELECT 1");
  REQUIRE(state_of(bobs) == "SUCCEEDED");
  const std::string path = std::string(statements) + "/" + bobs.text("statement_id");
  CHECK(workspace.get_as(workspace.user("bob@example.com"), path).status == 200);
  CHECK(workspace.get(path).status == 200);
  const Answer refused = workspace.get_as(workspace.user("carol@example.com"), path);
  CHECK(refused.status == 403);
  CHECK(code_of(refused) == "PERMISSION_DENIED");
}

TEST_CASE("results come in chunks, by row and byte limits, inline and by links") {
  TestWorkspace workspace("demo");
  workspace.set(R"({"chunk_bytes":300})");
  const std::string sql = "SELECT n_nationkey, n_name FROM production.reference.nation ORDER BY n_nationkey";
  const Answer answer = workspace.execute(sql);
  INFO(answer.body);
  REQUIRE(state_of(answer) == "SUCCEEDED");
  const auto manifest = answer.json()["manifest"];
  const std::int64_t chunk_count = manifest["total_chunk_count"].integer_or(0);
  REQUIRE(chunk_count > 1);
  CHECK(manifest["total_row_count"].integer_or(0) == 25);

  SECTION("inline chunks join to the whole") {
    std::int64_t rows = static_cast<std::int64_t>(answer.json()["result"]["data_array"].size());
    std::string next(answer.json()["result"]["next_chunk_internal_link"].string_or());
    while (!next.empty()) {
      const Answer chunk = workspace.get(next);
      REQUIRE(chunk.status == 200);
      CHECK(chunk.json()["row_offset"].integer_or(-1) == rows);
      rows += static_cast<std::int64_t>(chunk.json()["data_array"].size());
      next = chunk.text("next_chunk_internal_link");
    }
    CHECK(rows == 25);
    const std::string id = answer.text("statement_id");
    CHECK(workspace.get(std::string(statements) + "/" + id + "/result/chunks/999").status == 400);
    CHECK(workspace.get(std::string(statements) + "/" + id + "/result/chunks/x").status == 400);
  }
  SECTION("row_limit and byte_limit truncate") {
    const Answer rows = workspace.execute(sql, R"(,"row_limit":3)");
    CHECK(rows.json()["manifest"]["total_row_count"].integer_or(0) == 3);
    CHECK(rows.json()["manifest"]["truncated"].boolean_or(false));
    const Answer bytes = workspace.execute(sql, R"(,"byte_limit":100)");
    CHECK(bytes.json()["manifest"]["truncated"].boolean_or(false));
    CHECK(bytes.json()["manifest"]["total_row_count"].integer_or(99) < 25);
  }
  SECTION("an inline result above the limit fails, the same by links does not") {
    workspace.set(R"({"inline_limit_bytes":200})");
    const Answer failed = workspace.execute(sql);
    CHECK(state_of(failed) == "FAILED");
    CHECK(failed.json()["status"]["error"]["message"].string_or().find("Inline byte limit") != std::string_view::npos);
    CHECK(state_of(workspace.execute(sql, R"(,"disposition":"EXTERNAL_LINKS")")) == "SUCCEEDED");
  }
  SECTION("links work without a token, refuse one, and expire") {
    const Answer external = workspace.execute(sql, R"(,"disposition":"EXTERNAL_LINKS")");
    const auto link = external.json()["result"]["external_links"].at(0);
    const std::string path = path_of(std::string(link["external_link"].string_or()));
    CHECK(external.json()["manifest"]["total_byte_count"].integer_or(0) > 0);
    const Answer data = workspace.send("GET", path);
    REQUIRE(data.status == 200);
    CHECK(static_cast<std::int64_t>(data.json().size()) == link["row_count"].integer_or(-1));
    CHECK(static_cast<std::int64_t>(data.body.size()) == link["byte_count"].integer_or(-1));
    CHECK(workspace.get(path).status == 400);
    CHECK(workspace.send("GET", path + "0").status == 403);
    workspace.advance(std::chrono::minutes(16));
    CHECK(workspace.send("GET", path).status == 403);
    const Answer fresh =
        workspace.get(std::string(statements) + "/" + external.text("statement_id") + "/result/chunks/1");
    const auto second = fresh.json()["external_links"].at(0);
    CHECK(second["chunk_index"].integer_or(0) == 1);
    CHECK(workspace.send("GET", path_of(std::string(second["external_link"].string_or()))).status == 200);
  }
  SECTION("links may be good once and need their headers") {
    workspace.set(R"({"external_link_uses":1,"external_link_headers":true})");
    const Answer external = workspace.execute(sql, R"(,"disposition":"EXTERNAL_LINKS")");
    const auto link = external.json()["result"]["external_links"].at(0);
    const std::string path = path_of(std::string(link["external_link"].string_or()));
    httplib::Headers headers;
    link["http_headers"].each_member([&](std::string_view name, base::JsonView value) {
      headers.emplace(std::string(name), std::string(value.string_or()));
    });
    REQUIRE(headers.size() == 1);
    CHECK(workspace.send("GET", path).status == 403);
    CHECK(workspace.send("GET", path, {}, headers).status == 200);
    CHECK(workspace.send("GET", path, {}, headers).status == 403);
  }
  SECTION("CSV has one header line and quotes what needs it") {
    workspace.set(R"({"chunk_bytes":1000000})");
    const Answer csv = workspace.execute("SELECT 'a,b' AS `x\\\"y`, CAST(NULL AS STRING) AS z",
                                         R"(,"disposition":"EXTERNAL_LINKS","format":"CSV")");
    INFO(csv.body);
    REQUIRE(state_of(csv) == "SUCCEEDED");
    const auto link = csv.json()["result"]["external_links"].at(0);
    CHECK(workspace.send("GET", path_of(std::string(link["external_link"].string_or()))).body ==
          "\"x\"\"y\",z\r\n\"a,b\",null\r\n");
  }
  SECTION("the result is gone after an hour, the statement after twelve") {
    const std::string path = std::string(statements) + "/" + answer.text("statement_id");
    workspace.advance(std::chrono::minutes(61));
    CHECK(state_of(workspace.get(path)) == "CLOSED");
    workspace.advance(std::chrono::hours(12));
    CHECK(workspace.get(path).status == 404);
  }
}

TEST_CASE("statements are counted by kind and logged with their principal") {
  TestWorkspace workspace("empty");
  workspace.control("counters/reset", "{}");
  workspace.execute("SELECT 1", R"(,"query_tags":[{"key":"step","value":"7"}])");
  workspace.execute_as(workspace.user("bob@example.com"), "SHOW CATALOGS");
  const Answer counters = workspace.send("GET", "/_emulator/counters");
  CHECK(counters.json()["statements"].integer_or(0) == 2);
  CHECK(counters.json()["by_statement"]["SELECT"].integer_or(0) == 1);
  CHECK(counters.json()["by_statement"]["SHOW"].integer_or(0) == 1);
  const Answer log = workspace.send("GET", "/_emulator/statements");
  REQUIRE(log.json()["statements"].size() == 2);
  CHECK(log.json()["statements"].at(0)["query_tags"]["step"].string_or() == "7");
  CHECK(log.json()["statements"].at(1)["principal"].string_or() == "bob@example.com");
  workspace.send("DELETE", "/_emulator/statements");
  CHECK(workspace.send("GET", "/_emulator/statements").json()["statements"].size() == 0);
}

}  // namespace dbxauth::emulator::testing
