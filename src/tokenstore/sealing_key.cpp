// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/sealing_key.hpp"

#include <utility>

#include "encoding/aes_gcm.hpp"
#include "platform/random_source.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr std::size_t kSaltBytes = 32;
constexpr std::string_view kPurpose = "dbxauth token cache 1";

}  // namespace

std::string_view to_string(KeyOrigin origin) noexcept {
  if (origin == KeyOrigin::passphrase) return "passphrase";
  return origin == KeyOrigin::kernel ? "kernel" : "file";
}

KeyRecipe KeyRecipe::with_new_salt(KeyOrigin origin) {
  KeyRecipe recipe;
  recipe.origin = origin;
  recipe.salt = platform::random_bytes(kSaltBytes);
  return recipe;
}

Result<SealingKey> SealingKey::derive(KeyRecipe recipe, const SecretString& secret) {
  Result<SecretString> key = recipe.origin == KeyOrigin::passphrase
                                 ? encoding::scrypt(secret, recipe.salt, recipe.cost, encoding::kAes256KeyBytes)
                                 : encoding::hkdf_sha256(secret, recipe.salt, kPurpose, encoding::kAes256KeyBytes);
  if (!key) return std::move(key).error();
  return SealingKey(std::move(recipe), std::move(*key));
}

// Unambiguous: uses have no line break, a salt has one length, and the name comes last.
std::string SealingKey::bound_to(std::string_view use, std::string_view name) const {
  std::string bound(kPurpose);
  bound.append(" ").append(use).append("\n").append(recipe_.salt).append(name);
  return bound;
}

Result<SealedBytes> SealingKey::seal(std::string_view name, std::string_view plaintext) const {
  SealedBytes sealed;
  sealed.nonce = platform::random_bytes(encoding::kGcmNonceBytes);
  Result<std::string> data = encoding::aes256_gcm_seal(key_, sealed.nonce, bound_to("entry", name), plaintext);
  if (!data) return std::move(data).error();
  sealed.data = std::move(*data);
  return sealed;
}

Result<SecretString> SealingKey::open(std::string_view name, const SealedBytes& sealed) const {
  return encoding::aes256_gcm_open(key_, sealed.nonce, bound_to("entry", name), sealed.data);
}

Result<SealedBytes> SealingKey::make_check() const {
  SealedBytes check;
  check.nonce = platform::random_bytes(encoding::kGcmNonceBytes);
  Result<std::string> data = encoding::aes256_gcm_seal(key_, check.nonce, bound_to("check", ""), "");
  if (!data) return std::move(data).error();
  check.data = std::move(*data);
  return check;
}

Result<void> SealingKey::verify(const SealedBytes& check) const {
  const Result<SecretString> opened = encoding::aes256_gcm_open(key_, check.nonce, bound_to("check", ""), check.data);
  if (!opened) return opened.error();
  return {};
}

}  // namespace dbxauth::tokenstore
