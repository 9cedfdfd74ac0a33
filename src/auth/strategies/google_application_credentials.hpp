// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/strategies/id_token_source.hpp"
#include "base/json_reader.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"

namespace dbxauth::auth {

/// Google's application default credentials, looked for at each call in Google's order: the file that
/// GOOGLE_APPLICATION_CREDENTIALS names, application_default_credentials.json in CLOUDSDK_CONFIG or ~/.config/gcloud,
/// the metadata server of a Google Cloud machine. Of files, the kinds service_account and authorized_user; other kinds
/// are ErrorCode::unsupported. ErrorCode::no_credentials when there are none. Nothing is cached. Thread-safe.
class GoogleApplicationCredentials {
 public:
  GoogleApplicationCredentials(EnvironmentReader environment, std::shared_ptr<net::HttpTransport> transport,
                               std::shared_ptr<const platform::Clock> clock);

  /// An access token with the scope cloud-platform.
  Result<Token> access_token(const CallContext& context);

 private:
  struct File {
    std::string name;  ///< For messages.
    SecretString text;
  };

  static Result<std::optional<File>> find_file(const platform::Environment& environment);
  Result<Token> from_file(const File& file, const CallContext& context);
  Result<Token> of_user(const base::JsonDocument& document, const std::string& name, const CallContext& context);
  Result<Token> of_machine(const platform::Environment& environment, const CallContext& context);
  Result<void> find_metadata_server(const std::string& address, const CallContext& context);

  const EnvironmentReader environment_;
  const std::shared_ptr<net::HttpTransport> transport_;
  const std::shared_ptr<const platform::Clock> clock_;
  std::atomic<bool> metadata_server_found_{false};
};

}  // namespace dbxauth::auth
