// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/id_token_source.hpp"

#include <map>
#include <utility>
#include <vector>

#include "auth/header_value.hpp"
#include "auth/strategy_error.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "encoding/url.hpp"
#include "net/service_error.hpp"
#include "platform/files.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::size_t token_limit_bytes = 1u << 20;

/// The source does not exist here, so that the chain may go on.
Error not_here(std::string message, std::string fix, std::vector<std::string> missing) {
  Error error =
      with_fix(Error(ErrorCode::no_credentials, std::move(message)), std::move(fix), AttemptVerdict::not_configured);
  error.attempts.front().missing = std::move(missing);
  return error;
}

bool is_secure(const Result<encoding::Url>& url) {
  return url && (url->scheme == "https" || url->is_loopback());
}

/// `provider` is who answered, for messages.
Result<SecretString> token_member(const net::HttpResponse& answer, std::string_view member,
                                  const std::string& provider) {
  const auto document = net::json_body(answer, "get an ID token from " + provider);
  if (!document) return document.error();
  auto token = clean_secret((*document)[member].string_or(), "the ID token");
  if (token) return token;
  return Error(ErrorCode::protocol,
               "the answer of " + provider + " holds no usable ID token in its member " + std::string(member));
}

class FileIdTokenSource final : public IdTokenSource {
 public:
  FileIdTokenSource(std::string path, std::string setting) : path_(std::move(path)), setting_(std::move(setting)) {}

  Result<SecretString> id_token(std::string_view, const CallContext&) override {
    const auto contents = platform::read_file(path_, token_limit_bytes);
    if (!contents) {
      Error error = contents.error();
      const bool absent = error.code == ErrorCode::not_found;
      if (absent) {
        error = Error(ErrorCode::configuration, "the ID token file " + path_ + " does not exist");
      } else {
        error.message = "the ID token file cannot be used: " + error.message;
      }
      return with_fix(std::move(error),
                      absent ? "check " + setting_ + " and that the volume with the token is mounted"
                             : "let " + setting_ + " name a file that this user may read and that holds the token");
    }
    auto token = clean_secret(contents->reveal(), "the ID token file " + path_);
    if (token) return token;
    return with_fix(std::move(token).error(), "check what writes the file; it must hold one JSON Web Token, no more");
  }
  bool takes_audience() const noexcept override { return false; }

 private:
  const std::string path_;
  const std::string setting_;
};

class EnvironmentIdTokenSource final : public IdTokenSource {
 public:
  EnvironmentIdTokenSource(std::string variable, EnvironmentReader environment)
      : variable_(std::move(variable)), environment_(std::move(environment)) {}

  Result<SecretString> id_token(std::string_view, const CallContext&) override {
    const auto value = environment_().get(variable_);
    if (!value || base::trim(*value).empty()) {
      return not_here("the environment variable " + variable_ + ", which should hold an ID token, is not set",
                      "put the ID token into " + variable_ + ", or name another variable in oidc_token_env",
                      {variable_});
    }
    return clean_secret(*value, "the ID token in " + variable_);
  }
  bool takes_audience() const noexcept override { return false; }

 private:
  const std::string variable_;
  const EnvironmentReader environment_;
};

constexpr std::string_view github_fix =
    "give the job the permission \"id-token: write\"; GitHub then sets ACTIONS_ID_TOKEN_REQUEST_URL and "
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

class GithubIdTokenSource final : public IdTokenSource {
 public:
  GithubIdTokenSource(std::string request_url, SecretString request_token,
                      std::shared_ptr<net::HttpTransport> transport)
      : request_url_(base::trim(request_url)),
        request_token_(std::move(request_token)),
        transport_(std::move(transport)) {}

  Result<SecretString> id_token(std::string_view audience, const CallContext& context) override {
    if (auto usable = check(); !usable) return std::move(usable).error();
    const auto bearer = clean_secret(request_token_.reveal(), "ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    if (!bearer) return bearer.error();
    SecretString authorization("Bearer ");
    authorization.append(bearer->reveal());

    net::HttpRequest request;
    request.url = request_url_;
    if (!audience.empty()) {
      request.url += request_url_.find('?') == std::string::npos ? "?audience=" : "&audience=";
      request.url += encoding::percent_encode(audience);
    }
    request.headers.emplace_back("Accept", "application/json");
    request.secret_headers.emplace_back("Authorization", std::move(authorization));
    request.response_limit = token_limit_bytes;
    request.subject = "auth.github-oidc";
    const auto answer = transport_->send(request, context);
    if (!answer) return answer.error();
    if (answer->status != 401 && answer->status != 403) return token_member(*answer, "value", "GitHub Actions");
    Error error(
        ErrorCode::authentication_failed,
        "GitHub Actions did not accept ACTIONS_ID_TOKEN_REQUEST_TOKEN (HTTP " + std::to_string(answer->status) + ")");
    error.http_status = answer->status;
    return with_fix(std::move(error),
                    "GitHub gives ID tokens only while the job runs and only with the permission "
                    "\"id-token: write\"; check both");
  }

 private:
  Result<void> check() const {
    std::vector<std::string> missing;
    if (request_url_.empty()) missing.emplace_back("ACTIONS_ID_TOKEN_REQUEST_URL");
    if (base::trim(request_token_.reveal()).empty()) missing.emplace_back("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    if (!missing.empty()) {
      return not_here("this is no GitHub Actions job that may have an ID token: " + base::join(missing, " and ") +
                          (missing.size() == 1 ? " is" : " are") + " not set",
                      std::string(github_fix), missing);
    }
    if (is_secure(encoding::parse_url(request_url_)) && request_url_.find('#') == std::string::npos) return {};
    return Error(ErrorCode::configuration, "ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL");
  }

  const std::string request_url_;
  const SecretString request_token_;
  const std::shared_ptr<net::HttpTransport> transport_;
};

class AzureDevopsIdTokenSource final : public IdTokenSource {
 public:
  AzureDevopsIdTokenSource(EnvironmentReader environment, std::shared_ptr<net::HttpTransport> transport)
      : environment_(std::move(environment)), transport_(std::move(transport)) {}

  Result<SecretString> id_token(std::string_view, const CallContext& context) override {
    const platform::Environment environment = environment_();
    if (auto complete = check(environment); !complete) return std::move(complete).error();
    auto url = token_url(environment);
    if (!url) return std::move(url).error();
    const auto bearer = clean_secret(*environment.get("SYSTEM_ACCESSTOKEN"), "SYSTEM_ACCESSTOKEN");
    if (!bearer) return bearer.error();
    SecretString authorization("Bearer ");
    authorization.append(bearer->reveal());

    net::HttpRequest request;
    request.method = net::HttpMethod::post;
    request.url = std::move(*url);
    request.headers.emplace_back("Accept", "application/json");
    request.secret_headers.emplace_back("Authorization", std::move(authorization));
    request.replay = net::Replay::safe;  // One ID token more harms nobody.
    request.response_limit = token_limit_bytes;
    request.subject = "auth.azure-devops-oidc";
    const auto answer = transport_->send(request, context);
    if (!answer) return answer.error();
    return read(*answer);
  }
  bool takes_audience() const noexcept override { return false; }

 private:
  static Result<void> check(const platform::Environment& environment) {
    std::vector<std::string> missing;
    for (const std::string_view name : azure_devops_variables) {
      if (!environment.get(name)) missing.emplace_back(name);
    }
    if (missing.empty()) return {};
    const bool only_token = missing.size() == 1 && missing.front() == "SYSTEM_ACCESSTOKEN";
    return not_here("not in an Azure DevOps job that may have an ID token: " + base::join(missing, ", ") +
                        (missing.size() == 1 ? " is" : " are") + " not set",
                    only_token ? std::string(access_token_fix)
                               : "run in an Azure DevOps pipeline; there, " + std::string(access_token_fix),
                    missing);
  }

  static Result<std::string> token_url(const platform::Environment& environment) {
    const auto variable = [&environment](std::string_view name) { return environment.get(name).value_or(""); };
    std::string collection(base::trim(variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")));
    while (!collection.empty() && collection.back() == '/') collection.pop_back();
    const auto parsed = encoding::parse_url(collection);
    if (!is_secure(parsed) || collection.find_first_of("?#") != std::string::npos) {
      return Error(ErrorCode::configuration, "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI is not a plain https URL");
    }
    const auto segment = [&variable](std::string_view name) { return encoding::percent_encode(variable(name)); };
    return collection + "/" + segment("SYSTEM_TEAMPROJECTID") + "/_apis/distributedtask/hubs/" +
           segment("SYSTEM_HOSTTYPE") + "/plans/" + segment("SYSTEM_PLANID") + "/jobs/" + segment("SYSTEM_JOBID") +
           "/oidctoken?api-version=7.2-preview.1";
  }

  static Result<SecretString> read(const net::HttpResponse& answer) {
    // Azure DevOps shows a refused caller its sign-in page, as 203 or as a redirection.
    const bool sign_in = answer.status == 203 || (answer.status >= 300 && answer.status < 400);
    if (sign_in || answer.status == 401 || answer.status == 403) {
      Error error(ErrorCode::authentication_failed,
                  "Azure DevOps did not accept SYSTEM_ACCESSTOKEN (HTTP " + std::to_string(answer.status) + ")");
      error.http_status = answer.status;
      return with_fix(std::move(error), "the token ends with its job; " + std::string(access_token_fix));
    }
    return token_member(answer, "oidcToken", "Azure DevOps");
  }

  static constexpr std::string_view access_token_fix =
      "hand the job's token to the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)";

  const EnvironmentReader environment_;
  const std::shared_ptr<net::HttpTransport> transport_;
};

}  // namespace

std::shared_ptr<IdTokenSource> make_file_id_token_source(std::string path, std::string setting) {
  return std::make_shared<FileIdTokenSource>(std::move(path), std::move(setting));
}

std::shared_ptr<IdTokenSource> make_environment_id_token_source(std::string variable, EnvironmentReader environment) {
  return std::make_shared<EnvironmentIdTokenSource>(std::move(variable), std::move(environment));
}

std::shared_ptr<IdTokenSource> make_github_id_token_source(std::string request_url, SecretString request_token,
                                                           std::shared_ptr<net::HttpTransport> transport) {
  return std::make_shared<GithubIdTokenSource>(std::move(request_url), std::move(request_token), std::move(transport));
}

std::shared_ptr<IdTokenSource> make_azure_devops_id_token_source(EnvironmentReader environment,
                                                                 std::shared_ptr<net::HttpTransport> transport) {
  return std::make_shared<AzureDevopsIdTokenSource>(std::move(environment), std::move(transport));
}

}  // namespace dbxauth::auth
