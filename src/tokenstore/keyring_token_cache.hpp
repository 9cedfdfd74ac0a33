// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dbxauth/token_cache.hpp"
#include "tokenstore/keyring_entries.hpp"
#include "tokenstore/keyring_worker.hpp"

namespace dbxauth::tokenstore {

/// What a keyring cache stands on; make_keyring_token_cache() takes the real ones.
struct KeyringBase {
  std::function<Result<std::string>()> find_bus;  ///< Asked by every call.
  std::function<KeyringWorker&()> worker;         ///< Asked by every call: it changes with a fork.
  KeyringEntries::Sizes sizes;
};

std::shared_ptr<TokenCache> make_keyring_token_cache_on(KeyringBase base, KeyringOptions options);

}  // namespace dbxauth::tokenstore
