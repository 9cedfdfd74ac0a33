// SPDX-License-Identifier: Apache-2.0
#include "auth/authorizing_transport.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "auth/header_value.hpp"
#include "base/logging.hpp"
#include "base/redaction.hpp"
#include "encoding/url.hpp"
#include "net/response_class.hpp"

namespace dbxauth::auth {

namespace {

/// 401, and a token that the body calls expired or invalid where the status says 403 or 400.
bool refuses_credentials(const net::HttpResponse& answer) {
  if (answer.status == 401) return true;
  if (answer.status != 400 && answer.status != 403) return false;
  return net::classify_response(answer) == net::ResponseClass::expired_token;
}

class AuthorizingTransport final : public net::HttpTransport {
 public:
  AuthorizingTransport(std::shared_ptr<net::HttpTransport> next, std::shared_ptr<CredentialProvider> credentials,
                       std::string origin)
      : next_(std::move(next)), credentials_(std::move(credentials)), origin_(std::move(origin)) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, const CallContext& context) override {
    auto url = encoding::parse_url(request.url);
    if (!url) return std::move(url).error();
    if (url->origin() != origin_) {
      return Error(ErrorCode::invalid_argument,
                   "the credentials are for " + origin_ + " and are not sent to " + url->origin());
    }
    auto headers = credentials_->headers(std::chrono::seconds{0}, context);
    if (!headers) return std::move(headers).error();
    auto answer = next_->send(authorized(request, **headers), context);
    if (!answer || !refuses_credentials(*answer)) return answer;

    credentials_->reject(**headers);
    auto renewed = credentials_->headers(std::chrono::seconds{0}, context);
    if (!renewed) {
      base::log(LogLevel::debug, "auth",
                "the server refused the credentials and there are no others: " + renewed.error().message);
      return answer;
    }
    if (same_headers(**renewed, **headers)) return answer;
    base::log(LogLevel::debug, "auth",
              "the server refused the credentials; sending the request once more with new ones");
    return next_->send(authorized(request, **renewed), context);
  }

 private:
  static net::HttpRequest authorized(const net::HttpRequest& request, const AuthHeaders& credentials) {
    net::HttpRequest copy = request.clone();
    for (const AuthHeader& header : credentials.headers)
      copy.secret_headers.emplace_back(header.name, header.value.clone());
    return copy;
  }

  const std::shared_ptr<net::HttpTransport> next_;
  const std::shared_ptr<CredentialProvider> credentials_;
  const std::string origin_;
};

}  // namespace

Result<std::shared_ptr<net::HttpTransport>> make_authorizing_transport(std::shared_ptr<net::HttpTransport> next,
                                                                       std::shared_ptr<CredentialProvider> credentials,
                                                                       std::string_view host) {
  auto url = encoding::parse_url(host);
  if (!url) return std::move(url).error();
  if (url->scheme != "https" && !url->is_loopback()) {
    return Error(ErrorCode::invalid_argument,
                 "credentials are sent over https only, and " + base::redact_excerpt(host) + " is not https");
  }
  return std::shared_ptr<net::HttpTransport>(
      std::make_shared<AuthorizingTransport>(std::move(next), std::move(credentials), url->origin()));
}

}  // namespace dbxauth::auth
