// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "auth/token_source.hpp"
#include "dbxauth/client.hpp"

namespace dbxauth::auth {

/// The context of a Databricks notebook, supplied by a callback of the program. The token has no stated expiry; the
/// callback is asked again when a server refuses it.
class NotebookSource final : public TokenSource {
 public:
  using Callback = std::function<Result<NotebookContext>()>;

  /// `expected_host`: what higher layers name; a notebook of another workspace is refused. May be empty.
  NotebookSource(Callback callback, std::string expected_host);

  Result<IssuedToken> issue(const TokenDemand& demand, const CallContext& context) override;
  /// The notebook's workspace; empty before the first success.
  std::string host() const;

 private:
  const Callback callback_;
  const std::string expected_host_;
  mutable std::mutex mutex_;
  std::string host_;
};

}  // namespace dbxauth::auth
