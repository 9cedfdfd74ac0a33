// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "auth/token_source.hpp"
#include "platform/clock.hpp"
#include "platform/environment.hpp"

namespace dbxauth::auth {

/// Where a model serving container finds its token.
inline constexpr std::string_view model_serving_token_file = "/var/credentials-secret/model-dependencies-oauth-token";

/// Whether the environment says that this is a model serving container: IS_IN_DB_MODEL_SERVING_ENV or
/// IS_IN_DATABRICKS_MODEL_SERVING_ENV is "true".
bool in_model_serving(const platform::Environment& environment);
/// DATABRICKS_MODEL_SERVING_HOST_URL, else DB_MODEL_SERVING_HOST_URL, normalised; empty when neither is set.
std::string model_serving_host(const platform::Environment& environment);

/// The token of a model serving container: JSON `OAUTH_TOKEN[0].oauthTokenValue`, read again at least every 300 s, as
/// the official Python SDK does.
std::shared_ptr<TokenSource> make_model_serving_source(std::string token_file,
                                                       std::shared_ptr<const platform::Clock> clock);

}  // namespace dbxauth::auth
