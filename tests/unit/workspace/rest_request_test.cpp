// SPDX-License-Identifier: Apache-2.0
#include "workspace/rest_request.hpp"

#include <catch2/catch.hpp>

#include <vector>

#include "support/scripted_transport.hpp"

using namespace dbxauth;
using dbxauth::testing::ScriptedTransport;
using workspace::RestClient;
using workspace::RestPath;

namespace {

Result<std::vector<std::string>> read_names(const std::shared_ptr<ScriptedTransport>& transport,
                                            const CallContext& context = {}) {
  const RestClient rest("https://host.example", transport, {});
  std::vector<std::string> names;
  auto read = workspace::read_pages(
      rest,
      [](std::string_view page_token) {
        RestPath path("/api/things");
        if (!page_token.empty()) path.query("page_token", page_token);
        return path.text();
      },
      "things", "list the things", context,
      [&names](base::JsonView item) { names.emplace_back(item["name"].string_or()); });
  if (!read) return read.error();
  return names;
}

}  // namespace

TEST_CASE("a path keeps its shape whatever the names are", "[workspace]") {
  CHECK(RestPath("/api").segment("a/b?c#d").text() == "/api/a%2Fb%3Fc%23d");
  CHECK(RestPath("/api").segment("weird `name` é").text() == "/api/weird%20%60name%60%20%C3%A9");
  CHECK(RestPath("/api").segment("main.sales-2024_x~").text() == "/api/main.sales-2024_x~");
  CHECK(RestPath("/api").segment("..").segment(".").text() == "/api/%2E%2E/%2E");
  CHECK(RestPath("/api").query("a", "1&b=2").query("c", "").text() == "/api?a=1%26b%3D2&c=");
}

TEST_CASE("pages are read until the token is absent, empty pages included", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->reply(200, R"({"things": [{"name": "a"}], "next_page_token": "t/1"})")
      .reply(200, R"({"next_page_token": "t2"})")
      .reply(200, R"({"things": [], "next_page_token": "t3"})")
      .reply(200, R"({"things": [{"name": "b"}], "next_page_token": ""})");
  const auto names = read_names(transport);
  REQUIRE(names);
  CHECK(*names == std::vector<std::string>{"a", "b"});
  REQUIRE(transport->request_count() == 4);
  CHECK(transport->request(0).url == "https://host.example/api/things");
  CHECK(transport->request(1).url == "https://host.example/api/things?page_token=t%2F1");
  CHECK(transport->request(3).url == "https://host.example/api/things?page_token=t3");
}

TEST_CASE("a repeated page token is an error, also when it is not the last one", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->reply(200, R"({"things": [], "next_page_token": "x"})")
      .reply(200, R"({"things": [], "next_page_token": "y"})")
      .reply(200, R"({"things": [], "next_page_token": "x"})");
  const auto names = read_names(transport);
  REQUIRE_FALSE(names);
  CHECK(names.error().code == ErrorCode::protocol);
  CHECK(names.error().message.find("same page token twice") != std::string::npos);
  CHECK(transport->request_count() == 3);
}

TEST_CASE("an error on a later page fails the list", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->reply(200, R"({"things": [{"name": "a"}], "next_page_token": "x"})")
      .reply(403, R"({"error_code": "PERMISSION_DENIED", "message": "no"})");
  const auto names = read_names(transport);
  REQUIRE_FALSE(names);
  CHECK(names.error().code == ErrorCode::permission_denied);
  CHECK(names.error().http_status == 403);
}

TEST_CASE("a list of another shape is a protocol error", "[workspace]") {
  for (const char* body : {R"({"things": {"name": "a"}})", R"([1, 2])", R"({"things": "none"})", "{\"things\": ["}) {
    auto transport = std::make_shared<ScriptedTransport>();
    transport->reply(200, body);
    const auto names = read_names(transport);
    REQUIRE_FALSE(names);
    CHECK(names.error().code == ErrorCode::protocol);
  }
}

TEST_CASE("a cancelled list stops", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  CancelSource source;
  CallContext context;
  context.cancel = source.token();
  transport->reply_with([&source](const dbxauth::testing::RecordedRequest&) -> Result<net::HttpResponse> {
    source.cancel();
    return dbxauth::testing::http_response(200, R"({"things": [], "next_page_token": "x"})");
  });
  const auto names = read_names(transport, context);
  REQUIRE_FALSE(names);
  CHECK(names.error().code == ErrorCode::cancelled);
  CHECK(transport->request_count() == 1);
}

TEST_CASE("requests go to the host, with the workspace id when there is one", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->reply(200, "{}").reply(200, "{}");
  workspace::RestCall call;
  call.method = net::HttpMethod::post;
  call.path = "/api/x";
  call.body = R"({"a":1})";
  call.replay = net::Replay::never;
  REQUIRE(RestClient("https://Host.example/", transport, "42").json(call, "try", {}));
  REQUIRE(RestClient("https://host.example", transport, {}).json(call, "try", {}));
  const auto first = transport->request(0);
  CHECK(first.url == "https://host.example/api/x");
  CHECK(first.header("X-Databricks-Workspace-Id") == "42");
  CHECK(first.content_type == "application/json");
  CHECK(first.replay == net::Replay::never);
  CHECK_FALSE(first.follow_redirects);
  CHECK(transport->request(1).header("X-Databricks-Workspace-Id").empty());
}

TEST_CASE("a host that is no URL is an invalid argument and no request", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  const auto answer = RestClient("not a host", transport, {}).json({}, "list the catalogs", {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::invalid_argument);
  CHECK(answer.error().message.find("list the catalogs") != std::string::npos);
  CHECK(transport->request_count() == 0);
}

TEST_CASE("an empty 2xx answer reads as an empty object", "[workspace]") {
  auto transport = std::make_shared<ScriptedTransport>();
  transport->reply(200, "");
  const auto answer = RestClient("https://host.example", transport, {}).json({}, "cancel", {});
  REQUIRE(answer);
  CHECK(answer->root().is_object());
}
