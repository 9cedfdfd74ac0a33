// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "dbxauth/result.hpp"
#include "tokenstore/secret_store.hpp"

namespace dbxauth::tokenstore {

/// ErrorCode::storage_unavailable in a forked child whose parent was connected to a Secret Service: GLib's threads are
/// not there, and it starts no others. Thread-safe.
Result<void> check_usable_after_fork();

/// The Secret Service (specification 0.2) on the bus at `bus_address`, through libsecret. Loads and connects with the
/// first use, on a connection of its own, so that a bus that goes away does not end the program. When the service was
/// restarted, it connects again; when that happens in the middle of a call, the call is made once more.
std::unique_ptr<SecretStore> open_secret_service_store(const std::string& bus_address);

}  // namespace dbxauth::tokenstore
