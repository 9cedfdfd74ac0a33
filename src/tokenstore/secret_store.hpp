// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "tokenstore/keyring_call.hpp"

namespace dbxauth::tokenstore {

/// The two attributes by which an item of a keyring is found.
struct SecretName {
  std::string service;
  std::string username;
};

/// A keyring as it is needed here: the items of one collection. Used by one thread at a time, that of the
/// KeyringWorker.
///
/// Reads end soon after the call was abandoned. Whoever changes something asks KeyringCall::begin_write() immediately
/// before the change is sent, sends nothing when it refuses, and does not give up on a change that was sent.
/// Errors: ErrorCode::storage_unavailable when the keyring cannot be used, timed_out when it does not answer.
class SecretStore {
 public:
  virtual ~SecretStore() = default;

  /// The secret of the item; of several with one name that which was changed last. nullopt when there is none.
  virtual Result<std::optional<SecretString>> lookup(const SecretName& name, KeyringCall& call) = 0;
  /// Creates the item or replaces its secret, in one step.
  virtual Result<void> store(const SecretName& name, const SecretString& secret, KeyringCall& call) = 0;
  /// Removes all items of that name; none is success.
  virtual Result<void> erase(const SecretName& name, KeyringCall& call) = 0;
  /// The usernames of the items of `service`, in any order, duplicates possible.
  virtual Result<std::vector<std::string>> usernames(const std::string& service, KeyringCall& call) = 0;
};

}  // namespace dbxauth::tokenstore
