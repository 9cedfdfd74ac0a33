// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "dbxauth/token_cache.hpp"
#include "platform/files.hpp"
#include "tokenstore/store_path.hpp"
#include "tokenstore/token_arguments.hpp"
#include "tokenstore/token_file.hpp"

namespace dbxauth {
namespace {

constexpr std::string_view kSubject = "tokenstore";
constexpr std::size_t kLargestCacheFile = 16u << 20;
constexpr std::chrono::seconds kLockLimit{10};

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
    return tokenstore::check_store_writable(path_);
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

  Result<void> set_aside(std::string_view text) const {
    const Result<std::string> copy = tokenstore::set_aside(path_, text);
    if (!copy) return copy.error();
    base::log(LogLevel::warning, kSubject, fmt::format("{} was damaged; its old contents are in {}", path_, *copy));
    return {};
  }

  const std::string path_;
  const std::string directory_;
  std::atomic<bool> damage_reported_{false};
};

}  // namespace

Result<std::shared_ptr<TokenCache>> make_file_token_cache(std::string path) {
  Result<std::string> place = tokenstore::store_path(std::move(path), ".databricks/token-cache.json");
  if (!place) return std::move(place).error();
  return std::shared_ptr<TokenCache>(std::make_shared<FileTokenCache>(std::move(*place)));
}

}  // namespace dbxauth
