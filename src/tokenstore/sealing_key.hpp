// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "encoding/key_derivation.hpp"

namespace dbxauth::tokenstore {

/// Where the secret comes from that the key of a file is derived from.
enum class KeyOrigin { key_file, passphrase, kernel };

/// As files name it ("file", "passphrase", "kernel").
std::string_view to_string(KeyOrigin origin) noexcept;

/// How the key of one file is made of a secret.
struct KeyRecipe {
  KeyOrigin origin = KeyOrigin::key_file;
  std::string salt;           ///< 32 random bytes, of this file alone.
  encoding::ScryptCost cost;  ///< For passphrases; other secrets cannot be guessed and take HKDF.

  static KeyRecipe with_new_salt(KeyOrigin origin);
};

/// Bytes sealed with AES-256-GCM.
struct SealedBytes {
  std::string nonce;
  std::string data;  ///< Ciphertext, then the tag.
};

/// The AES key of one file. What is sealed is bound to the version, to the file's salt and to the name of its entry.
/// Immutable, thread-safe, wiped when it goes. ErrorCode::unsupported from any call: libcrypto cannot be used.
class SealingKey {
 public:
  static Result<SealingKey> derive(KeyRecipe recipe, const SecretString& secret);

  const KeyRecipe& recipe() const noexcept { return recipe_; }

  Result<SealedBytes> seal(std::string_view name, std::string_view plaintext) const;
  /// ErrorCode::authentication_failed when `sealed` was not sealed under this key and name.
  Result<SecretString> open(std::string_view name, const SealedBytes& sealed) const;

  /// A sealed nothing, by which a file tells a wrong key from damage.
  Result<SealedBytes> make_check() const;
  Result<void> verify(const SealedBytes& check) const;

 private:
  SealingKey(KeyRecipe recipe, SecretString key) : recipe_(std::move(recipe)), key_(std::move(key)) {}
  std::string bound_to(std::string_view use, std::string_view name) const;

  KeyRecipe recipe_;
  SecretString key_;
};

}  // namespace dbxauth::tokenstore
