// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "base/logging.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::net {
namespace {

using std::chrono::milliseconds;

constexpr int kMostConnectionAttempts = 2;  // A wrong address should be reported soon, a passing fault survived.

bool was_not_sent(const Error& error) {
  return error.server_code == kNotSent;
}

bool may_retry_status(const HttpRequest& request, int status) {
  if (status == 429 || status == 503) return true;  // The server says that it did not act.
  return (status == 502 || status == 504) && request.may_be_replayed();
}

bool may_retry_error(const HttpRequest& request, const Error& error, int connection_failures) {
  if (!error.retryable || (error.code != ErrorCode::network && error.code != ErrorCode::timed_out)) return false;
  return was_not_sent(error) ? connection_failures < kMostConnectionAttempts : request.may_be_replayed();
}

class RetryingTransport final : public HttpTransport {
 public:
  RetryingTransport(std::shared_ptr<HttpTransport> next, RetryPolicy policy, RetryTiming timing)
      : next_(std::move(next)), policy_(policy), timing_(std::move(timing)) {}

  Result<HttpResponse> send(const HttpRequest& request, const CallContext& context) override {
    const CallContext budget = context.limited_to(policy_.total);
    const std::string origin = origin_of(request);
    int connection_failures = 0;
    for (int attempt = 1;; ++attempt) {
      auto turned_away = wait_for_turn(request, origin, budget);
      if (!turned_away) return turned_away.error();
      if (*turned_away) return std::move(**turned_away);
      // Not limited to the budget: that bounds the tries, not a single one which the caller allows to take longer.
      Result<HttpResponse> outcome = next_->send(request, context);
      if (!outcome && was_not_sent(outcome.error())) ++connection_failures;
      const bool again = (outcome ? may_retry_status(request, outcome->status)
                                  : may_retry_error(request, outcome.error(), connection_failures)) &&
                         attempt < policy_.maximum_attempts;
      const std::optional<milliseconds> asked = asked_delay(outcome);
      const milliseconds delay = asked ? with_jitter(*asked) : backoff(attempt);
      begin_cool_down(origin, outcome, asked, again ? delay : milliseconds::zero());
      if (!again || delay >= budget.remaining(milliseconds::max())) return finished(std::move(outcome));
      log_retry(request, outcome, attempt, delay);
      auto slept = timing_.sleep(delay, budget);
      if (!slept) return slept.error();
    }
  }

 private:
  static Result<HttpResponse> finished(Result<HttpResponse> outcome) {
    if (!outcome && was_not_sent(outcome.error())) outcome.error().server_code.clear();
    return outcome;
  }

  static std::string origin_of(const HttpRequest& request) {
    const auto url = encoding::parse_url(request.url);
    return url ? url->origin() : std::string();
  }

  /// Waits as long as the server rests. An answer: that takes too long, and this is what the server said before.
  Result<std::optional<HttpResponse>> wait_for_turn(const HttpRequest& request, const std::string& origin,
                                                    const CallContext& budget) const {
    while (const auto rest = timing_.cool_down->rest(origin, timing_.steady_now())) {
      const milliseconds delay = with_jitter(rest->left);
      if (delay >= budget.remaining(milliseconds::max())) return std::optional(not_sent(request, origin, *rest));
      if (base::log_enabled(LogLevel::debug)) {
        base::log(LogLevel::debug, request.subject,
                  fmt::format("{} has answered HTTP {}; the next request to it follows in {} ms", origin, rest->status,
                              delay.count()));
      }
      auto slept = timing_.sleep(delay, budget);
      if (!slept) return slept.error();
    }
    return std::optional<HttpResponse>();
  }

  static HttpResponse not_sent(const HttpRequest& request, const std::string& origin, const HostCoolDown::Rest& rest) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(rest.left);
    base::JsonWriter body;
    body.begin_object()
        .member("message", fmt::format("{} has asked this process to wait for {} s more, so the request was not sent",
                                       origin, seconds.count()))
        .end_object();
    HttpResponse response;
    response.status = rest.status;
    response.url = request.url;
    response.headers = {{"content-type", "application/json"}, {"retry-after", std::to_string(seconds.count())}};
    response.body = SecretString(body.text());
    return response;
  }

  void begin_cool_down(const std::string& origin, const Result<HttpResponse>& outcome,
                       const std::optional<milliseconds>& asked, milliseconds chosen) const {
    if (!outcome || origin.empty() || (outcome->status != 429 && outcome->status != 503)) return;
    const milliseconds unasked = outcome->status == 429 ? chosen : milliseconds::zero();
    timing_.cool_down->begin(origin, outcome->status, asked.value_or(unasked), timing_.steady_now());
  }

  std::optional<milliseconds> asked_delay(const Result<HttpResponse>& outcome) const {
    if (!outcome) return std::nullopt;
    return encoding::parse_retry_after(outcome->header("retry-after"), timing_.clock->now());
  }

  /// A little more than asked, so that callers who were turned away together do not come back together.
  milliseconds with_jitter(milliseconds asked) const {
    return saturating_add(asked, scaled(policy_.base_delay / 4, timing_.random_fraction()));
  }

  milliseconds backoff(int attempt) const {
    milliseconds ceiling = std::min(policy_.base_delay, policy_.maximum_delay);
    for (int doubled = 1; doubled < attempt && ceiling < policy_.maximum_delay; ++doubled) {
      ceiling = std::min(ceiling * 2, policy_.maximum_delay);
    }
    return scaled(ceiling, timing_.random_fraction());
  }

  static milliseconds scaled(milliseconds duration, double fraction) {
    return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(duration.count()) * fraction));
  }

  static milliseconds saturating_add(milliseconds a, milliseconds b) {
    return a > milliseconds::max() - b ? milliseconds::max() : a + b;
  }

  void log_retry(const HttpRequest& request, const Result<HttpResponse>& outcome, int attempt,
                 milliseconds delay) const {
    if (!base::log_enabled(LogLevel::debug)) return;
    std::string_view address = std::string_view(request.url).substr(0, request.url.find('?'));
    if (request.secret_path) address = address.substr(0, address.find('/', address.find("://") + 3));
    base::log(LogLevel::debug, request.subject,
              fmt::format("{} {}: {}; try {} of at most {} follows in {} ms", to_string(request.method), address,
                          outcome ? fmt::format("HTTP {}", outcome->status) : outcome.error().message, attempt + 1,
                          policy_.maximum_attempts, delay.count()));
  }

  const std::shared_ptr<HttpTransport> next_;
  const RetryPolicy policy_;
  const RetryTiming timing_;
};

}  // namespace

std::shared_ptr<HttpTransport> make_retrying_transport(std::shared_ptr<HttpTransport> next, RetryPolicy policy) {
  return make_retrying_transport(std::move(next), policy, RetryTiming{});
}

std::shared_ptr<HttpTransport> make_retrying_transport(std::shared_ptr<HttpTransport> next, RetryPolicy policy,
                                                       RetryTiming timing) {
  return std::make_shared<RetryingTransport>(std::move(next), policy, std::move(timing));
}

}  // namespace dbxauth::net
