// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/key_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "platform/environment.hpp"
#include "platform/files.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr std::size_t kFewestKeyBytes = 32;
constexpr std::size_t kMostKeyBytes = 64 * 1024;
constexpr std::size_t kKernelKeyBytes = 32;
constexpr std::chrono::milliseconds kAskPause{5};

std::string name_of(KeyOrigin origin, const std::string& key_file) {
  if (origin == KeyOrigin::key_file) return "the key file " + key_file;
  return origin == KeyOrigin::passphrase ? "the passphrase" : "the kernel's user keyring";
}

Error key_file_error(const std::string& path, const std::string& reason) {
  return Error(ErrorCode::configuration, fmt::format("the key file {} cannot be used: {}", path, reason));
}

}  // namespace

Result<std::shared_ptr<KeySource>> KeySource::make(EncryptedFileOptions options) {
  const bool any = !options.key_file.empty() || options.passphrase || options.kernel_keyring;
  if (!any) {
    return Error(ErrorCode::configuration,
                 "an encrypted token cache needs a key: name a key file, give a callback for a passphrase, or allow "
                 "the kernel's keyring");
  }
  const KeyOrigin origin = !options.key_file.empty() ? KeyOrigin::key_file
                           : options.passphrase      ? KeyOrigin::passphrase
                                                     : KeyOrigin::kernel;
  if (!options.key_file.empty() && options.key_file.front() == '~') {
    options.key_file = platform::expand_home(options.key_file, platform::Environment::of_process().home_directory());
  }
  return std::shared_ptr<KeySource>(new KeySource(origin, std::move(options)));
}

KeySource::KeySource(KeyOrigin origin, EncryptedFileOptions options)
    : origin_(origin),
      key_file_(std::move(options.key_file)),
      passphrase_(std::move(options.passphrase)),
      name_(name_of(origin, key_file_)) {}

Result<SecretString> KeySource::secret(bool may_make, const CallContext& context) {
  if (origin_ == KeyOrigin::key_file) return read_key_file();
  if (origin_ == KeyOrigin::passphrase) return ask(context);
  Result<SecretString> key = may_make ? kernel_key_.read_or_make(kKernelKeyBytes) : kernel_key_.read();
  if (key && key->size() != kKernelKeyBytes) {
    return Error(ErrorCode::storage_unavailable,
                 "the key 'dbxauth:token-cache' of the kernel's user keyring was not made by dbxauth; remove it with: "
                 "keyctl purge user dbxauth:token-cache");
  }
  return key;
}

Result<void> KeySource::usable(const CallContext& context) {
  if (origin_ == KeyOrigin::kernel) return kernel_key_.usable();
  const Result<SecretString> key = secret(false, context);
  if (!key) return key.error();
  return {};
}

Result<SecretString> KeySource::read_key_file() const {
  struct stat status {};
  if (::stat(key_file_.c_str(), &status) != 0) {
    return key_file_error(key_file_, std::generic_category().message(errno));
  }
  if (!S_ISREG(status.st_mode)) return key_file_error(key_file_, "it is not a regular file");
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return key_file_error(key_file_, fmt::format("it belongs to user {}, not to you or root", status.st_uid));
  }
  const unsigned mode = static_cast<unsigned>(status.st_mode) & 07777u;
  if ((mode & 077u) != 0) {
    return key_file_error(
        key_file_, fmt::format("others can read or change it (mode {:04o}); run: chmod 600 {}", mode, key_file_));
  }
  Result<SecretString> key = platform::read_file(key_file_, kMostKeyBytes);
  if (!key) return key_file_error(key_file_, key.error().message);
  if (key->size() < kFewestKeyBytes) {
    return key_file_error(key_file_, fmt::format("it has {} bytes and needs {} at least; make one with: head -c 32 "
                                                 "/dev/urandom > {}",
                                                 key->size(), kFewestKeyBytes, key_file_));
  }
  return key;
}

Result<SecretString> KeySource::ask(const CallContext& context) {
  // Another thread may be asking, for as long as a person takes; whoever waits for it keeps to its own deadline.
  std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
  while (!lock.owns_lock()) {
    if (Result<void> slept = context.sleep_for(kAskPause, "waiting for the passphrase"); !slept) return slept.error();
    static_cast<void>(lock.try_lock());
  }
  if (!kept_.empty()) return kept_.clone();
  if (Result<void> alive = context.check("asking for the passphrase"); !alive) return alive.error();
  try {
    Result<SecretString> answer = passphrase_();
    if (!answer) return answer;
    if (answer->empty()) {
      return Error(ErrorCode::configuration, "the passphrase of the encrypted token cache must not be empty");
    }
    kept_ = std::move(*answer);
    return kept_.clone();
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, "out of memory");
  } catch (...) {
    return Error(ErrorCode::user_callback, "the callback that gives the passphrase threw an exception");
  }
}

void KeySource::forget() {
  const std::lock_guard<std::mutex> lock(mutex_);
  kept_.clear();
}

}  // namespace dbxauth::tokenstore
