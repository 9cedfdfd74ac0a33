// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/store_path.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "platform/clock.hpp"
#include "platform/environment.hpp"
#include "platform/files.hpp"
#include "platform/random_source.hpp"

namespace dbxauth::tokenstore {
namespace {

std::string utc_stamp() {
  const std::time_t now = std::chrono::system_clock::to_time_t(platform::Clock::system()->now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string random_hex() {
  std::string hex;
  for (char byte : platform::random_bytes(4)) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

// Of the directory, or of the nearest one above it that exists.
Result<void> check_directory(const std::string& path, std::string directory) {
  std::optional<platform::FileStatus> status = platform::file_status(directory);
  while (!status && directory.size() > 1) {
    directory = platform::parent_directory(directory);
    status = platform::file_status(directory);
  }
  if (!status || !status->directory) {
    return Error(ErrorCode::storage_unavailable,
                 fmt::format("tokens cannot be stored in {}: {} is not a directory", path, directory));
  }
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return Error(ErrorCode::storage_unavailable, fmt::format("tokens cannot be stored in {}: {}: {}", path, directory,
                                                           std::generic_category().message(errno)));
}

}  // namespace

Result<std::string> store_path(std::string path, std::string_view name) {
  const std::string home =
      path.empty() || path.front() == '~' ? platform::Environment::of_process().home_directory() : std::string();
  if (path.empty()) {
    if (home.empty()) {
      return Error(ErrorCode::storage_unavailable,
                   "there is no home directory to keep the token cache in; set HOME or name a file");
    }
    path = platform::join_path(home, name);
  }
  path = platform::expand_home(path, home);
  // A later chdir() of the program must not move the cache.
  std::error_code code;
  const std::filesystem::path absolute = std::filesystem::absolute(path, code);
  if (code) return Error(ErrorCode::io, fmt::format("the path of the token cache {}: {}", path, code.message()));
  return absolute.string();
}

Result<void> check_store_writable(const std::string& path) {
  const std::string directory = platform::parent_directory(path);
  // Where the file is a link, the file that it names is replaced.
  std::error_code code;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, code);
  const std::string written = code ? directory : platform::parent_directory(target.string());
  for (const std::string& each : {directory, written}) {
    if (Result<void> writable = check_directory(path, each); !writable) return writable;
  }
  return {};
}

Result<std::string> set_aside(const std::string& path, std::string_view text) {
  const std::string copy = fmt::format("{}.corrupt-{}-{}", path, utc_stamp(), random_hex());
  if (Result<void> written = platform::write_file_atomically(copy, text, 0600); !written) return written.error();
  return copy;
}

}  // namespace dbxauth::tokenstore
