// SPDX-License-Identifier: Apache-2.0
#include "workspace/statement_execution.hpp"

#include <catch2/catch.hpp>

#include "support/workspace_fixture.hpp"

using namespace dbxauth;
using dbxauth::testing::http_response;
using dbxauth::testing::parse_json;
using dbxauth::testing::RecordedRequest;
using dbxauth::testing::WorkspaceFixture;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const std::string statements = "https://adb-1.azuredatabricks.net/api/2.0/sql/statements";

StatementRequest request_for(std::string sql) {
  StatementRequest request;
  request.sql = std::move(sql);
  request.warehouse_id = "w1";
  return request;
}

std::string in_state(const char* state) {
  return std::string(R"({"statement_id": "s1", "status": {"state": ")") + state + R"("}})";
}

constexpr const char* succeeded_one_row = R"({"statement_id": "s1", "status": {"state": "SUCCEEDED"},
  "manifest": {"schema": {"column_count": 1, "columns": [{"name": "n", "type_text": "INT", "position": 0}]},
               "total_row_count": 1, "total_chunk_count": 1},
  "result": {"chunk_index": 0, "row_count": 1, "data_array": [["1"]]}})";

std::string failed_with(const char* error, const char* sql_state = "") {
  return std::string(R"({"statement_id": "s1", "status": {"state": "FAILED", "sql_state": ")") + sql_state +
         R"(", "error": )" + error + "}}";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the submit body carries everything that was asked for", "[workspace]") {
  StatementRequest request = request_for("SELECT :a, :b");
  request.catalog = "main";
  request.schema = "s";
  request.parameters = {{"a", "1", "INT"}, {"b", std::nullopt, "STRING"}, {"c", "", "STRING"}};
  request.query_tags = {{"job", "clone"}};
  const auto body = workspace::statement_submit_body(request, seconds(30));
  REQUIRE(body);
  CHECK(*body ==
        R"({"statement":"SELECT :a, :b","warehouse_id":"w1","catalog":"main","schema":"s","wait_timeout":"30s",)"
        R"("on_wait_timeout":"CONTINUE","disposition":"INLINE","format":"JSON_ARRAY",)"
        R"("parameters":[{"name":"a","value":"1","type":"INT"},{"name":"b","type":"STRING"},)"
        R"({"name":"c","value":"","type":"STRING"}],"query_tags":[{"key":"job","value":"clone"}]})");
  request = request_for("SELECT 1");
  request.large_result = true;
  CHECK(*workspace::statement_submit_body(request, seconds(0)) ==
        R"({"statement":"SELECT 1","warehouse_id":"w1","wait_timeout":"0s","on_wait_timeout":"CONTINUE",)"
        R"("disposition":"EXTERNAL_LINKS","format":"JSON_ARRAY"})");
}

TEST_CASE("what the API would refuse is refused before the request", "[workspace]") {
  WorkspaceFixture fixture;
  const auto client = fixture.client();
  const auto refused = [&client](const StatementRequest& request, std::string_view part) {
    const auto result = client.execute(request);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::invalid_argument);
    CHECK(contains(result.error().message, part));
  };
  refused(request_for("  \n"), "empty");
  refused(request_for(std::string((16u << 20) + 1, 'x')), "16 MiB");
  refused(request_for("SELECT '\xff'"), "UTF-8");
  StatementRequest request = request_for("SELECT 1");
  for (const int wait : {-1, 1, 4, 51, 3600}) {
    request.wait_in_submit = seconds(wait);
    refused(request, "wait_in_submit");
  }
  request = request_for("SELECT 1");
  request.warehouse_id.clear();
  refused(request, "warehouse_id");
  request = request_for("SELECT 1");
  request.query_tags.assign(21, {"k", "v"});
  refused(request, "query tags");
  request = request_for("SELECT :x");
  request.parameters = {{"", "1", "INT"}};
  refused(request, "no name");
  request.parameters = {{"x", std::string("\xc3"), "STRING"}};
  refused(request, "parameter 'x'");
  CHECK(fixture.authorised->request_count() == 0);
}

TEST_CASE("a short statement takes one round trip, sent at most once", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, succeeded_one_row);
  StatementRequest request = request_for("SELECT 1 AS n");
  std::string told;
  request.on_submitted = [&told](std::string_view id) { told = std::string(id); };
  const auto result = fixture.client().execute(request);
  REQUIRE(result);
  CHECK(result->statement_id == "s1");
  CHECK(told == "s1");
  REQUIRE(result->rows.size() == 1);
  CHECK(result->rows[0][0] == "1");
  CHECK(result->total_row_count == 1);
  REQUIRE(fixture.authorised->request_count() == 1);
  const RecordedRequest sent = fixture.authorised->request(0);
  CHECK(sent.url == statements);
  CHECK(sent.replay == net::Replay::never);
  CHECK(sent.attempt_timeout > seconds(30));
  CHECK(parse_json(sent.body)["wait_timeout"].string_or() == "30s");
}

TEST_CASE("a repeatable statement may be sent again", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, succeeded_one_row);
  StatementRequest request = request_for("SELECT 1 AS n");
  request.repeatable = true;
  REQUIRE(fixture.client().execute(request));
  CHECK(fixture.authorised->request(0).replay == net::Replay::safe);
}

TEST_CASE("a long statement is polled with back-off from 100 ms to 5 s", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, in_state("PENDING"));
  for (int i = 0; i < 7; ++i) fixture.authorised->reply(200, in_state("RUNNING"));
  fixture.authorised->reply(200, succeeded_one_row);
  StatementRequest request = request_for("CREATE TABLE t DEEP CLONE s");
  request.wait_in_submit = seconds(0);
  REQUIRE(fixture.client().execute(request));
  CHECK(fixture.authorised->request_count() == 9);
  CHECK(fixture.authorised->request(1).url == statements + "/s1");
  std::vector<milliseconds> expected;
  for (const int delay : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) expected.emplace_back(delay);
  CHECK(fixture.timer->sleeps() == expected);
}

TEST_CASE("a failed statement keeps the server's code, SQLSTATE and text", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, failed_with(R"({"error_code": "BAD_REQUEST",
                          "message": "[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601"})"));
  const auto result = fixture.client().execute(request_for("x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::sql_failed);
  CHECK(result.error().server_code == "BAD_REQUEST");
  CHECK(result.error().sql_state == "42601");
  CHECK(contains(result.error().message, "Syntax error at or near 'x'"));
  CHECK(contains(result.error().message, "s1"));
  CHECK(result.error().request_id == "s1");
}

TEST_CASE("failures of a statement are classified by SQLSTATE, code and error class", "[workspace]") {
  struct Example {
    const char* error;
    const char* sql_state;
    ErrorCode code;
  };
  const std::vector<Example> examples{
      {R"({"error_code": "BAD_REQUEST", "message": "[INSUFFICIENT_PERMISSIONS] Insufficient privileges."})", "42501",
       ErrorCode::permission_denied},
      {R"({"error_code": "BAD_REQUEST", "message": "[INSUFFICIENT_PERMISSIONS] No. SQLSTATE: 42501"})", "",
       ErrorCode::permission_denied},
      {R"({"error_code": "PERMISSION_DENIED", "message": "no"})", "", ErrorCode::permission_denied},
      {R"({"error_code": "BAD_REQUEST", "message": "PERMISSION_DENIED: User lacks it"})", "42501",
       ErrorCode::permission_denied},
      {R"({"error_code": "BAD_REQUEST", "message": "[TABLE_OR_VIEW_NOT_FOUND] The table `a`"})", "42P01",
       ErrorCode::not_found},
      {R"({"error_code": "NOT_FOUND", "message": "gone"})", "", ErrorCode::not_found},
      {R"({"error_code": "BAD_REQUEST", "message": "[SCHEMA_NOT_FOUND] no SQLSTATE: 42704"})", "",
       ErrorCode::not_found},
      {R"({"error_code": "ALREADY_EXISTS", "message": "there"})", "", ErrorCode::already_exists},
      {R"({"error_code": "BAD_REQUEST", "message": "[TABLE_OR_VIEW_ALREADY_EXISTS] there"})", "42P07",
       ErrorCode::already_exists},
      {R"({"error_code": "IO_ERROR", "message": "disk"})", "", ErrorCode::sql_failed},
      {R"({})", "", ErrorCode::sql_failed},
      {R"(null)", "", ErrorCode::sql_failed},
  };
  for (const Example& example : examples) {
    WorkspaceFixture fixture;
    fixture.authorised->reply(200, failed_with(example.error, example.sql_state));
    const auto result = fixture.client().execute(request_for("SELECT 1"));
    REQUIRE_FALSE(result);
    INFO(example.error);
    CHECK(result.error().code == example.code);
    CHECK_FALSE(result.error().retryable);
  }
}

TEST_CASE("a failure that may pass is marked retryable", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, failed_with(R"({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"})"));
  const auto result = fixture.client().execute(request_for("SELECT 1"));
  REQUIRE_FALSE(result);
  CHECK(result.error().retryable);
}

TEST_CASE("a secret in the text of a failed statement is redacted", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(
      200,
      failed_with(R"({"error_code": "BAD_REQUEST", "message": "bad literal 'dapi0123456789abcdef0123456789abcdef'"})"));
  const auto result = fixture.client().execute(request_for("SELECT 1"));
  REQUIRE_FALSE(result);
  CHECK_FALSE(contains(result.error().message, "dapi0123456789abcdef"));
  CHECK(contains(result.error().message, "bad literal"));
}

TEST_CASE("cancelled, closed and unknown states each say what happened", "[workspace]") {
  const auto outcome = [](const char* state) {
    WorkspaceFixture fixture;
    fixture.authorised->reply(200, in_state(state));
    const auto result = fixture.client().execute(request_for("SELECT 1"));
    REQUIRE_FALSE(result);
    CHECK(contains(result.error().message, "s1"));
    CHECK(fixture.authorised->request_count() == 1);
    return result.error();
  };
  const Error cancelled = outcome("CANCELED");
  CHECK(cancelled.code == ErrorCode::cancelled);
  CHECK(cancelled.server_code == "CANCELED");
  const Error closed = outcome("CLOSED");
  CHECK(closed.code == ErrorCode::not_found);
  CHECK(contains(closed.message, "result is gone"));
  const Error unknown = outcome("EXPLODED");
  CHECK(unknown.code == ErrorCode::protocol);
  CHECK(contains(unknown.message, "EXPLODED"));
  CHECK(outcome("").code == ErrorCode::protocol);
}

TEST_CASE("cancelling while polling cancels the statement on the server too", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, in_state("RUNNING")).reply(200, "");
  CancelSource source;
  CallContext context;
  context.cancel = source.token();
  fixture.timer->during_sleep([&source] { source.cancel(); });
  const auto result = fixture.client().execute(request_for("SELECT 1"), context);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::cancelled);
  CHECK(contains(result.error().message, "statement s1 was cancelled on the server"));
  REQUIRE(fixture.authorised->request_count() == 2);
  CHECK(fixture.authorised->request(1).url == statements + "/s1/cancel");
  CHECK(fixture.authorised->request(1).method == net::HttpMethod::post);
}

TEST_CASE("the deadline cancels the statement, and says when that failed", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, in_state("PENDING"));
  fixture.authorised->on(net::HttpMethod::get, "/statements/s1", 200, in_state("RUNNING"));
  fixture.authorised->on(net::HttpMethod::post, "/cancel", 403,
                         R"({"error_code": "PERMISSION_DENIED", "message": "no"})");
  StatementRequest request = request_for("SELECT 1");
  request.wait_in_submit = seconds(0);
  const auto result = fixture.client().execute(request, CallContext::with_timeout(std::chrono::minutes(5)));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::timed_out);
  CHECK(contains(result.error().message, "may still be running"));
  CHECK(fixture.authorised->request_count("/cancel") == 1);
}

TEST_CASE("a deadline nearer than the wait shortens it, so that the id is known in time", "[workspace]") {
  CHECK(workspace::wait_within(seconds(30), {}) == seconds(30));
  CHECK(workspace::wait_within(seconds(0), CallContext::with_timeout(seconds(600))) == seconds(0));
  CHECK(workspace::wait_within(seconds(30), CallContext::with_timeout(seconds(600))) == seconds(30));
  CHECK(workspace::wait_within(seconds(30), CallContext::with_timeout(seconds(3))) == seconds(0));
  CHECK(workspace::wait_within(seconds(30), CallContext::with_timeout(seconds(9))) == seconds(0));
  const seconds shortened = workspace::wait_within(seconds(50), CallContext::with_timeout(seconds(30)));
  CHECK(shortened >= seconds(5));
  CHECK(shortened <= seconds(25));
}

TEST_CASE("a lost answer to the submit says that the statement may be running and is not retryable", "[workspace]") {
  const auto outcome = [](auto&& script) {
    WorkspaceFixture fixture;
    script(*fixture.authorised);
    const auto result = fixture.client().execute(request_for("INSERT INTO t VALUES (1)"));
    REQUIRE_FALSE(result);
    CHECK(fixture.authorised->request_count() == 1);
    CHECK(contains(result.error().message, "may be running on warehouse w1"));
    CHECK_FALSE(result.error().retryable);
    return result.error().code;
  };
  using Transport = dbxauth::testing::ScriptedTransport;
  CHECK(outcome([](Transport& transport) {
          Error error(ErrorCode::network, "connection reset");
          error.retryable = true;
          transport.fail(error);
        }) == ErrorCode::network);
  CHECK(outcome([](Transport& transport) { transport.reply(504, "", {}, ""); }) == ErrorCode::unavailable);
  CHECK(outcome([](Transport& transport) { transport.reply(200, "{\"statement_id\": \"s"); }) == ErrorCode::protocol);
  CHECK(outcome([](Transport& transport) { transport.reply(200, "{}"); }) == ErrorCode::protocol);
}

TEST_CASE("a submit that was refused is certain not to run", "[workspace]") {
  for (const int status : {400, 401, 403, 404, 429, 503}) {
    WorkspaceFixture fixture;
    fixture.authorised->reply(status, R"({"error_code": "SOME", "message": "refused"})");
    const auto result = fixture.client().execute(request_for("SELECT 1"));
    REQUIRE_FALSE(result);
    INFO(status);
    CHECK_FALSE(contains(result.error().message, "may be running"));
    CHECK(result.error().http_status == status);
  }
}

TEST_CASE("polling survives passing failures and gives up after five in a row", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, in_state("RUNNING"));
  for (int i = 0; i < 4; ++i) fixture.authorised->fail(Error(ErrorCode::network, "reset"));
  fixture.authorised->reply(200, in_state("RUNNING"));
  for (int i = 0; i < 4; ++i) fixture.authorised->reply(503, "");
  fixture.authorised->reply(200, succeeded_one_row);
  CHECK(fixture.client().execute(request_for("SELECT 1")));

  WorkspaceFixture broken;
  broken.authorised->reply(200, in_state("RUNNING"));
  for (int i = 0; i < 5; ++i) broken.authorised->fail(Error(ErrorCode::network, "reset"));
  const auto result = broken.client().execute(request_for("SELECT 1"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::network);
  CHECK(contains(result.error().message, "statement s1 may still be running"));
}

TEST_CASE("a poll that is refused ends the wait at once", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, in_state("RUNNING"))
      .reply(401, R"({"error_code": "UNAUTHENTICATED", "message": "expired"})");
  const auto result = fixture.client().execute(request_for("SELECT 1"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::authentication_failed);
  CHECK(contains(result.error().message, "may still be running"));
}

TEST_CASE("an ended context submits nothing", "[workspace]") {
  WorkspaceFixture fixture;
  CancelSource source;
  source.cancel();
  CallContext context;
  context.cancel = source.token();
  const auto result = fixture.client().execute(request_for("SELECT 1"), context);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::cancelled);
  CHECK_FALSE(contains(result.error().message, "may be running"));
  CHECK(fixture.authorised->request_count() == 0);
}

TEST_CASE("an exception of on_submitted cancels the statement and does not escape", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, in_state("RUNNING")).reply(200, "{}");
  StatementRequest request = request_for("SELECT 1");
  request.on_submitted = [](std::string_view) { throw std::runtime_error("host"); };
  const auto result = fixture.client().execute(request);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::user_callback);
  CHECK(fixture.authorised->request_count("/s1/cancel") == 1);
}

TEST_CASE("the id of a statement cannot change the path of a request", "[workspace]") {
  WorkspaceFixture fixture;
  fixture.authorised->reply(200, R"({"statement_id": "../../2.0/token/create", "status": {"state": "RUNNING"}})")
      .reply(200, succeeded_one_row);
  REQUIRE(fixture.client().execute(request_for("SELECT 1")));
  CHECK(fixture.authorised->request(1).url == statements + "/..%2F..%2F2.0%2Ftoken%2Fcreate");
}
