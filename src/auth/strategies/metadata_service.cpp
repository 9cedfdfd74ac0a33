// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/metadata_service.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "auth/oauth/token_endpoint.hpp"
#include "auth/strategy_error.hpp"
#include "base/text.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"

namespace dbxauth::auth {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds attempt_limit = 10s;
constexpr std::size_t answer_limit_bytes = 1u << 20;

class MetadataServiceSource final : public TokenSource {
 public:
  MetadataServiceSource(std::string url, std::string origin, std::string host,
                        std::shared_ptr<net::HttpTransport> transport, std::shared_ptr<const platform::Clock> clock)
      : url_(std::move(url)),
        origin_(std::move(origin)),
        host_(std::move(host)),
        transport_(std::move(transport)),
        clock_(std::move(clock)) {}

  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) override {
    net::HttpRequest request;
    request.url = url_;
    request.headers = {
        {"Accept", "application/json"}, {"X-Databricks-Metadata-Version", "1"}, {"X-Databricks-Host", host_}};
    request.attempt_timeout = attempt_limit;
    request.response_limit = answer_limit_bytes;
    request.secret_path = true;
    request.subject = "auth.metadata-service";
    auto answer = transport_->send(request, context);
    if (!answer) return unreachable(std::move(answer).error());
    answer->url = origin_;
    if (!answer->ok()) return refused(*answer);
    auto token = read_token_answer(*answer, origin_, *clock_);
    if (!token) return without_secret_url(std::move(token).error());
    if (demand.rejected != nullptr && token->access_token.equals(*demand.rejected)) {
      return unavailable(ErrorCode::authentication_failed,
                         "the metadata service at " + origin_ + " gave the token that " + host_ + " has just refused",
                         "log in again in the program that runs the metadata service");
    }
    return IssuedToken{std::move(*token), {}};
  }

 private:
  Error unreachable(Error error) const {
    if (error.code == ErrorCode::cancelled) return error;
    error.message = "the metadata service at " + origin_ + " cannot be asked: " + error.message;
    return with_fix(without_secret_url(std::move(error)),
                    "start the program that set DATABRICKS_METADATA_SERVICE_URL (an editor, for example), or unset it",
                    AttemptVerdict::unavailable);
  }

  // The body is not quoted: web servers like to repeat the path there.
  Error refused(const net::HttpResponse& answer) const {
    Error error = net::service_error(answer, "get a token from the metadata service at " + origin_);
    if (answer.status >= 300 && answer.status < 500 && answer.status != 429 && answer.status != 408) {
      error.code = ErrorCode::authentication_failed;
    }
    error.server_code.clear();
    error.message = "the metadata service at " + origin_ + " gave no token for " + host_ + " (HTTP " +
                    std::to_string(answer.status) + ")";
    return with_fix(std::move(error),
                    "check that the program that runs the metadata service is logged in to this "
                    "workspace, and DATABRICKS_METADATA_SERVICE_URL",
                    AttemptVerdict::unavailable);
  }

  /// Path and query may be what keeps other users of the machine out.
  Error without_secret_url(Error error) const {
    const std::size_t path = url_.find('/', url_.find("://") + 3);
    if (path == std::string::npos) return error;
    std::string_view rest = std::string_view(url_).substr(path);
    for (std::string_view secret :
         {rest, rest.substr(0, rest.find('?')), rest.substr(std::min(rest.find('?'), rest.size()))}) {
      if (secret.size() < 2) continue;
      for (auto at = error.message.find(secret); at != std::string::npos; at = error.message.find(secret, at)) {
        error.message.erase(at, secret.size());
      }
    }
    return error;
  }

  const std::string url_;
  const std::string origin_;
  const std::string host_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
};

}  // namespace

Result<std::shared_ptr<TokenSource>> make_metadata_service_source(std::string url, std::string host,
                                                                  std::shared_ptr<net::HttpTransport> transport,
                                                                  std::shared_ptr<const platform::Clock> clock) {
  std::string trimmed(base::trim(url));
  const auto parsed = encoding::parse_url(trimmed);
  if (!parsed || !parsed->is_loopback()) {
    return with_fix(
        Error(ErrorCode::configuration,
              "metadata_service_url (DATABRICKS_METADATA_SERVICE_URL) must be a URL of this machine: " +
                  (parsed ? "its host is " + parsed->host : parsed.error().message)),
        "use a URL on localhost, 127.0.0.1 or [::1]; a service elsewhere could make the program act as anybody");
  }
  std::string origin = parsed->origin();
  return std::shared_ptr<TokenSource>(std::make_shared<MetadataServiceSource>(
      std::move(trimmed), std::move(origin), std::move(host), std::move(transport), std::move(clock)));
}

}  // namespace dbxauth::auth
