// SPDX-License-Identifier: Apache-2.0
#include "workspace/statement_result.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <mutex>
#include <string>
#include <vector>

#include "dbxauth/log.hpp"
#include "encoding/timestamp.hpp"
#include "support/workspace_fixture.hpp"
#include "workspace/statement_error.hpp"

using namespace dbxauth;
using dbxauth::testing::http_response;
using dbxauth::testing::RecordedRequest;
using dbxauth::testing::WorkspaceFixture;

namespace {

const std::string statements = "https://adb-1.azuredatabricks.net/api/2.0/sql/statements";
const std::string store = "https://store.example/result?X-Amz-Signature=SIGNATURE";

StatementRequest request_for_everything(bool large = false) {
  StatementRequest request;
  request.sql = "SELECT * FROM t";
  request.warehouse_id = "w1";
  request.large_result = large;
  return request;
}

std::string success(std::string_view manifest, std::string_view result) {
  return fmt::format(R"({{"statement_id": "s1", "status": {{"state": "SUCCEEDED"}}, "manifest": {}, "result": {}}})",
                     manifest, result);
}

std::string manifest(int rows, int chunks, int columns = 1) {
  std::string list;
  for (int i = 0; i < columns; ++i) {
    list += fmt::format(R"({}{{"name": "c{}", "type_text": "STRING", "position": {}}})", i == 0 ? "" : ",", i, i);
  }
  return fmt::format(
      R"({{"schema": {{"column_count": {}, "columns": [{}]}}, "total_row_count": {}, "total_chunk_count": {}}})",
      columns, list, rows, chunks);
}

std::string link(std::string_view url, int index, int next, std::string_view expiration = "2026-01-01T00:15:00Z") {
  return fmt::format(R"({{"external_links": [{{"external_link": "{}", "chunk_index": {}, "expiration": "{}",)"
                     R"( "http_headers": {{"x-amz-server-side-encryption-customer-key": "KEY"}}{}}}]}})",
                     url, index, expiration,
                     next < 0 ? std::string() : fmt::format(R"(, "next_chunk_index": {})", next));
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void check_failure(const Result<StatementResult>& result, ErrorCode code, std::string_view part) {
  REQUIRE_FALSE(result);
  INFO(result.error().message);
  CHECK(result.error().code == code);
  CHECK(contains(result.error().message, part));
}

}  // namespace

TEST_CASE("SQL NULL, the text null and the empty text are three values", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(1, 1, 3), R"({"data_array": [[null, "null", ""]]})"));
  const auto result = fixture.client().execute(request_for_everything());
  REQUIRE(result);
  REQUIRE(result->rows.size() == 1);
  CHECK_FALSE(result->rows[0][0].has_value());
  CHECK(result->rows[0][1] == "null");
  CHECK(result->rows[0][2] == "");
  CHECK(result->columns[2].name == "c2");
}

TEST_CASE("columns are put into the order of their positions", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(R"({"schema": {"columns": [{"name": "b", "type_text": "INT", "position": 1},
                                             {"name": "a", "type_text": "DATE", "position": 0}]}})",
                                         R"({"data_array": [["x", "1"]]})"));
  const auto result = fixture.client().execute(request_for_everything());
  REQUIRE(result);
  CHECK(result->columns[0].name == "a");
  CHECK(result->columns[0].type_text == "DATE");
  CHECK(result->columns[1].name == "b");
}

TEST_CASE("inline chunks are fetched one after the other", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised
      ->reply(200, success(manifest(4, 3), R"({"chunk_index": 0, "data_array": [["a"], ["b"]],
      "next_chunk_index": 1, "next_chunk_internal_link": "/api/2.0/sql/statements/s1/result/chunks/1?row_offset=2"})"))
      .reply(200, R"({"chunk_index": 1, "data_array": [["c"]],
      "next_chunk_internal_link": "/api/2.0/sql/statements/s1/result/chunks/2?row_offset=3"})")
      .reply(200, R"({"chunk_index": 2, "data_array": [["d"]]})");
  const auto result = fixture.client().execute(request_for_everything());
  REQUIRE(result);
  CHECK(result->rows.size() == 4);
  CHECK(result->rows[3][0] == "d");
  REQUIRE(fixture.authorised->request_count() == 3);
  CHECK(fixture.authorised->request(1).url == statements + "/s1/result/chunks/1");
  CHECK(fixture.authorised->request(2).url == statements + "/s1/result/chunks/2");
}

TEST_CASE("a link to the next chunk cannot lead elsewhere", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised
      ->reply(200, success(manifest(2, 2), R"({"data_array": [["a"]],
      "next_chunk_internal_link": "https://evil.example/steal/result/chunks/1"})"))
      .reply(200, R"({"data_array": [["b"]]})");
  REQUIRE(fixture.client().execute(request_for_everything()));
  CHECK(fixture.authorised->request(1).url == statements + "/s1/result/chunks/1");
}

TEST_CASE("a statement without a result has no rows", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, R"({"statement_id": "s1", "status": {"state": "SUCCEEDED"}})")
      .reply(200, success(manifest(0, 0), R"({"data_array": []})"))
      .reply(200, success(manifest(0, 0), "{}"));
  const auto client = fixture.client();
  for (int i = 0; i < 3; ++i) {
    const auto result = client.execute(request_for_everything());
    REQUIRE(result);
    CHECK(result->rows.empty());
    CHECK(result->total_row_count == 0);
  }
}

TEST_CASE("a result that is missing from the answer is fetched", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised
      ->reply(200, R"({"statement_id": "s1", "status": {"state": "SUCCEEDED"}, "manifest": )" + manifest(1, 1) + "}")
      .reply(200, R"({"data_array": [["a"]]})");
  const auto result = fixture.client().execute(request_for_everything());
  REQUIRE(result);
  CHECK(result->rows.size() == 1);
}

TEST_CASE("a part of a result is never taken for the whole", "[workspace]") {
  const auto outcome = [](std::vector<std::string> answers) {
    WorkspaceFixture fixture;
    for (const std::string& answer : answers) fixture.authorised->reply(200, answer);
    return fixture.client().execute(request_for_everything());
  };
  check_failure(outcome({success(manifest(3, 1), R"({"data_array": [["a"]]})")}), ErrorCode::protocol, "1 of 3 rows");
  check_failure(outcome({success(manifest(2, 2), R"({"data_array": [["a"]], "next_chunk_index": 0})"),
                         R"({"data_array": [["a"]], "next_chunk_index": 0})"}),
                ErrorCode::protocol, "do not come to an end");
  check_failure(outcome({success(manifest(2, 2), R"({"data_array": [["a"]], "next_chunk_index": 5})")}),
                ErrorCode::protocol, "beyond its last one");
  check_failure(outcome({success(manifest(1, 1, 2), R"({"data_array": [["a"]]})")}), ErrorCode::protocol,
                "one cell per column");
  check_failure(outcome({success(manifest(1, 1), R"({"data_array": [[["nested"]]]})")}), ErrorCode::protocol,
                "neither text nor null");
  check_failure(outcome({success(manifest(1, 1), R"({"data_array": ["a"]})")}), ErrorCode::protocol, "not an array");
  check_failure(outcome({success(manifest(1, 1), R"({"data_array": {"a": 1}})")}), ErrorCode::protocol, "not an array");
}

TEST_CASE("a chunk that cannot be fetched fails the result", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(2, 2), R"({"data_array": [["a"]], "next_chunk_index": 1})"))
      .reply(404, R"({"error_code": "NOT_FOUND", "message": "The result has expired"})");
  check_failure(fixture.client().execute(request_for_everything()), ErrorCode::not_found, "chunk 1");
}

TEST_CASE("rows that the server dropped are told", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(R"({"schema": {"columns": [{"name": "a"}]}, "total_row_count": 10,
      "truncated": true})",
                                         R"({"data_array": [["a"]]})"));
  const auto result = fixture.client().execute(request_for_everything());
  REQUIRE(result);
  CHECK(result->truncated);
  CHECK(result->rows.size() == 1);
  CHECK(result->total_row_count == 10);
}

TEST_CASE("a result of the inline limit, 25 MiB, is read", "[workspace]") {
  constexpr int rows = 25 * 1024;
  std::string data = R"({"data_array": [)";
  data.reserve(26u << 20);
  const std::string cell(1000, 'x');
  for (int i = 0; i < rows; ++i) data += fmt::format(R"({}["{}{:020}"])", i == 0 ? "" : ",", cell, i);
  data += "]}";
  REQUIRE(data.size() > (25u << 20));
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(rows, 1), data));
  const auto result = fixture.client().execute(request_for_everything());
  REQUIRE(result);
  REQUIRE(result->rows.size() == rows);
  CHECK(*result->rows.back()[0] == cell + fmt::format("{:020}", rows - 1));
}

TEST_CASE("a statement that exceeds the inline limit fails and is not run again", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, R"({"statement_id": "s1", "status": {"state": "FAILED", "error": {
      "error_code": "BAD_REQUEST", "message": "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at most 26214400 bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want to download the full result."}}})");
  const auto result = fixture.client().execute(request_for_everything());
  check_failure(result, ErrorCode::sql_failed, "large_result");
  CHECK(workspace::exceeds_inline_limit(result.error()));
  CHECK(fixture.authorised->request_count() == 1);
  CHECK_FALSE(workspace::exceeds_inline_limit(Error(ErrorCode::sql_failed, "[DIVIDE_BY_ZERO] Division by zero.")));
}

TEST_CASE("external links are fetched without credentials, with their own headers", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(3, 2), link(store + "1", 0, 1))).reply(200, link(store + "2", 1, -1));
  fixture.plain->reply(200, R"([["a"], [null]])", {}, "").reply(200, R"([["null"]])", {}, "");
  const auto result = fixture.client("42").execute(request_for_everything(true));
  REQUIRE(result);
  REQUIRE(result->rows.size() == 3);
  CHECK_FALSE(result->rows[1][0].has_value());
  CHECK(result->rows[2][0] == "null");
  REQUIRE(fixture.plain->request_count() == 2);
  for (const RecordedRequest& sent : fixture.plain->requests()) {
    CHECK(sent.header("Authorization").empty());
    CHECK(sent.header("X-Databricks-Workspace-Id").empty());
    CHECK(sent.header("x-amz-server-side-encryption-customer-key") == "KEY");
    // Such headers carry keys: they must be among those that are never logged.
    CHECK(sent.headers.empty());
    CHECK_FALSE(sent.follow_redirects);
  }
  CHECK(fixture.plain->request(0).url == store + "1");
  CHECK(fixture.plain->request(1).url == store + "2");
  CHECK(fixture.authorised->request_count() == 2);
  CHECK(fixture.authorised->request_count("store.example") == 0);
}

TEST_CASE("a link that is about to expire is asked for again before it is used", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.clock->set(*encoding::parse_rfc3339("2026-01-01T00:14:45Z"));
  fixture.authorised->reply(200, success(manifest(1, 1), link(store + "old", 0, -1)))
      .reply(200, link(store + "new", 0, -1, "2026-01-01T00:29:00Z"));
  fixture.plain->reply(200, R"([["a"]])");
  REQUIRE(fixture.client().execute(request_for_everything(true)));
  CHECK(fixture.authorised->request(1).url == statements + "/s1/result/chunks/0");
  REQUIRE(fixture.plain->request_count() == 1);
  CHECK(fixture.plain->request(0).url == store + "new");
}

TEST_CASE("with a wrong clock a link is asked for again once and then used", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.clock->set(*encoding::parse_rfc3339("2027-01-01T00:00:00Z"));
  fixture.authorised->reply(200, success(manifest(1, 1), link(store + "1", 0, -1)))
      .reply(200, link(store + "2", 0, -1));
  fixture.plain->reply(200, R"([["a"]])");
  REQUIRE(fixture.client().execute(request_for_everything(true)));
  CHECK(fixture.authorised->request_count() == 2);
}

TEST_CASE("a link that the store refuses is asked for again", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(1, 1), link(store + "1", 0, -1)))
      .reply(200, link(store + "2", 0, -1));
  fixture.plain
      ->reply(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", {},
              "application/xml")
      .reply(200, R"([["a"]])");
  const auto result = fixture.client().execute(request_for_everything(true));
  REQUIRE(result);
  CHECK(result->rows.size() == 1);
  CHECK(fixture.plain->request(1).url == store + "2");
}

TEST_CASE("a store that refuses fresh links too is an error after three tries", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(1, 1), link(store, 0, -1)));
  fixture.authorised->on(net::HttpMethod::get, "/result/chunks/0", 200, link(store, 0, -1));
  fixture.plain->on(net::HttpMethod::get, "store.example", 403, "");
  const auto result = fixture.client().execute(request_for_everything(true));
  check_failure(result, ErrorCode::unavailable, "https://store.example answered HTTP 403");
  CHECK(result.error().http_status == 403);
  CHECK(fixture.plain->request_count() == 3);
}

TEST_CASE("no link appears in an error or in a log record", "[workspace]") {
  std::string records;
  std::mutex mutex;
  set_log_sink(LogLevel::trace, [&](LogLevel, std::string_view subject, std::string_view message) {
    const std::lock_guard lock(mutex);
    records += fmt::format("{} {}\n", subject, message);
  });
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(1, 1), link(store, 0, -1)));
  fixture.plain->fail(Error(ErrorCode::network, "could not connect to " + store + " (reset)"));
  const auto lost = fixture.client().execute(request_for_everything(true));
  fixture.authorised->reply(200, success(manifest(1, 1), link(store, 0, -1)));
  fixture.plain->reply(500, "oops");
  const auto broken = fixture.client().execute(request_for_everything(true));
  set_log_sink(LogLevel::off, {});
  check_failure(lost, ErrorCode::network, "store.example");
  check_failure(broken, ErrorCode::unavailable, "HTTP 500");
  for (const std::string& text : {lost.error().message, broken.error().message, records}) {
    CHECK_FALSE(contains(text, "SIGNATURE"));
    CHECK_FALSE(contains(text, "KEY"));
  }
}

TEST_CASE("a chunk in the store that is no JSON, or a link that is none, is a protocol error", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, success(manifest(1, 1), link(store, 0, -1)))
      .reply(200, success(manifest(1, 1), R"({"external_links": [{"chunk_index": 0}]})"))
      .reply(200, success(manifest(1, 1), R"({"external_links": []})"));
  fixture.plain->reply(200, "PAR1");
  const auto client = fixture.client();
  check_failure(client.execute(request_for_everything(true)), ErrorCode::protocol, "statement s1");
  check_failure(client.execute(request_for_everything(true)), ErrorCode::protocol, "external link is missing");
  check_failure(client.execute(request_for_everything(true)), ErrorCode::protocol, "0 of 1 rows");
}
