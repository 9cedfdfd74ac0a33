// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include "auth/header_value.hpp"
#include "auth/strategies/google.hpp"
#include "auth/strategies/google_application_credentials.hpp"
#include "auth/strategies/google_token_requests.hpp"
#include "auth/strategy_error.hpp"
#include "auth/token_request_ceiling.hpp"
#include "base/json_writer.hpp"
#include "base/redaction.hpp"
#include "encoding/jwt_claims.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view subject = "auth.google-id";
constexpr std::string_view iam_credentials_api = "https://iamcredentials.googleapis.com";
constexpr std::string_view iam_variable = "DBXAUTH_GOOGLE_IAM_CREDENTIALS_URL";
constexpr std::size_t answer_limit_bytes = 1u << 20;

/// The email in a path: as encoding::percent_encode, but `@` stays, as Google's own clients send it.
std::string email_segment(std::string_view email) {
  const auto at = email.find('@');
  if (at == std::string_view::npos) return encoding::percent_encode(email);
  return encoding::percent_encode(email.substr(0, at)) + "@" + encoding::percent_encode(email.substr(at + 1));
}

class GoogleIdSource final : public TokenSource {
 public:
  GoogleIdSource(std::string service_account, std::string host, EnvironmentReader environment,
                 std::shared_ptr<net::HttpTransport> transport, std::shared_ptr<const platform::Clock> clock)
      : service_account_(std::move(service_account)),
        host_(std::move(host)),
        environment_(environment),
        transport_(transport),
        clock_(clock),
        credentials_(std::move(environment), std::move(transport), std::move(clock)) {}

  Result<IssuedToken> issue(const TokenDemand&, const CallContext& context) override {
    const auto iam = iam_url();
    if (!iam) return iam.error();
    auto own = credentials_.access_token(context);
    if (!own) return std::move(own).error();
    auto id_token = impersonated_id_token(*iam, *own, context);
    if (!id_token) return std::move(id_token).error();
    return pair_google_tokens(std::move(*id_token), impersonated_access_token(*iam, *own, context), subject);
  }

 private:
  Result<std::string> iam_url() const {
    std::string url = environment_().get(iam_variable).value_or(std::string(iam_credentials_api));
    const auto parsed = encoding::parse_url(url);
    if (!parsed || (parsed->scheme != "https" && !parsed->is_loopback())) {
      return with_fix(Error(ErrorCode::configuration,
                            std::string(iam_variable) + " is not an https URL: " + base::redact_excerpt(url)),
                      "unset it: it is for private endpoints and tests only");
    }
    while (url.back() == '/') url.pop_back();
    return url;
  }

  Result<Token> impersonated_id_token(const std::string& iam, const Token& own, const CallContext& context) {
    base::JsonWriter body;
    body.begin_object().member("audience", host_).member("includeEmail", true).end_object();
    const auto answer = call(iam, "generateIdToken", body.text(), own, context);
    if (!answer) return answer.error();
    auto token = read_member(*answer, "token", "generateIdToken");
    if (!token) return token;
    if (const auto claims = encoding::read_jwt_claims(token->access_token.reveal()); claims && claims->expires_at) {
      end_at(*token, *claims->expires_at);
    }
    assume_google_lifetime(*token, *clock_);
    return token;
  }

  Result<Token> impersonated_access_token(const std::string& iam, const Token& own, const CallContext& context) {
    base::JsonWriter body;
    body.begin_object().key("scope").begin_array().string(google_cloud_platform_scope).string(google_compute_scope);
    body.end_array().end_object();
    const auto answer = call(iam, "generateAccessToken", body.text(), own, context);
    if (!answer) return answer.error();
    auto token = read_member(*answer, "accessToken", "generateAccessToken");
    if (!token) return token;
    if (const auto end = encoding::parse_rfc3339((*answer)["expireTime"].string_or())) end_at(*token, *end);
    assume_google_lifetime(*token, *clock_);
    return token;
  }

  void end_at(Token& token, std::chrono::system_clock::time_point end) const {
    token.expires_at = end;
    if (end > clock_->now()) token.lifetime = std::chrono::floor<std::chrono::seconds>(end - clock_->now());
  }

  Result<base::JsonDocument> call(const std::string& iam, std::string_view method, std::string_view body,
                                  const Token& own, const CallContext& context) {
    auto authorization = authorization_value(own);
    if (!authorization) return std::move(authorization).error();
    net::HttpRequest request;
    request.method = net::HttpMethod::post;
    request.url = iam + "/v1/projects/-/serviceAccounts/" + email_segment(service_account_) + ":" + std::string(method);
    request.headers.emplace_back("Accept", "application/json");
    request.secret_headers.emplace_back("Authorization", std::move(*authorization));
    request.body = SecretString(body);
    request.content_type = "application/json";
    request.replay = net::Replay::safe;
    request.response_limit = answer_limit_bytes;
    request.subject = subject;
    if (auto turn = await_token_request_turn(request.url, {}, context); !turn) return turn.error();
    const auto answer = transport_->send(request, context);
    if (!answer) return answer.error();
    const std::string doing = "act as " + service_account_ + " (" + std::string(method) + ")";
    if (!answer->ok()) return explain_refusal(net::service_error(*answer, doing));
    return net::json_body(*answer, doing);
  }

  Error explain_refusal(Error error) const {
    if (error.http_status == 401) {
      return with_fix(std::move(error),
                      "renew the application default credentials: gcloud auth application-default "
                      "login, or a new key for the service account that they are");
    }
    if (error.http_status == 403 || error.http_status == 404) {
      return with_fix(std::move(error),
                      "check google_service_account, that the IAM Service Account Credentials API is enabled, and give "
                      "the application default credentials the role roles/iam.serviceAccountTokenCreator on " +
                          service_account_);
    }
    return error;
  }

  Result<Token> read_member(const base::JsonDocument& answer, std::string_view member, std::string_view method) const {
    Token token;
    token.access_token = SecretString(answer[member].string_or());
    if (!token.access_token.empty() && is_header_safe(token.access_token.reveal())) return token;
    return Error(ErrorCode::protocol, "the answer to " + std::string(method) + " for " + service_account_ +
                                          " holds no usable " + std::string(member));
  }

  const std::string service_account_;
  const std::string host_;
  const EnvironmentReader environment_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  GoogleApplicationCredentials credentials_;
};

}  // namespace

std::shared_ptr<TokenSource> make_google_id_source(std::string service_account, std::string host,
                                                   EnvironmentReader environment,
                                                   std::shared_ptr<net::HttpTransport> transport,
                                                   std::shared_ptr<const platform::Clock> clock) {
  return std::make_shared<GoogleIdSource>(std::move(service_account), std::move(host), std::move(environment),
                                          std::move(transport), std::move(clock));
}

}  // namespace dbxauth::auth
