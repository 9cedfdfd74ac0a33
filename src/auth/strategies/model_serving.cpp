// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/model_serving.hpp"

#include <algorithm>
#include <utility>

#include "auth/header_value.hpp"
#include "auth/strategy_error.hpp"
#include "base/json_reader.hpp"
#include "base/logging.hpp"
#include "config/config_sources.hpp"
#include "encoding/jwt_claims.hpp"
#include "encoding/timestamp.hpp"
#include "platform/files.hpp"

namespace dbxauth::auth {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds reading_counts_for = 300s;
constexpr std::size_t file_limit_bytes = 1u << 20;

class ModelServingSource final : public TokenSource {
 public:
  ModelServingSource(std::string token_file, std::shared_ptr<const platform::Clock> clock)
      : token_file_(std::move(token_file)), clock_(std::move(clock)) {}

  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext&) override {
    auto value = read_value();
    if (!value) return std::move(value).error();
    if (demand.rejected != nullptr && value->equals(*demand.rejected)) {
      return unavailable(ErrorCode::authentication_failed,
                         "the token in " + token_file_ + " was refused and has not been replaced yet",
                         "redeploy the model with the resources that it uses, so that it gets a token for them");
    }
    const auto now = clock_->now();
    IssuedToken issued;
    issued.token.expires_at = now + reading_counts_for;
    if (const auto claims = encoding::read_jwt_claims(value->reveal()); claims && claims->expires_at) {
      if (*claims->expires_at <= now) return expired(*claims->expires_at);
      issued.token.expires_at = std::min(issued.token.expires_at, *claims->expires_at);
    }
    issued.token.lifetime = std::chrono::floor<std::chrono::seconds>(issued.token.expires_at - now);
    issued.token.access_token = std::move(*value);
    return issued;
  }

 private:
  Result<SecretString> read_value() const {
    const auto contents = platform::read_file(token_file_, file_limit_bytes);
    if (!contents) {
      Error error = contents.error();
      if (error.code == ErrorCode::not_found) {
        return unavailable(ErrorCode::no_credentials,
                           "this is a model serving container, but it has no token file " + token_file_,
                           "log the model with the resources that it uses, so that the container gets a token");
      }
      error.message = "the token of the model serving container cannot be read: " + error.message;
      return error;
    }
    const auto document = base::JsonDocument::parse(
        contents->reveal(), "the token file " + token_file_ + " of the model serving container");
    if (!document) return document.error();
    auto value = clean_secret((*document)["OAUTH_TOKEN"].at(0)["oauthTokenValue"].string_or(), "the token");
    if (value) return value;
    return Error(ErrorCode::protocol,
                 "the token file " + token_file_ + " holds no usable OAUTH_TOKEN[0].oauthTokenValue");
  }

  Error expired(std::chrono::system_clock::time_point when) const {
    Error error = unavailable(
        ErrorCode::authentication_failed,
        "the token in " + token_file_ + " expired at " +
            encoding::format_rfc3339(std::chrono::floor<std::chrono::seconds>(when)),
        "model serving replaces the file by itself; try again, and check the clock of the container if it stays so");
    error.retryable = true;
    return error;
  }

  const std::string token_file_;
  const std::shared_ptr<const platform::Clock> clock_;
};

}  // namespace

bool in_model_serving(const platform::Environment& environment) {
  return environment.get("IS_IN_DB_MODEL_SERVING_ENV") == "true" ||
         environment.get("IS_IN_DATABRICKS_MODEL_SERVING_ENV") == "true";
}

std::string model_serving_host(const platform::Environment& environment) {
  for (const char* name : {"DATABRICKS_MODEL_SERVING_HOST_URL", "DB_MODEL_SERVING_HOST_URL"}) {
    const auto value = environment.get(name);
    if (!value) continue;
    auto normalized = config::normalize_host(*value);
    if (normalized) return std::move(normalized->host);
    base::log(LogLevel::warning, "auth.model-serving",
              std::string(name) + " is passed over: " + normalized.error().message);
  }
  return {};
}

std::shared_ptr<TokenSource> make_model_serving_source(std::string token_file,
                                                       std::shared_ptr<const platform::Clock> clock) {
  return std::make_shared<ModelServingSource>(std::move(token_file), std::move(clock));
}

}  // namespace dbxauth::auth
