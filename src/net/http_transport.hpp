// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/http_options.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "net/host_cool_down.hpp"
#include "platform/clock.hpp"
#include "platform/environment.hpp"
#include "platform/random_source.hpp"

namespace dbxauth::net {

enum class HttpMethod { get, head, post, put, patch, del };
std::string_view to_string(HttpMethod method) noexcept;

/// What may be done again when the answer was lost.
enum class Replay {
  by_method,  ///< GET, HEAD, PUT and DELETE are idempotent; POST and PATCH are not.
  safe,       ///< Idempotent although a POST: token requests without rotation, reads by POST, idempotency tokens.
  never,      ///< At most once on the wire, unless the connection was never made or the server said 429 or 503.
};

struct HttpRequest {
  HttpMethod method = HttpMethod::get;
  std::string url;                                           ///< Absolute, https; http to loopback and link-local.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Not secret.
  std::vector<std::pair<std::string, SecretString>> secret_headers;  ///< Never logged; not sent to another origin.
  SecretString body;
  std::string content_type;  ///< Set when there is a body.
  Replay replay = Replay::by_method;
  std::chrono::milliseconds attempt_timeout{0};  ///< 0: the transport's default.
  std::size_t response_limit = 64u << 20;        ///< More is ErrorCode::protocol.
  bool follow_redirects = false;                 ///< Same origin only, GET and HEAD only, at most 5.
  bool secret_path = false;                      ///< The path is a capability: log records name the origin only.
  std::string_view subject = "net";              ///< For log records.

  HttpRequest clone() const;
  /// Whether it may be sent again after it may have reached the server.
  bool may_be_replayed() const noexcept;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  SecretString body;
  std::string url;  ///< Where the answer came from.

  std::string_view header(std::string_view lower_case_name) const noexcept;  ///< Empty when absent.
  bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// See HttpTransport::send.
inline constexpr std::string_view kNotSent = "NOT_SENT";

/// Sends one request and returns whatever the server answered, any status included. An Error means that there is no
/// answer: network, tls, timed_out, cancelled, protocol (oversized), invalid_argument (plain http to a remote host).
/// When the request cannot have reached the server (no address, refused, no connection in time) Error::server_code is
/// kNotSent. Implementations are thread-safe.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request, const CallContext& context) = 0;
};

/// libcurl, loaded on first use. Connections are reused across threads. Settings not given in `options` come from
/// `environment` (CA and proxy variables). The caller's deadline, the attempt timeout and the cancel token end a
/// transfer. Plain http goes to loopback addresses and, never through a proxy, to the link-local ones of a cloud's
/// metadata services.
std::shared_ptr<HttpTransport> make_curl_transport(const HttpOptions& options,
                                                   const platform::Environment& environment);

/// When and how often a request is tried again.
struct RetryPolicy {
  int maximum_attempts = 6;
  std::chrono::milliseconds base_delay{1000};  ///< Full jitter between 0 and base·2^n, at most `maximum_delay`.
  std::chrono::milliseconds maximum_delay{30000};
  std::chrono::milliseconds total{60000};  ///< Budget when the context has no earlier deadline.
};

/// Retries 429 and 503 (honouring `Retry-After` in both forms, never sleeping past the deadline), 502/504 and lost
/// connections of replayable requests; a connection that could not be made is tried once more. The last answer or error
/// is returned as it is: at once when the wait that the server asks for does not fit before the deadline.
///
/// What a server asks for (`Retry-After`, or after a 429 the wait that was chosen) holds for every request of the
/// process to its origin, see HostCoolDown: they wait, too. One whose deadline comes before that is not sent and gets
/// the server's answer to the earlier one, 429 or 503 with the `Retry-After` that is left.
std::shared_ptr<HttpTransport> make_retrying_transport(std::shared_ptr<HttpTransport> next, RetryPolicy policy);

/// What the passing of time means to a retrying transport; tests replace it. All members are set and thread-safe.
struct RetryTiming {
  std::shared_ptr<HostCoolDown> cool_down = HostCoolDown::of_process();
  std::function<HostCoolDown::TimePoint()> steady_now = std::chrono::steady_clock::now;
  std::shared_ptr<const platform::Clock> clock = platform::Clock::system();  ///< For `Retry-After` dates.
  std::function<double()> random_fraction = platform::random_fraction;       ///< In [0, 1).
  std::function<Result<void>(std::chrono::milliseconds duration, const CallContext& context)> sleep =
      [](std::chrono::milliseconds duration, const CallContext& context) {
        return context.sleep_for(duration, "waiting to try a request again");
      };
};
std::shared_ptr<HttpTransport> make_retrying_transport(std::shared_ptr<HttpTransport> next, RetryPolicy policy,
                                                       RetryTiming timing);

}  // namespace dbxauth::net
