// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "platform/descriptor.hpp"
#include "platform/files.hpp"

namespace dbxauth::platform {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{1};
constexpr milliseconds kLongestPause{25};

Error lock_error(const std::string& path, int code) {
  return {ErrorCode::io, fmt::format("could not lock {}: {}", path, std::generic_category().message(code))};
}

Result<Descriptor> open_lock_file(const std::string& path) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (descriptor >= 0) return Descriptor(descriptor);
    if (errno != EINTR) return lock_error(path, errno);
  }
}

/// False when somebody removed or replaced the lock file after it was opened: such a lock excludes nobody.
bool still_names(const std::string& path, int descriptor) {
  struct stat opened {};
  struct stat present {};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &present) == 0 && opened.st_dev == present.st_dev &&
         opened.st_ino == present.st_ino;
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path, const CallContext& context, milliseconds limit) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, "a lock file's path must not be empty or hold a NUL byte");
  }
  const auto end = CallContext::Clock::now() + limit;
  milliseconds pause = kFirstPause;
  auto file = open_lock_file(path);
  for (;;) {
    if (!file) return file.error();
    if (::flock(file->get(), LOCK_EX | LOCK_NB) == 0) {
      if (still_names(path, file->get())) return FileLock(file->release());
      file = open_lock_file(path);
    } else if (errno != EWOULDBLOCK && errno != EINTR) {
      return lock_error(path, errno);
    }
    const auto left = std::chrono::ceil<milliseconds>(end - CallContext::Clock::now());
    if (left <= milliseconds::zero()) {
      Error error(ErrorCode::timed_out, fmt::format("another process has held the lock {} for more than {} ms; "
                                                    "find it with: fuser {}",
                                                    path, limit.count(), path));
      error.retryable = true;
      return error;
    }
    auto slept = context.sleep_for(std::min(pause, left), fmt::format("waiting for the lock {}", path));
    if (!slept) return slept.error();
    pause = std::min(pause * 2, kLongestPause);
  }
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  // Closing alone would leave the lock with a child that was forked meanwhile.
  ::flock(descriptor_, LOCK_UN);
  ::close(descriptor_);
}

}  // namespace dbxauth::platform
