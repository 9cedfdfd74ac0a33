// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "dbxauth/call_context.hpp"
#include "dbxauth/secret_string.hpp"
#include "dbxauth/token_cache.hpp"
#include "platform/kernel_keyring.hpp"
#include "tokenstore/sealing_key.hpp"

namespace dbxauth::tokenstore {

/// The secret that keys are derived from, as EncryptedFileOptions tells it. Thread-safe. Never call it while a file
/// lock is held: a person may be asked.
class KeySource {
 public:
  /// ErrorCode::configuration when the options name no key.
  static Result<std::shared_ptr<KeySource>> make(EncryptedFileOptions options);

  KeyOrigin origin() const noexcept { return origin_; }
  /// For messages: "the key file /run/key", "the passphrase", "the kernel's user keyring".
  const std::string& name() const noexcept { return name_; }

  /// A copy of the secret. A passphrase is asked for once and kept; of several threads one asks. Errors of the callback
  /// are handed on; configuration for a key file that is missing, too short, not private or no file; not_found when
  /// the kernel has no key and `may_make` does not allow a new one; storage_unavailable when it has no keyring.
  Result<SecretString> secret(bool may_make, const CallContext& context);

  /// Success when secret() would succeed with a new key; asks for the passphrase.
  Result<void> usable(const CallContext& context);

  /// The passphrase was wrong: the next call asks again.
  void forget();

 private:
  KeySource(KeyOrigin origin, EncryptedFileOptions options);
  Result<SecretString> read_key_file() const;
  Result<SecretString> ask(const CallContext& context);

  const KeyOrigin origin_;
  const std::string key_file_;
  const std::function<Result<SecretString>()> passphrase_;
  const std::string name_;
  const platform::KernelKey kernel_key_{"dbxauth:token-cache"};
  std::mutex mutex_;
  SecretString kept_;
};

}  // namespace dbxauth::tokenstore
