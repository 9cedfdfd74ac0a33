// SPDX-License-Identifier: Apache-2.0
#include "platform/kernel_keyring.hpp"

#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

#include "platform/random_source.hpp"

namespace dbxauth::platform {
namespace {

constexpr const char* kType = "user";
// Possessor: everything; owner: view, read, search. A session whose keyring does not link the user's one (started by
// systemd, for example) possesses nothing, and reads by the owner's rights.
constexpr unsigned kPermissions = 0x3f0b0000;
constexpr std::size_t kMostBytes = 256;

// The headers of Debian 12 have both; others may be older than the kernel.
#ifndef KEYCTL_MOVE
constexpr long KEYCTL_MOVE = 30;
constexpr long KEYCTL_MOVE_EXCL = 1;
#endif

template <class... Arguments>
long keyctl(long operation, Arguments... arguments) {
  return ::syscall(SYS_keyctl, operation, arguments...);
}

long find_key(const std::string& description) {
  return keyctl(KEYCTL_SEARCH, static_cast<long>(KEY_SPEC_USER_KEYRING), kType, description.c_str(), 0L);
}

bool means_absent(int code) {
  return code == ENOKEY || code == EKEYEXPIRED || code == EKEYREVOKED;
}

Error unusable(int code) {
  const char* why = "";
  if (code == ENOSYS) why = " (this kernel has no keyrings)";
  if (code == EPERM || code == EACCES) why = " (containers forbid keyctl(2) unless their seccomp profile allows it)";
  if (code == EDQUOT) why = " (the user's quota in /proc/sys/kernel/keys is used up)";
  return Error(ErrorCode::storage_unavailable,
               fmt::format("the kernel's user keyring cannot be used: {}{}; take the key from a file or from a "
                           "passphrase instead",
                           std::generic_category().message(code), why));
}

/// New random bytes as a key of this thread alone; its number, or -1 and errno.
long make_private_key(const std::string& description, std::size_t size) {
  SecretString bytes = SecretString::take(random_bytes(size));
  return ::syscall(SYS_add_key, kType, description.c_str(), bytes.reveal().data(), bytes.size(),
                   static_cast<long>(KEY_SPEC_THREAD_KEYRING));
}

void forget_private_key(long key) {
  keyctl(KEYCTL_UNLINK, key, static_cast<long>(KEY_SPEC_THREAD_KEYRING));
}

/// Gives the user's keyring a new key unless it has one by now. Zero or errno.
int publish_new_key(const std::string& description, std::size_t size) {
  const long key = make_private_key(description, size);
  if (key < 0) return errno;
  int code = 0;
  if (keyctl(KEYCTL_SETPERM, key, static_cast<long>(kPermissions)) != 0) code = errno;
  const long user = KEY_SPEC_USER_KEYRING;
  const long thread = KEY_SPEC_THREAD_KEYRING;
  // add_key() would replace a key that another process made meanwhile.
  if (code == 0 && keyctl(KEYCTL_MOVE, key, thread, user, static_cast<long>(KEYCTL_MOVE_EXCL)) != 0) code = errno;
  // Before Linux 5.3 there is no move; two processes may then make one key each, and the later one stays.
  if (code == EOPNOTSUPP) code = keyctl(KEYCTL_LINK, key, user) == 0 ? 0 : errno;
  forget_private_key(key);
  return code == EEXIST ? 0 : code;
}

}  // namespace

Result<SecretString> KernelKey::read() const {
  const long key = find_key(description_);
  if (key < 0) {
    const int code = errno;
    if (!means_absent(code)) return unusable(code);
    return Error(ErrorCode::not_found, fmt::format("the kernel's user keyring has no key '{}'", description_));
  }
  std::array<char, kMostBytes> bytes{};
  const long size = keyctl(KEYCTL_READ, key, bytes.data(), bytes.size());
  const int code = errno;
  Result<SecretString> secret = size < 0 ? Result<SecretString>(unusable(code)) : Result<SecretString>();
  if (size >= 0 && static_cast<std::size_t>(size) <= bytes.size()) {
    secret = SecretString(std::string_view(bytes.data(), static_cast<std::size_t>(size)));
  } else if (size >= 0) {
    secret = Error(ErrorCode::storage_unavailable,
                   fmt::format("the key '{}' of the kernel's user keyring was not made by dbxauth", description_));
  }
  ::explicit_bzero(bytes.data(), bytes.size());
  return secret;
}

Result<SecretString> KernelKey::read_or_make(std::size_t size) const {
  Result<SecretString> present = read();
  if (present || present.error().code != ErrorCode::not_found) return present;
  if (const int code = publish_new_key(description_, size); code != 0) return unusable(code);
  return read();
}

Result<void> KernelKey::usable() const {
  const Result<SecretString> present = read();
  if (present) return {};
  if (present.error().code != ErrorCode::not_found) return present.error();
  const long probe = make_private_key(description_, 1);
  if (probe < 0) return unusable(errno);
  forget_private_key(probe);
  return {};
}

Result<void> KernelKey::remove() const {
  const long key = find_key(description_);
  if (key < 0 && !means_absent(errno)) return unusable(errno);
  if (key >= 0 && keyctl(KEYCTL_UNLINK, key, static_cast<long>(KEY_SPEC_USER_KEYRING)) != 0) return unusable(errno);
  return {};
}

}  // namespace dbxauth::platform
