// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "dbxauth/token_cache.hpp"
#include "platform/clock.hpp"
#include "platform/environment.hpp"
#include "platform/files.hpp"
#include "platform/random_source.hpp"
#include "tokenstore/token_arguments.hpp"
#include "tokenstore/token_file.hpp"

namespace dbxauth {
namespace {

constexpr std::string_view kSubject = "tokenstore";
constexpr std::size_t kLargestCacheFile = 16u << 20;
constexpr std::chrono::seconds kLockLimit{10};

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

class FileTokenCache final : public TokenCache {
 public:
  explicit FileTokenCache(std::string path) : path_(std::move(path)), directory_(platform::parent_directory(path_)) {}

  std::string_view kind() const noexcept override { return "file"; }
  std::string location() const override { return path_; }

  Result<Token> get(std::string_view key, const CallContext& context) override {
    Result<tokenstore::TokenFile> file = load(context, "reading the token cache");
    if (!file) return std::move(file).error();
    return file->find(key);
  }

  Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext& context) override {
    if (Result<void> valid = tokenstore::check_put(keys, token); !valid) return valid;
    if (Result<void> made = platform::make_directories(directory_, 0700); !made) return made;
    return change(context, [&](tokenstore::TokenFile& file) {
      for (const std::string& key : keys) file.put(key, token);
    });
  }

  Result<void> remove(std::string_view key, const CallContext& context) override {
    Result<tokenstore::TokenFile> file = load(context, "reading the token cache");
    if (!file) return std::move(file).error();
    if (!file->contains(key)) return {};
    return change(context, [&](tokenstore::TokenFile& current) { current.remove(key); });
  }

  Result<std::vector<std::string>> list(const CallContext& context) override {
    Result<tokenstore::TokenFile> file = load(context, "reading the token cache");
    if (!file) return std::move(file).error();
    return file->keys();
  }

  Result<void> availability(const CallContext& context) override {
    if (Result<tokenstore::TokenFile> file = load(context, "checking the token cache"); !file) {
      return std::move(file).error();
    }
    // Where the file is a link, the file that it names is replaced.
    std::error_code code;
    const std::filesystem::path target = std::filesystem::weakly_canonical(path_, code);
    const std::string written = code ? directory_ : platform::parent_directory(target.string());
    for (const std::string& directory : {directory_, written}) {
      if (Result<void> writable = check_writable(directory); !writable) return writable;
    }
    return {};
  }

 private:
  Result<tokenstore::TokenFile> load(const CallContext& context, std::string_view doing) {
    if (Result<void> alive = context.check(doing); !alive) return std::move(alive).error();
    Result<SecretString> text = platform::read_file(path_, kLargestCacheFile);
    if (!text && text.error().code != ErrorCode::not_found) return std::move(text).error();
    Result<tokenstore::TokenFile> file = tokenstore::TokenFile::parse(text ? std::move(*text) : SecretString(), path_);
    if (file && file->damaged(false) && !damage_reported_.exchange(true)) {
      base::log(LogLevel::warning, kSubject,
                fmt::format("{} is damaged; {} of its entries could be read", path_, file->keys().size()));
    }
    return file;
  }

  // Read, change and replace under the lock that other programs take too.
  template <class Change>
  Result<void> change(const CallContext& context, Change&& apply) {
    const std::string lock_path = platform::join_path(directory_, "token-cache.lock");
    Result<platform::FileLock> lock = platform::FileLock::acquire(lock_path, context, kLockLimit);
    if (!lock) return std::move(lock).error();
    Result<tokenstore::TokenFile> file = load(context, "storing a token");
    if (!file) return std::move(file).error();
    if (file->damaged(true)) {
      if (Result<void> kept = set_aside(file->text()); !kept) return kept;
    }
    apply(*file);
    return platform::write_file_atomically(path_, file->encode().reveal(), 0600);
  }

  // A copy, not a rename: other programs never see the cache missing.
  Result<void> set_aside(std::string_view text) {
    const std::string copy = fmt::format("{}.corrupt-{}-{}", path_, utc_stamp(), random_hex());
    Result<void> written = platform::write_file_atomically(copy, text, 0600);
    if (written) {
      base::log(LogLevel::warning, kSubject, fmt::format("{} was damaged; its old contents are in {}", path_, copy));
    }
    return written;
  }

  // Of the directory, or of the nearest one above it that exists.
  Result<void> check_writable(std::string directory) const {
    std::optional<platform::FileStatus> status = platform::file_status(directory);
    while (!status && directory.size() > 1) {
      directory = platform::parent_directory(directory);
      status = platform::file_status(directory);
    }
    if (!status || !status->directory) {
      return Error(ErrorCode::storage_unavailable,
                   fmt::format("tokens cannot be stored in {}: {} is not a directory", path_, directory));
    }
    if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
    return Error(ErrorCode::storage_unavailable, fmt::format("tokens cannot be stored in {}: {}: {}", path_, directory,
                                                             std::generic_category().message(errno)));
  }

  const std::string path_;
  const std::string directory_;
  std::atomic<bool> damage_reported_{false};
};

}  // namespace

Result<std::shared_ptr<TokenCache>> make_file_token_cache(std::string path) {
  const std::string home =
      path.empty() || path.front() == '~' ? platform::Environment::of_process().home_directory() : std::string();
  if (path.empty()) {
    if (home.empty()) {
      return Error(ErrorCode::storage_unavailable,
                   "there is no home directory to keep the token cache in; set HOME or name a file");
    }
    path = platform::join_path(home, ".databricks/token-cache.json");
  }
  path = platform::expand_home(path, home);
  // A later chdir() of the program must not move the cache.
  std::error_code code;
  const std::filesystem::path absolute = std::filesystem::absolute(path, code);
  if (code) return Error(ErrorCode::io, fmt::format("the path of the token cache {}: {}", path, code.message()));
  return std::shared_ptr<TokenCache>(std::make_shared<FileTokenCache>(absolute.string()));
}

}  // namespace dbxauth
