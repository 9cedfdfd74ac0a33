// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/json_reader.hpp"
#include "net/http_transport.hpp"
#include "platform/environment.hpp"
#include "support/bearer_transport.hpp"
#include "support/emulator_process.hpp"
#include "workspace/workspace_client_factory.hpp"

namespace dbxauth::testing {

/// A running emulator and clients for it.
class EmulatorWorkspace {
 public:
  explicit EmulatorWorkspace(std::string seed) : process_(std::move(seed)) {}

  const EmulatorProcess& process() const noexcept { return process_; }

  WorkspaceClient client(std::string token) const {
    return workspace::make_workspace_client(
        process_.url(), std::make_shared<BearerTransport>(transport_, std::move(token)), transport_);
  }
  /// Of the administrator.
  WorkspaceClient client() const { return client(process_.token()); }

  base::JsonDocument counters() const { return control(net::HttpMethod::get, "/_emulator/counters"); }
  void reset_counters() const { control(net::HttpMethod::post, "/_emulator/counters/reset"); }

 private:
  base::JsonDocument control(net::HttpMethod method, const char* path) const {
    net::HttpRequest request;
    request.method = method;
    request.url = process_.url() + path;
    auto response = transport_->send(request, CallContext::with_timeout(std::chrono::seconds(10)));
    if (!response) throw std::runtime_error(response.error().message);
    if (!response->ok()) throw std::runtime_error(std::string(path) + " was refused");
    const std::string_view body = response->body.reveal();
    auto json = base::JsonDocument::parse(body.empty() ? "{}" : body, path);
    if (!json) throw std::runtime_error(json.error().message);
    return std::move(*json);
  }

  EmulatorProcess process_;
  std::shared_ptr<net::HttpTransport> transport_ =
      net::make_retrying_transport(net::make_curl_transport({}, platform::Environment()), net::RetryPolicy());
};

}  // namespace dbxauth::testing
