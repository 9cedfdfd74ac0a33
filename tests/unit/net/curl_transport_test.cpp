// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "net/http_transport.hpp"
#include "support/log_capture.hpp"
#include "support/loopback_http_server.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::LoopbackHttpServer;

namespace {

// Far above what is expected: these guard against hanging and measure nothing.
constexpr auto kHanging = 20s;

std::shared_ptr<net::HttpTransport> transport(HttpOptions options = {},
                                              std::map<std::string, std::string> variables = {}) {
  return net::make_curl_transport(options, platform::Environment(std::move(variables)));
}

net::HttpRequest request_for(std::string url, net::HttpMethod method = net::HttpMethod::get) {
  net::HttpRequest request;
  request.method = method;
  request.url = std::move(url);
  return request;
}

std::string echo(const httplib::Request& request) {
  std::string text = request.method + " " + request.target + "\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
  return text + "\n" + request.body;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void echo_everything(LoopbackHttpServer& server) {
  const auto handler = [](const httplib::Request& request, httplib::Response& response) {
    response.set_header("X-Request-Id", "r-1");
    response.set_content(echo(request), "text/plain");
  };
  server.routes()
      .Get("/.*", handler)
      .Post("/.*", handler)
      .Put("/.*", handler)
      .Patch("/.*", handler)
      .Delete("/.*", handler);
}

}  // namespace

TEST_CASE("a request carries its method, headers, secret headers and body") {
  LoopbackHttpServer server;
  echo_everything(server);
  server.start();
  HttpOptions options;
  options.product = "my tool\r\n/1.0";
  const auto net = transport(options);
  for (const auto method :
       {net::HttpMethod::post, net::HttpMethod::put, net::HttpMethod::patch, net::HttpMethod::del}) {
    auto request = request_for(server.url("/api/2.0/x?y=1"), method);
    request.headers.emplace_back("X-Plain", "plain value");
    request.secret_headers.emplace_back("Authorization", SecretString("Bearer planted-secret"));
    request.body = SecretString("{\"a\":1}");
    request.content_type = "application/json";
    const auto response = net->send(request, {});
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->header("x-request-id") == "r-1");
    CHECK(response->url == request.url);
    const std::string seen(response->body.reveal());
    CHECK(contains(seen, std::string(net::to_string(method)) + " /api/2.0/x?y=1\n"));
    CHECK(contains(seen, "X-Plain: plain value\n"));
    CHECK(contains(seen, "Authorization: Bearer planted-secret\n"));
    CHECK(contains(seen, "Content-Type: application/json\n"));
    CHECK(contains(seen, "User-Agent: my tool--/1.0 dbxauth/"));
    CHECK(contains(seen, "Accept-Encoding: gzip\n"));
    CHECK_FALSE(contains(seen, "Expect:"));
    CHECK(contains(seen, "\n\n{\"a\":1}"));
  }
}

TEST_CASE("bodies may be empty, absent or large, and sent once only") {
  LoopbackHttpServer server;
  server.routes().Post("/size", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(std::to_string(request.body.size()) + " " + request.get_header_value("Content-Length"),
                         "text/plain");
  });
  server.start();
  const auto net = transport();
  for (const auto replay : {net::Replay::by_method, net::Replay::safe, net::Replay::never}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3u << 20}}) {
      auto request = request_for(server.url("/size"), net::HttpMethod::post);
      request.replay = replay;
      request.body = SecretString(std::string(size, 'x'));
      const auto response = net->send(request, {});
      REQUIRE(response);
      CHECK(response->body.reveal() == std::to_string(size) + " " + std::to_string(size));
    }
  }
}

TEST_CASE("every status is an answer, and HEAD has no body") {
  LoopbackHttpServer server;
  server.routes().Get(R"(/status/(\d+))", [](const httplib::Request& request, httplib::Response& response) {
    response.status = std::stoi(request.matches[1]);
    response.set_header("Retry-After", "7");
    response.set_content("<html>no</html>", "text/html");
  });
  server.start();
  const auto net = transport();
  for (const int status : {200, 201, 302, 400, 401, 403, 404, 429, 500, 503}) {
    const auto response = net->send(request_for(server.url("/status/" + std::to_string(status))), {});
    REQUIRE(response);
    CHECK(response->status == status);
    CHECK(response->header("retry-after") == "7");
    CHECK(response->header("content-type") == "text/html");
    CHECK(response->header("absent").empty());
    CHECK(response->body.reveal() == "<html>no</html>");
    CHECK(response->ok() == (status < 300));
  }
  const auto head = net->send(request_for(server.url("/status/200"), net::HttpMethod::head), {});
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->body.empty());
}

TEST_CASE("compressed answers are expanded and the limit counts what they expand to") {
  LoopbackHttpServer server;
  server.routes().Get("/long", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(1u << 20, 'a'), "application/json");
  });
  server.start();
  const auto net = transport();
  auto request = request_for(server.url("/long"));
  auto response = net->send(request, {});
  REQUIRE(response);
  CHECK(response->header("content-encoding") == "gzip");
  CHECK(response->body.size() == 1u << 20);
  request.response_limit = 100000;
  response = net->send(request, {});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::protocol);
  CHECK(contains(response.error().message, "larger than 100000 bytes"));
  request.response_limit = 1u << 20;
  CHECK(net->send(request, {}));
}

TEST_CASE("a stalled server is given up at the deadline and at the attempt timeout") {
  LoopbackHttpServer server;
  server.routes().Get("/stall", [&server](const httplib::Request&, httplib::Response&) { server.stall(); });
  server.routes().Get("/drip", [&server](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("text/plain", [&server](std::size_t, httplib::DataSink& sink) {
      std::this_thread::sleep_for(5ms);
      if (server.stopping() || !sink.is_writable()) return false;
      sink.write("x", 1);
      return true;
    });
  });
  server.start();
  const auto net = transport();
  for (const char* path : {"/stall", "/drip"}) {
    const auto start = std::chrono::steady_clock::now();
    auto request = request_for(server.url(path));
    auto response = net->send(request, CallContext::with_timeout(200ms));
    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::timed_out);
    CHECK(response.error().retryable);
    CHECK(contains(response.error().message, "127.0.0.1"));
    CHECK(response.error().server_code.empty());  // It was sent.
    request.attempt_timeout = 200ms;
    response = net->send(request, {});
    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::timed_out);
    CHECK(std::chrono::steady_clock::now() - start < kHanging);
  }
}

TEST_CASE("an ended context sends nothing") {
  LoopbackHttpServer server;
  echo_everything(server);
  server.start();
  const auto net = transport();
  CancelSource source;
  source.cancel();
  CallContext context;
  context.cancel = source.token();
  auto response = net->send(request_for(server.url("/")), context);
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::cancelled);
  response = net->send(request_for(server.url("/")), CallContext::with_timeout(0ms));
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::timed_out);
  CHECK(server.requests() == 0);
}

TEST_CASE("a transfer is cancelled from another thread, and the transport stays usable") {
  LoopbackHttpServer server;
  std::atomic<bool> arrived{false};
  server.routes().Get("/stall", [&](const httplib::Request&, httplib::Response&) {
    arrived = true;
    server.stall();
  });
  server.routes().Get(
      "/ok", [](const httplib::Request&, httplib::Response& response) { response.set_content("ok", "text/plain"); });
  server.start();
  const auto net = transport();
  CancelSource source;
  std::thread canceller([&] {
    while (!arrived) std::this_thread::yield();
    source.cancel();
  });
  CallContext context = CallContext::with_timeout(kHanging, source.token());
  const auto response = net->send(request_for(server.url("/stall")), context);
  canceller.join();
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::cancelled);
  const auto after = net->send(request_for(server.url("/ok")), {});
  REQUIRE(after);
  CHECK(after->body.reveal() == "ok");
}

TEST_CASE("a connection that cannot be made says which host and what to check") {
  int closed_port = 0;
  {
    LoopbackHttpServer server;
    closed_port = server.start().port();
  }
  const auto net = transport();
  auto response = net->send(request_for("http://127.0.0.1:" + std::to_string(closed_port) + "/"), {});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::network);
  CHECK(response.error().server_code == net::kNotSent);
  CHECK(contains(response.error().message, "127.0.0.1:" + std::to_string(closed_port)));

  response = net->send(request_for("https://workspace.invalid/api"), {});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::network);
  CHECK(response.error().server_code == net::kNotSent);
  CHECK_FALSE(response.error().retryable);
  CHECK(contains(response.error().message, "workspace.invalid could not be resolved"));
}

TEST_CASE("plain http is for loopback only, and malformed requests never leave") {
  const auto net = transport();
  for (const char* url : {"http://workspace.invalid/api", "http://127.0.0.1.workspace.invalid/", "ftp://127.0.0.1/",
                          "http://user@127.0.0.1/", "", "https://"}) {
    const auto response = net->send(request_for(url), {});
    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::invalid_argument);
  }
  CHECK(contains(net->send(request_for("http://workspace.invalid/api"), {}).error().message, "workspace.invalid"));

  auto request = request_for("http://127.0.0.1:1/");
  request.secret_headers.emplace_back("Authorization", SecretString("Bearer planted\r\nX-Other: 1"));
  const auto response = net->send(request, {});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::invalid_argument);
  CHECK(contains(response.error().message, "Authorization"));
  CHECK_FALSE(contains(response.error().message, "planted"));
}

TEST_CASE("a debug record names the path, unless that is a secret, and never the query") {
  LoopbackHttpServer server;
  echo_everything(server);
  server.start();
  net::HttpRequest request = request_for(server.url("/planted-path?planted=query"));
  request.secret_path = GENERATE(false, true);
  const testing::LogCapture log;
  REQUIRE(transport()->send(request, {}));
  CHECK(log.mentions("GET " + server.url(request.secret_path ? ": HTTP 200" : "/planted-path: HTTP 200")));
  CHECK(log.mentions("planted-path") != request.secret_path);
  CHECK_FALSE(log.mentions("planted="));
}

TEST_CASE("connections are reused across threads") {
  LoopbackHttpServer server;
  echo_everything(server);
  server.start();
  const auto net = transport();
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 25; ++i) {
        auto request = request_for(server.url("/" + std::to_string(thread * 100 + i)),
                                   i % 2 == 0 ? net::HttpMethod::get : net::HttpMethod::post);
        request.body = SecretString(i % 2 == 0 ? "" : "body");
        const auto response = net->send(request, {});
        if (!response || !contains(std::string(response->body.reveal()), "/" + std::to_string(thread * 100 + i)))
          ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(server.requests() == 200);
  CHECK(server.connections() <= 8);
}

TEST_CASE("redirects are followed on request only, to the same origin only, and not for ever") {
  LoopbackHttpServer other;
  echo_everything(other);
  other.start();
  LoopbackHttpServer server;
  server.routes().Get("/there", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(echo(request), "text/plain");
  });
  server.routes().Get("/near",
                      [](const httplib::Request&, httplib::Response& response) { response.set_redirect("/there"); });
  server.routes().Post("/near",
                       [](const httplib::Request&, httplib::Response& response) { response.set_redirect("/there"); });
  server.routes().Get("/far", [&](const httplib::Request&, httplib::Response& response) {
    response.set_redirect(other.url("/stolen"));
  });
  server.routes().Get("/round",
                      [](const httplib::Request&, httplib::Response& response) { response.set_redirect("/round"); });
  server.start();
  const auto net = transport();
  const auto send = [&](const char* path, bool follow, net::HttpMethod method = net::HttpMethod::get) {
    auto request = request_for(server.url(path), method);
    request.follow_redirects = follow;
    request.secret_headers.emplace_back("Authorization", SecretString("Bearer planted-secret"));
    return net->send(request, {});
  };
  CHECK(send("/near", false)->status == 302);
  CHECK(send("/near", true, net::HttpMethod::post)->status == 302);
  const auto followed = send("/near", true);
  REQUIRE(followed);
  CHECK(followed->status == 200);
  CHECK(followed->url == server.url("/there"));
  CHECK(contains(std::string(followed->body.reveal()), "planted-secret"));

  const auto far = send("/far", true);
  REQUIRE(far);
  CHECK(far->status == 302);
  CHECK(far->header("location") == other.url("/stolen"));
  CHECK(other.requests() == 0);

  const auto round = send("/round", true);
  REQUIRE_FALSE(round);
  CHECK(round.error().code == ErrorCode::protocol);
}

TEST_CASE("a proxy given as option sees the whole address; proxy variables leave loopback alone") {
  LoopbackHttpServer proxy;
  std::atomic<int> proxied{0};
  std::string target;
  proxy.routes().set_pre_routing_handler([&](const httplib::Request& request, httplib::Response& response) {
    target = request.target;
    ++proxied;
    response.set_content("from the proxy", "text/plain");
    return httplib::Server::HandlerResponse::Handled;
  });
  proxy.start();
  LoopbackHttpServer server;
  echo_everything(server);
  server.start();

  HttpOptions options;
  options.proxy = proxy.url();
  auto response = transport(options)->send(request_for(server.url("/x")), {});
  REQUIRE(response);
  CHECK(response->body.reveal() == "from the proxy");
  CHECK(target == server.url("/x"));

  response =
      transport({}, {{"http_proxy", proxy.url()}, {"ALL_PROXY", proxy.url()}})->send(request_for(server.url("/x")), {});
  REQUIRE(response);
  CHECK(contains(std::string(response->body.reveal()), "GET /x"));
  CHECK(proxied == 1);
}

TEST_CASE(
    "https goes through the proxy of the environment by CONNECT, and its refusal is explained without its password") {
  LoopbackHttpServer proxy;
  std::string method;
  proxy.routes().set_pre_routing_handler([&](const httplib::Request& request, httplib::Response& response) {
    method = request.method;
    response.status = 407;
    response.set_content("no", "text/plain");
    return httplib::Server::HandlerResponse::Handled;
  });
  proxy.start();
  const std::string proxy_url = "http://me:planted-secret@127.0.0.1:" + std::to_string(proxy.port());
  auto request = request_for("https://workspace.invalid/api");
  request.secret_headers.emplace_back("Authorization", SecretString("Bearer planted-secret"));
  const auto response = transport({}, {{"HTTPS_PROXY", proxy_url}})->send(request, {});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == ErrorCode::network);
  CHECK(contains(response.error().message, "the proxy http://127.0.0.1:" + std::to_string(proxy.port()) +
                                               " (named by HTTPS_PROXY) did not accept the user and password"));
  CHECK_FALSE(contains(response.error().message, "planted-secret"));
  const auto unnamed = transport({}, {{"https_proxy", proxy.url()}})->send(request, {});
  REQUIRE_FALSE(unnamed);
  CHECK(contains(unnamed.error().message, "(named by https_proxy) demands a user and a password (HTTP 407)"));
  CHECK(contains(unnamed.error().message, "http://USER:PASSWORD@HOST:PORT"));
  const auto direct = transport({}, {{"HTTPS_PROXY", proxy_url}, {"NO_PROXY", ".invalid"}})->send(request, {});
  REQUIRE_FALSE(direct);
  CHECK(contains(direct.error().message, "could not be resolved"));
  const auto nameless = transport({}, {{"HTTPS_PROXY", "a:planted-secret@"}})->send(request, {});
  REQUIRE_FALSE(nameless);
  CHECK(contains(nameless.error().message, "the proxy's address names no host"));
  CHECK_FALSE(contains(nameless.error().message, "planted-secret"));
}

TEST_CASE("a proxy that refuses the host, or is not there, is named with the setting that names it") {
  LoopbackHttpServer proxy;
  proxy.routes().set_pre_routing_handler([](const httplib::Request&, httplib::Response& response) {
    response.status = 403;
    return httplib::Server::HandlerResponse::Handled;
  });
  proxy.start();
  HttpOptions options;
  options.proxy = "http://me:planted-secret@127.0.0.1:" + std::to_string(proxy.port());
  const auto refused = transport(options)->send(request_for("https://workspace.invalid/api"), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().server_code == net::kNotSent);
  CHECK_FALSE(refused.error().retryable);
  CHECK(contains(refused.error().message, "the proxy http://127.0.0.1:" + std::to_string(proxy.port()) +
                                              " (named by the option proxy) refused to connect to workspace.invalid"));
  CHECK(contains(refused.error().message, "HTTP 403"));
  CHECK(contains(refused.error().message, "NO_PROXY"));
  CHECK_FALSE(contains(refused.error().message, "planted-secret"));

  int closed_port = 0;
  {
    LoopbackHttpServer gone;
    closed_port = gone.start().port();
  }
  const auto absent =
      transport({}, {{"ALL_PROXY", "http://me:planted-secret@127.0.0.1:" + std::to_string(closed_port)}})
          ->send(request_for("https://workspace.invalid/api"), {});
  REQUIRE_FALSE(absent);
  CHECK(contains(absent.error().message, "(named by ALL_PROXY)"));
  CHECK_FALSE(contains(absent.error().message, "planted-secret"));
}

TEST_CASE("plain http to a link-local address is not refused, and goes to no proxy") {
  LoopbackHttpServer proxy;
  echo_everything(proxy);
  proxy.start();
  HttpOptions options;
  options.proxy = proxy.url();
  options.connect_timeout = 50ms;
  for (const char* url : {"http://169.254.0.0:9/metadata", "http://[fe80::1]:9/"}) {
    const auto response = transport(options)->send(request_for(url), CallContext::with_timeout(100ms));
    // Nobody is there, or a router says so: what matters is that it was tried.
    if (!response) CHECK(response.error().code != ErrorCode::invalid_argument);
  }
  CHECK(proxy.requests() == 0);
}

TEST_CASE("a forked child uses connections of its own and leaves the parent's alone") {
  LoopbackHttpServer server;
  echo_everything(server);
  server.start();
  const auto net = transport();
  REQUIRE(net->send(request_for(server.url("/before")), {}));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto response = net->send(request_for(server.url("/child")), CallContext::with_timeout(kHanging));
    ::_exit(response && response->status == 200 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  REQUIRE(net->send(request_for(server.url("/after")), {}));
  CHECK(server.requests() == 3);
  CHECK(server.connections() == 2);  // The parent's, used twice, and the child's.
}
