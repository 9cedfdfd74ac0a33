// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "encoding/url.hpp"
#include "net/curl_transfer.hpp"
#include "platform/sigpipe_guard.hpp"

namespace dbxauth::net {
namespace {

using std::chrono::milliseconds;

constexpr int kMostRedirects = 5;

bool may_follow(const HttpRequest& request, int status) {
  const bool redirect = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return redirect && request.follow_redirects &&
         (request.method == HttpMethod::get || request.method == HttpMethod::head);
}

class CurlTransport final : public HttpTransport {
 public:
  CurlTransport(const HttpOptions& options, const platform::Environment& environment)
      : connect_timeout_(effective_connect_timeout(options)),
        attempt_timeout_(effective_attempt_timeout(options)),
        user_agent_(user_agent(options.product)),
        authorities_(CertificateAuthorities::resolve(options, environment)),
        proxies_(ProxySettings::resolve(options, environment)) {}
  ~CurlTransport() override = default;

  Result<HttpResponse> send(const HttpRequest& request, const CallContext& context) override {
    auto url = sendable_url(request.url);
    if (!url) return url.error();
    if (auto valid = check_headers(request); !valid) return valid.error();
    const CallContext limited =
        context.limited_to(request.attempt_timeout > milliseconds::zero() ? request.attempt_timeout : attempt_timeout_);
    std::string address = request.url;
    for (int redirects = 0;; ++redirects) {
      auto result = send_once(request, address, *url, limited);
      if (!result) return result.error();
      if (result->redirect_url.empty() || !may_follow(request, result->response.status))
        return std::move(result->response);
      auto next = sendable_url(result->redirect_url);
      if (!next || next->origin() != url->origin()) return std::move(result->response);
      if (redirects == kMostRedirects) {
        return Error(ErrorCode::protocol, fmt::format("{} redirected more than {} times", url->host, kMostRedirects));
      }
      address = result->redirect_url;
      url = std::move(next);
    }
  }

 private:
  Result<TransferResult> send_once(const HttpRequest& request, const std::string& address, const encoding::Url& url,
                                   const CallContext& context) {
    const std::string doing = fmt::format("sending a request to {}", url.host);
    if (auto running = context.check(doing); !running) return running.error();
    auto library = CurlLibrary::load();
    if (!library) return library.error();
    TransferSettings settings;
    settings.url = address;
    settings.parsed_url = url;
    settings.proxy = proxies_.choose(url);
    settings.user_agent = user_agent_;
    settings.connect_timeout = connect_timeout_;
    settings.authorities = &authorities_;
    if (url.scheme == "https") {
      if (auto usable = authorities_.check(); !usable) return usable.error();
    }

    const platform::SigpipeGuard no_sigpipe;
    CurlChannelPool& pool = channels_.get(**library);
    const std::string origin = url.origin();
    std::unique_ptr<CurlChannel> channel = pool.take(origin);
    if (!channel) return Error(ErrorCode::out_of_memory, "libcurl could not allocate memory");
    const auto start = CallContext::Clock::now();
    auto result = transfer(pool, *channel, request, settings, context);
    log_transfer(request, url, result, start);
    // After a failure the state of the channel's connections is doubtful.
    if (result) {
      channel->origin = origin;
      pool.give_back(std::move(channel));
    }
    return result;
  }

  static void log_transfer(const HttpRequest& request, const encoding::Url& url, const Result<TransferResult>& result,
                           CallContext::Clock::time_point start) {
    if (!base::log_enabled(LogLevel::debug)) return;
    const auto elapsed = std::chrono::duration_cast<milliseconds>(CallContext::Clock::now() - start);
    // The query string is left out: it may hold a code or a token.
    base::log(LogLevel::debug, request.subject,
              fmt::format("{} {}{}: {} after {} ms", to_string(request.method), url.origin(),
                          request.secret_path ? "" : url.path,
                          result ? fmt::format("HTTP {}", result->response.status) : result.error().message,
                          elapsed.count()));
  }

  const milliseconds connect_timeout_;
  const milliseconds attempt_timeout_;
  const std::string user_agent_;
  const CertificateAuthorities authorities_;
  const ProxySettings proxies_;
  ForkAwareChannelPool channels_;
};

}  // namespace

std::shared_ptr<HttpTransport> make_curl_transport(const HttpOptions& options,
                                                   const platform::Environment& environment) {
  return std::make_shared<CurlTransport>(options, environment);
}

}  // namespace dbxauth::net
