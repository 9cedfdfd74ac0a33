// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/notebook.hpp"

#include <utility>

#include "auth/header_value.hpp"
#include "auth/strategy_error.hpp"
#include "config/config_sources.hpp"

namespace dbxauth::auth {

NotebookSource::NotebookSource(Callback callback, std::string expected_host)
    : callback_(std::move(callback)), expected_host_(std::move(expected_host)) {}

std::string NotebookSource::host() const {
  const std::lock_guard lock(mutex_);
  return host_;
}

Result<IssuedToken> NotebookSource::issue(const TokenDemand& demand, const CallContext&) {
  auto notebook = callback_();
  if (!notebook) return std::move(notebook).error();
  auto normalized = config::normalize_host(notebook->host);
  if (!normalized) return std::move(normalized).error();
  if (!expected_host_.empty() && normalized->host != expected_host_) {
    return unavailable(ErrorCode::no_credentials,
                       "the notebook belongs to " + normalized->host + ", and " + expected_host_ + " was asked for",
                       "leave the host unset to use the notebook's own workspace");
  }
  auto token = clean_secret(notebook->token.reveal(), "the notebook's token");
  if (!token) return std::move(token).error();
  if (demand.rejected != nullptr && token->equals(*demand.rejected)) {
    return Error(ErrorCode::authentication_failed, normalized->host + " refused the notebook's token");
  }
  IssuedToken issued;
  issued.token.access_token = std::move(*token);
  const std::lock_guard lock(mutex_);
  host_ = std::move(normalized->host);
  return issued;
}

}  // namespace dbxauth::auth
