// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "net/http_transport.hpp"

namespace dbxauth::testing {

/// Adds one fixed bearer token to every request: for tests of the layers above the network that are not about
/// credentials.
class BearerTransport final : public net::HttpTransport {
 public:
  BearerTransport(std::shared_ptr<net::HttpTransport> next, std::string token)
      : next_(std::move(next)), token_(std::move(token)) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, const CallContext& context) override {
    net::HttpRequest authorised = request.clone();
    authorised.secret_headers.emplace_back("Authorization", SecretString("Bearer " + token_));
    return next_->send(authorised, context);
  }

 private:
  std::shared_ptr<net::HttpTransport> next_;
  std::string token_;
};

}  // namespace dbxauth::testing
