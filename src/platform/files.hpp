// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::platform {

/// Reads a whole regular file of at most `limit` bytes. ErrorCode::not_found when it does not exist, io otherwise (a
/// directory, no permission, larger than the limit); the message names the path. Contents may be secret.
Result<SecretString> read_file(const std::string& path, std::size_t limit = 16u << 20);

struct FileStatus {
  unsigned mode = 0;
  bool regular = false;
  bool directory = false;
  bool owned_by_me = false;
  long long size = 0;
};
std::optional<FileStatus> file_status(const std::string& path);  ///< Follows links.

/// Replaces `path` by `contents`: a temporary file in the same directory (O_EXCL, O_NOFOLLOW, `mode`), fsync, rename,
/// fsync of the directory. A symbolic link is followed first, so that the file it names is replaced and the link stays.
/// After a crash at any point the file holds either the old or the new contents.
Result<void> write_file_atomically(const std::string& path, std::string_view contents, unsigned mode = 0600);

/// Creates `path` and its parents with `mode`; success when it is a directory already.
Result<void> make_directories(const std::string& path, unsigned mode = 0700);

std::string parent_directory(const std::string& path);
std::string join_path(std::string_view directory, std::string_view name);
/// Replaces a leading `~` or `~/` by `home`.
std::string expand_home(std::string_view path, std::string_view home);

/// An exclusive `flock(2)` on a lock file of its own, released by the destructor or when the process dies.
class FileLock {
 public:
  /// Waits until the lock is free, the context ends, or `limit` passes (ErrorCode::timed_out).
  static Result<FileLock> acquire(const std::string& path, const CallContext& context, std::chrono::milliseconds limit);
  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) noexcept : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace dbxauth::platform
