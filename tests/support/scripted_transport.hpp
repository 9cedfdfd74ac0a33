// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_transport.hpp"

namespace dbxauth::testing {

/// A response as a server would have sent it. Header names must be in lower case.
inline net::HttpResponse http_response(int status, std::string_view body,
                                       std::vector<std::pair<std::string, std::string>> headers = {},
                                       std::string_view content_type = "application/json") {
  net::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  if (!content_type.empty()) response.headers.emplace_back("content-type", std::string(content_type));
  response.body = SecretString(body);
  return response;
}

/// A request as it was seen, with its secrets in the clear: tests only.
struct RecordedRequest {
  net::HttpMethod method = net::HttpMethod::get;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> secret_headers;
  std::string body;
  std::string content_type;
  net::Replay replay = net::Replay::by_method;
  std::chrono::milliseconds attempt_timeout{0};
  bool follow_redirects = false;

  /// Value of the first header of that name (exact spelling), secret ones included; empty when absent.
  std::string header(std::string_view name) const {
    for (const auto* list : {&headers, &secret_headers}) {
      for (const auto& [key, value] : *list) {
        if (key == name) return value;
      }
    }
    return {};
  }
};

/// An HttpTransport that plays a script. Each request is answered by the first matching route that was added with on(),
/// else by the next queued answer, else by ErrorCode::internal saying which request was unexpected. Thread-safe; a
/// handler runs without the lock, on the thread that sends. An answer without a URL gets the request's. A context that
/// has ended gives timed_out or cancelled, as with the real transport, and consumes no answer.
class ScriptedTransport final : public net::HttpTransport {
 public:
  using Handler = std::function<Result<net::HttpResponse>(const RecordedRequest& request)>;

  /// Queues one answer or one handler for the next unrouted request.
  ScriptedTransport& reply(int status, std::string_view body,
                           std::vector<std::pair<std::string, std::string>> headers = {},
                           std::string_view content_type = "application/json") {
    return reply_with([status, body = std::string(body), headers = std::move(headers),
                       content_type = std::string(content_type)](const RecordedRequest&) -> Result<net::HttpResponse> {
      return http_response(status, body, headers, content_type);
    });
  }
  ScriptedTransport& fail(Error error) {
    return reply_with(
        [error = std::move(error)](const RecordedRequest&) -> Result<net::HttpResponse> { return error; });
  }
  ScriptedTransport& reply_with(Handler handler) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(handler));
    return *this;
  }

  /// Answers every request with this method whose URL contains `url_part`, as often as it comes.
  ScriptedTransport& on(net::HttpMethod method, std::string url_part, Handler handler) {
    const std::lock_guard lock(mutex_);
    routes_.push_back({method, std::move(url_part), std::move(handler)});
    return *this;
  }
  ScriptedTransport& on(net::HttpMethod method, std::string url_part, int status, std::string_view body,
                        std::vector<std::pair<std::string, std::string>> headers = {}) {
    return on(method, std::move(url_part),
              [status, body = std::string(body), headers = std::move(headers)](const RecordedRequest&)
                  -> Result<net::HttpResponse> { return http_response(status, body, headers); });
  }

  Result<net::HttpResponse> send(const net::HttpRequest& request, const CallContext& context) override {
    auto running = context.check("sending a request");
    if (!running) return running.error();
    RecordedRequest seen = record(request);
    Handler handler;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(seen);
      handler = choose(seen);
    }
    if (!handler) {
      return Error(ErrorCode::internal,
                   "unexpected request: " + std::string(net::to_string(request.method)) + " " + request.url);
    }
    auto answer = handler(seen);
    if (answer && answer->url.empty()) answer->url = request.url;
    return answer;
  }

  std::vector<RecordedRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t request_count() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  /// Requests whose URL contains `url_part`.
  std::size_t request_count(std::string_view url_part) const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& request : requests_) count += request.url.find(url_part) != std::string::npos ? 1 : 0;
    return count;
  }
  /// The request with this index; throws std::out_of_range when fewer were made.
  RecordedRequest request(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return requests_.at(index);
  }
  /// Queued answers that nobody asked for.
  std::size_t unused_replies() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

 private:
  struct Route {
    net::HttpMethod method;
    std::string url_part;
    Handler handler;
  };

  static RecordedRequest record(const net::HttpRequest& request) {
    RecordedRequest seen;
    seen.method = request.method;
    seen.url = request.url;
    seen.headers = request.headers;
    for (const auto& [name, value] : request.secret_headers) seen.secret_headers.emplace_back(name, value.reveal());
    seen.body = std::string(request.body.reveal());
    seen.content_type = request.content_type;
    seen.replay = request.replay;
    seen.attempt_timeout = request.attempt_timeout;
    seen.follow_redirects = request.follow_redirects;
    return seen;
  }

  Handler choose(const RecordedRequest& seen) {
    for (const auto& route : routes_) {
      if (route.method == seen.method && seen.url.find(route.url_part) != std::string::npos) return route.handler;
    }
    if (queue_.empty()) return {};
    Handler handler = std::move(queue_.front());
    queue_.pop_front();
    return handler;
  }

  mutable std::mutex mutex_;
  std::deque<Handler> queue_;
  std::vector<Route> routes_;
  std::vector<RecordedRequest> requests_;
};

}  // namespace dbxauth::testing
