// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dbxauth/client.hpp"
#include "dbxauth/http_options.hpp"
#include "platform/environment.hpp"

namespace dbxauth {

/// What a client's connections are made of: the parts of the library beside the client that have to reach the same
/// places in the same way (a diagnosis) open theirs with it.
struct ClientNetwork {
  HttpOptions http;
  platform::Environment environment;  ///< The snapshot that the client was made with.
};

/// Valid as long as the client's state lives. Thread-safe: it never changes after Client::create().
const ClientNetwork& network_of(const Client& client);

}  // namespace dbxauth
