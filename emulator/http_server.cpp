// SPDX-License-Identifier: Apache-2.0
#include "http_server.hpp"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "connection_threads.hpp"
#include "crypto.hpp"
#include "encoding/url.hpp"

namespace dbxauth::emulator {

namespace {

constexpr int listen_backlog = 512;
constexpr std::chrono::milliseconds slow_body_tick{50};

/// httplib compiles a backlog of 5 into its library; a burst of connections then waits for SYN retransmission.
template <class Base>
class ListeningServer : public Base {
 public:
  using Base::Base;
  void raise_backlog() { ::listen(this->svr_sock_.load(), listen_backlog); }
};

std::vector<std::string_view> segments_of(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  if (path.empty()) return {};
  return base::split(path, '/');
}

struct Route {
  std::string method;
  std::string pattern;
  std::vector<std::string> segments;
  Access access;
  HttpServer::Handler handler;
  ErrorDialect dialect;

  bool matches(const std::vector<std::string_view>& given, std::map<std::string, std::string>& parameters) const {
    if (given.size() != segments.size()) return false;
    parameters.clear();
    for (std::size_t i = 0; i < given.size(); ++i) {
      const std::string& expected = segments[i];
      auto decoded = encoding::percent_decode(given[i]);
      if (!decoded) return false;
      if (expected.size() > 2 && expected.front() == '{') {
        if (decoded->empty()) return false;
        parameters[expected.substr(1, expected.size() - 2)] = std::move(*decoded);
      } else if (*decoded != expected) {
        return false;
      }
    }
    return true;
  }
};

/// RFC 9110 section 5.6.7, by the system's clock.
std::string http_date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, size);
}

/// Body of a faulty answer, sent in pieces.
struct FaultyBody {
  std::string bytes;
  std::size_t send_up_to;
  std::int64_t bytes_per_s;
  const StopSignal* stop_signal;

  bool send(std::size_t offset, std::size_t length, httplib::DataSink& sink) const {
    if (offset >= send_up_to) return false;
    std::size_t count = std::min(length, send_up_to - offset);
    if (bytes_per_s > 0) {
      const auto per_tick = static_cast<std::size_t>(bytes_per_s * slow_body_tick.count() / 1000);
      count = std::min(count, std::max<std::size_t>(per_tick, 1));
      const auto pause = std::chrono::milliseconds(static_cast<std::int64_t>(count) * 1000 / bytes_per_s);
      if (!stop_signal->sleep(pause)) return false;
    }
    return sink.write(bytes.data() + offset, count);
  }
};

}  // namespace

struct HttpServer::Impl {
  HttpServerOptions options;
  FaultPlan& faults;
  Counters& counters;
  StopSignal& stop_signal;
  Authenticator authenticator;
  std::vector<Route> routes;
  std::unique_ptr<httplib::Server> server;
  std::thread accept_thread;
  std::atomic<bool> accepting_ended{false};
  int port = 0;

  Impl(HttpServerOptions given, FaultPlan& fault_plan, Counters& request_counters, StopSignal& signal)
      : options(std::move(given)), faults(fault_plan), counters(request_counters), stop_signal(signal) {}

  std::string start();
  void stop();
  void serve(const httplib::Request& from, httplib::Response& to);
  HttpResponse handle(const Route& route, HttpRequest& request) const;
  const Route* find_route(HttpRequest& request) const;
  void send(const HttpResponse& response, const std::optional<FaultRule>& fault, httplib::Response& to) const;
};

HttpServer::HttpServer(HttpServerOptions options, FaultPlan& faults, Counters& counters, StopSignal& stop_signal)
    : impl_(std::make_unique<Impl>(std::move(options), faults, counters, stop_signal)) {}
HttpServer::~HttpServer() {
  stop();
}

void HttpServer::route(std::string_view method_and_path, Access access, Handler handler, ErrorDialect dialect) {
  const std::size_t space = method_and_path.find(' ');
  Route route;
  route.method = std::string(method_and_path.substr(0, space));
  route.pattern = std::string(method_and_path.substr(space + 1));
  for (const std::string_view segment : segments_of(route.pattern)) route.segments.emplace_back(segment);
  route.access = access;
  route.handler = std::move(handler);
  route.dialect = dialect;
  impl_->routes.push_back(std::move(route));
}

void HttpServer::set_authenticator(Authenticator authenticator) {
  impl_->authenticator = std::move(authenticator);
}
std::string HttpServer::start() {
  return impl_->start();
}
void HttpServer::stop() {
  impl_->stop();
}
int HttpServer::port() const {
  return impl_->port;
}

std::string HttpServer::url() const {
  const bool v6 = impl_->options.bind_address.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + impl_->options.bind_address + "]" : impl_->options.bind_address;
  return (impl_->options.tls ? "https://" : "http://") + host + ":" + std::to_string(impl_->port);
}

std::string HttpServer::Impl::start() {
  std::function<void()> raise_backlog;
  if (options.tls) {
    auto https = std::make_unique<ListeningServer<httplib::SSLServer>>(options.tls->certificate.c_str(),
                                                                       options.tls->private_key.c_str());
    raise_backlog = [raw = https.get()] { raw->raise_backlog(); };
    server = std::move(https);
  } else {
    auto http = std::make_unique<ListeningServer<httplib::Server>>();
    raise_backlog = [raw = http.get()] { raw->raise_backlog(); };
    server = std::move(http);
  }
  if (!server->is_valid()) return "the TLS certificate or its key cannot be used";
  server->new_task_queue = [this] { return new ConnectionThreads(options.max_connections); };
  server->set_tcp_nodelay(true);
  server->set_keep_alive_max_count(1'000'000);
  server->set_keep_alive_timeout(30);
  server->set_read_timeout(60);
  server->set_write_timeout(60);
  server->set_payload_max_length(options.max_body_bytes);

  const auto serve_one = [this](const httplib::Request& from, httplib::Response& to) { serve(from, to); };
  // httplib reads a body without Content-Length until the connection ends, so those requests are answered before it
  // does; it also matches routes on the decoded path, which loses %2F, so routing is ours.
  server->set_pre_routing_handler([serve_one](const httplib::Request& from, httplib::Response& to) {
    const bool has_body = from.has_header("Content-Length") || from.has_header("Transfer-Encoding");
    const bool reads_body =
        from.method == "POST" || from.method == "PUT" || from.method == "PATCH" || from.method == "DELETE";
    if (has_body && reads_body) return httplib::Server::HandlerResponse::Unhandled;
    serve_one(from, to);
    return httplib::Server::HandlerResponse::Handled;
  });
  const std::string any = R"([\s\S]*)";
  server->Post(any, serve_one).Put(any, serve_one).Patch(any, serve_one).Delete(any, serve_one);
  server->set_error_handler([](const httplib::Request&, httplib::Response& to) {
    // An answer of ours has a request id; its body may still be in a content provider (cut or slow bodies).
    if (!to.body.empty() || to.has_header("x-request-id")) return;
    ApiError error;
    error.http_status = to.status;
    error.error_code = to.status == 413 ? "MAX_REQUEST_SIZE_EXCEEDED" : "MALFORMED_REQUEST";
    error.message =
        to.status == 413 ? "The request is larger than the maximum allowed size." : "The request cannot be read.";
    to.set_content(error_response(error, ErrorDialect::databricks, new_request_id()).body, "application/json");
  });

  if (options.port == 0) {
    port = server->bind_to_any_port(options.bind_address);
  } else {
    port = server->bind_to_port(options.bind_address, options.port) ? options.port : -1;
  }
  if (port <= 0) {
    port = 0;
    return "cannot listen on " + options.bind_address + " port " + std::to_string(options.port) +
           "; is another program using it?";
  }
  raise_backlog();
  accept_thread = std::thread([this] {
    server->listen_after_bind();
    accepting_ended = true;
  });
  // Until httplib has entered its loop, stop() would have nothing to stop.
  while (!server->is_running() && !accepting_ended) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return {};
}

void HttpServer::Impl::stop() {
  stop_signal.stop();
  if (!accept_thread.joinable()) return;
  server->stop();
  // A connection that was accepted in the last moment starts to be served after the listener closed: repeat.
  while (!accepting_ended) {
    shut_connections(port, std::nullopt);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  accept_thread.join();
}

const Route* HttpServer::Impl::find_route(HttpRequest& request) const {
  const auto given = segments_of(request.path);
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  for (const Route& route : routes)
    if (route.method == method && route.matches(given, request.path_parameters)) return &route;
  return nullptr;
}

HttpResponse HttpServer::Impl::handle(const Route& route, HttpRequest& request) const {
  ErrorDialect dialect = ErrorDialect::databricks;  // of the gateway, which looks at the token before any service does
  try {
    if (route.access == Access::bearer) request.caller = authenticator(request);
    dialect = route.dialect;
    return route.handler(request);
  } catch (const RequestError& refused) {
    HttpResponse response = error_response(refused.error(), dialect, request.request_id);
    if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"DatabricksRealm\"");
    return response;
  } catch (const std::exception&) {
    ApiError error;
    error.http_status = 500;
    error.error_code = "INTERNAL_ERROR";
    error.message = "The emulator failed on this request.";
    return error_response(error, dialect, request.request_id);
  }
}

void HttpServer::Impl::serve(const httplib::Request& from, httplib::Response& to) {
  HttpRequest request;
  request.method = from.method;
  const std::size_t mark = from.target.find('?');
  request.path = from.target.substr(0, mark);
  if (mark != std::string::npos) request.query = from.target.substr(mark + 1, from.target.find('#', mark) - mark - 1);
  request.body = from.body;
  request.request_id = new_request_id();
  for (const auto& [name, value] : from.headers) request.headers.emplace_back(name, value);

  const Route* route = find_route(request);
  if (route != nullptr && route->access == Access::control) {
    send(handle(*route, request), std::nullopt, to);
    return;
  }
  counters.count_request(route != nullptr ? route->method + " " + route->pattern : "unknown route");
  const std::optional<FaultRule> fault = faults.match(request.method, request.path);
  const auto latency = options.latency + std::chrono::milliseconds(fault ? fault->latency_ms : 0);
  if (latency.count() > 0) stop_signal.sleep(latency);

  HttpResponse response;
  if (fault && fault->drop == ConnectionDrop::before_handler) {
    shut_connections(port, from.remote_port);
    return;
  }
  if (fault && fault->html) {
    response.content_type = "text/html; charset=utf-8";
    response.body =
        "<!DOCTYPE html>\n<html><head><title>Sign in to Databricks</title></head>"
        "<body><h1>Sign in</h1></body></html>\n";
    if (fault->status != 0) response.status = fault->status;
  } else if (fault && (fault->status != 0 || fault->body)) {
    ApiError error;
    error.http_status = fault->status != 0 ? fault->status : 200;
    error.error_code = fault->status == 429   ? "REQUEST_LIMIT_EXCEEDED"
                       : fault->status == 503 ? "TEMPORARILY_UNAVAILABLE"
                       : fault->status == 504 ? "DEADLINE_EXCEEDED"
                                              : "INTERNAL_ERROR";
    error.message = "A fault that was asked for.";
    response = error_response(error, ErrorDialect::databricks, request.request_id);
    if (fault->body) response.body = *fault->body;
  } else if (route == nullptr) {
    ApiError error;
    error.http_status = 404;
    error.error_code = "ENDPOINT_NOT_FOUND";
    error.message = "No API found for '" + request.method + " " + request.path + "'";
    response = error_response(error, ErrorDialect::databricks, request.request_id);
  } else {
    response = handle(*route, request);
  }
  if (fault && fault->drop == ConnectionDrop::after_handler) {
    shut_connections(port, from.remote_port);
    return;
  }
  if (fault)
    for (const auto& header : fault->headers) response.headers.push_back(header);
  response.headers.emplace_back("x-request-id", request.request_id);
  send(response, fault, to);
}

void HttpServer::Impl::send(const HttpResponse& response, const std::optional<FaultRule>& fault,
                            httplib::Response& to) const {
  to.status = response.status;
  for (const auto& [name, value] : response.headers) to.headers.emplace(name, value);
  // A fault may have set another clock.
  if (!to.has_header("Date")) to.headers.emplace("Date", http_date_now());
  std::string body = response.body;
  const bool truncates = fault && fault->truncate_body_at;
  std::size_t send_up_to = body.size();
  if (truncates) {
    send_up_to = std::min(body.size(), static_cast<std::size_t>(*fault->truncate_body_at));
    if (!fault->truncate_closes) body.resize(send_up_to);
  }
  if (!fault || body.empty() || (!truncates && fault->slow_body_bytes_per_s == 0)) {
    to.set_content(std::move(body), response.content_type);
    return;
  }
  auto faulty =
      std::make_shared<FaultyBody>(FaultyBody{std::move(body), send_up_to, fault->slow_body_bytes_per_s, &stop_signal});
  to.set_content_provider(faulty->bytes.size(), response.content_type,
                          [faulty](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                            return faulty->send(offset, length, sink);
                          });
}

}  // namespace dbxauth::emulator
