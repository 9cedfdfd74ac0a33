// SPDX-License-Identifier: Apache-2.0
#include "platform/files.hpp"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "platform/descriptor.hpp"
#include "platform/random_source.hpp"

namespace dbxauth::platform {
namespace {

// A file of /proc says that it is empty.
constexpr std::size_t kLeastBytesPerRead = 512;
constexpr std::size_t kMostBytesPerRead = 16384;
constexpr int kMostLinks = 40;  // As Linux itself: more is a loop.

Error io_error(std::string_view doing, const std::string& path, int code) {
  return {ErrorCode::io, fmt::format("could not {} {}: {}", doing, path, std::generic_category().message(code))};
}

bool is_usable_path(const std::string& path) {
  return !path.empty() && path.size() < PATH_MAX && path.find('\0') == std::string::npos;
}

Error unusable_path() {
  return {ErrorCode::invalid_argument,
          fmt::format("a file path must not be empty, hold a NUL byte or be longer than {} bytes", PATH_MAX - 1)};
}

/// A read buffer that is wiped, because the file may hold a token.
class WipedBuffer {
 public:
  explicit WipedBuffer(std::size_t size) : bytes_(new char[size]), size_(size) {}
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;
  ~WipedBuffer() { ::explicit_bzero(bytes_.get(), size_); }
  char* data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

Result<std::string> link_target(const std::string& link) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  if (length < 0) return io_error("follow the symbolic link", link, errno);
  if (static_cast<std::size_t>(length) >= target.size())
    return io_error("follow the symbolic link", link, ENAMETOOLONG);
  target.resize(static_cast<std::size_t>(length));
  return target;
}

/// The path that a chain of symbolic links ends at; what it names need not exist.
Result<std::string> follow_links(std::string path) {
  for (int links = 0; links <= kMostLinks; ++links) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      if (errno == ENOENT) return path;
      return io_error("write", path, errno);
    }
    if (S_ISREG(status.st_mode)) return path;
    if (!S_ISLNK(status.st_mode)) {
      return Error(ErrorCode::io, fmt::format("could not write {}: it is not a regular file", path));
    }
    auto target = link_target(path);
    if (!target) return target.error();
    path = join_path(parent_directory(path), *target);
  }
  return Error(ErrorCode::io, fmt::format("could not write {}: too many symbolic links, one after the other", path));
}

std::string temporary_name(const std::string& path) {
  constexpr std::size_t kAdded = 1 + 1 + 24 + 4;  // ".", ".", 12 random bytes in hexadecimal, ".tmp"
  const std::string name = file_name(path).substr(0, NAME_MAX - kAdded);
  std::string suffix;
  for (const char byte : random_bytes(12)) suffix += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return join_path(parent_directory(path), fmt::format(".{}.{}.tmp", name, suffix));
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Makes a rename durable. Some file systems cannot sync a directory and say EINVAL; there the rename is all there is.
bool sync_directory(const std::string& directory) {
  const Descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open()) return errno == EACCES;  // Writable but not readable: cannot be opened, hence not synced.
  return ::fsync(handle.get()) == 0 || errno == EINVAL || errno == EROFS;
}

/// Removes the temporary file unless it has become the real one.
class TemporaryFile {
 public:
  TemporaryFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  bool fill(std::string_view contents, unsigned mode) {
    return ::fchmod(descriptor_.get(), static_cast<mode_t>(mode)) == 0 && write_all(descriptor_.get(), contents) &&
           ::fsync(descriptor_.get()) == 0;
  }
  bool rename_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return false;
    path_.clear();
    return true;
  }

 private:
  std::string path_;
  Descriptor descriptor_;
};

Result<std::unique_ptr<TemporaryFile>> create_temporary_file(const std::string& target) {
  constexpr int kMostTries = 16;
  int code = EEXIST;
  for (int attempt = 0; attempt < kMostTries && (code == EEXIST || code == EINTR); ++attempt) {
    std::string name = temporary_name(target);
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor >= 0) return std::make_unique<TemporaryFile>(std::move(name), descriptor);
    code = errno;
  }
  return io_error("create a temporary file beside", target, code);
}

}  // namespace

Result<SecretString> read_file(const std::string& path, std::size_t limit) {
  if (!is_usable_path(path)) return unusable_path();
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    const int code = errno;
    Error error = io_error("read", path, code);
    if (code == ENOENT || code == ENOTDIR) error.code = ErrorCode::not_found;
    return error;
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return io_error("read", path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error(ErrorCode::io, fmt::format("could not read {}: it is {}", path,
                                            S_ISDIR(status.st_mode) ? "a directory" : "not a regular file"));
  }
  const Error too_large(ErrorCode::io, fmt::format("could not read {}: it is larger than {} bytes", path, limit));
  if (static_cast<unsigned long long>(status.st_size) > limit) return too_large;

  SecretString contents;
  contents.reserve(static_cast<std::size_t>(status.st_size));
  // A small file costs a small buffer to wipe.
  const WipedBuffer buffer(
      std::clamp(static_cast<std::size_t>(status.st_size) + 1, kLeastBytesPerRead, kMostBytesPerRead));
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return contents;
    if (count < 0) {
      if (errno == EINTR) continue;
      return io_error("read", path, errno);
    }
    if (static_cast<std::size_t>(count) > limit - contents.size()) return too_large;
    contents.append({buffer.data(), static_cast<std::size_t>(count)});
  }
}

std::optional<FileStatus> file_status(const std::string& path) {
  struct stat status {};
  if (!is_usable_path(path) || ::stat(path.c_str(), &status) != 0) return std::nullopt;
  FileStatus result;
  result.mode = static_cast<unsigned>(status.st_mode) & 07777u;
  result.regular = S_ISREG(status.st_mode);
  result.directory = S_ISDIR(status.st_mode);
  result.owned_by_me = status.st_uid == ::geteuid();
  result.size = static_cast<long long>(status.st_size);
  return result;
}

Result<void> write_file_atomically(const std::string& path, std::string_view contents, unsigned mode) {
  if (!is_usable_path(path)) return unusable_path();
  auto target = follow_links(path);
  if (!target) return target.error();
  auto temporary = create_temporary_file(*target);
  if (!temporary) return temporary.error();
  if (!(*temporary)->fill(contents, mode)) return io_error("write", *target, errno);
  if (!(*temporary)->rename_to(*target)) return io_error("replace", *target, errno);
  if (!sync_directory(parent_directory(*target))) return io_error("make durable the change of", *target, errno);
  return {};
}

Result<void> make_directories(const std::string& path, unsigned mode) {
  if (!is_usable_path(path)) return unusable_path();
  if (const auto status = file_status(path); status && status->directory) return {};
  const std::string parent = parent_directory(path);
  if (parent != path && parent != ".") {
    if (auto made = make_directories(parent, mode); !made) return made;
  }
  if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0) return {};
  const int code = errno;
  if (const auto status = file_status(path); status && status->directory) return {};
  return io_error("create the directory", path, code == EEXIST ? ENOTDIR : code);
}

std::string parent_directory(const std::string& path) {
  std::size_t end = path.size();
  while (end > 1 && path[end - 1] == '/') --end;
  const std::size_t slash = end == 0 ? std::string::npos : path.rfind('/', end - 1);
  if (slash == std::string::npos) return ".";
  std::size_t length = slash;
  while (length > 0 && path[length - 1] == '/') --length;
  return length == 0 ? "/" : path.substr(0, length);
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || (!name.empty() && name.front() == '/')) return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

std::string expand_home(std::string_view path, std::string_view home) {
  const bool starts_at_home = path == "~" || path.substr(0, 2) == "~/";
  if (!starts_at_home || home.empty()) return std::string(path);
  std::string expanded(home);
  while (expanded.size() > 1 && expanded.back() == '/') expanded.pop_back();
  return path.size() <= 2 ? expanded : join_path(expanded, path.substr(2));
}

}  // namespace dbxauth::platform
