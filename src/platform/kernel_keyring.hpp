// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::platform {

/// A secret in the kernel's keyring of the user (keyctl(2), `user` key, `@u`): every process of the user on this
/// machine can read it, no file holds it, and it is gone after a restart. Thread-safe; nothing here waits.
class KernelKey {
 public:
  /// `description` is the name that `keyctl show @u` lists.
  explicit KernelKey(std::string description) : description_(std::move(description)) {}

  /// ErrorCode::not_found when there is none; storage_unavailable, with the reason and what to use instead, when the
  /// kernel or a container's filter forbids it.
  Result<SecretString> read() const;

  /// The key's bytes; where there is none, a random one of `size` bytes is made first. Of several processes at once
  /// exactly one makes it. ErrorCode::storage_unavailable as read().
  Result<SecretString> read_or_make(std::size_t size) const;

  /// Success when read_or_make() would succeed; leaves nothing behind.
  Result<void> usable() const;

  /// Success also when there is none.
  Result<void> remove() const;

 private:
  std::string description_;
};

}  // namespace dbxauth::platform
