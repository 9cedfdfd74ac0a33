// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "dbxauth/credentials.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::auth {

/// Providers that are in use in this process, so that a thousand clients of one principal share one token and one
/// renewal. Holds weak references only: when the last client of a principal goes, its token is wiped. Thread-safe; a
/// child after fork() starts with what its parent had.
///
/// `key` is everything that makes the provider what it is, secrets included: two callers share only when it is the
/// same byte for byte. `make` runs at most once at a time for one key and must not use the registry.
std::shared_ptr<CredentialProvider> share_provider(SecretString key,
                                                   const std::function<std::shared_ptr<CredentialProvider>()>& make);

}  // namespace dbxauth::auth
