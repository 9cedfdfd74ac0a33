// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "base/text.hpp"
#include "dbxauth/token_cache.hpp"
#include "platform/files.hpp"
#include "tokenstore/encrypted_token_file.hpp"
#include "tokenstore/key_source.hpp"
#include "tokenstore/sealing_key.hpp"
#include "tokenstore/store_path.hpp"
#include "tokenstore/token_arguments.hpp"

namespace dbxauth {
namespace {

using tokenstore::EncryptedTokenFile;
using tokenstore::KeyOrigin;
using tokenstore::KeyRecipe;
using tokenstore::KeySource;
using tokenstore::SealHeader;
using tokenstore::SealingKey;

constexpr std::string_view kSubject = "tokenstore";
constexpr std::size_t kLargestCacheFile = 16u << 20;
constexpr std::chrono::seconds kLockLimit{10};
// Each round means that another process replaced the whole file meanwhile.
constexpr int kMostRounds = 8;

/// What a key can do with a file as it was read.
struct Unlocked {
  std::shared_ptr<const SealingKey> key;
  /// Nothing in the file can be opened any more: it is empty, its salt is lost, or its key is gone with a restart.
  bool start_over = false;
};

bool same_recipe(const KeyRecipe& a, const KeyRecipe& b) {
  return a.origin == b.origin && a.salt == b.salt && a.cost.n == b.cost.n && a.cost.r == b.cost.r &&
         a.cost.p == b.cost.p;
}

class EncryptedFileTokenCache final : public TokenCache {
 public:
  EncryptedFileTokenCache(std::string path, std::shared_ptr<KeySource> source)
      : path_(std::move(path)), directory_(platform::parent_directory(path_)), source_(std::move(source)) {}

  std::string_view kind() const noexcept override { return "encrypted-file"; }
  std::string location() const override { return path_; }

  Result<Token> get(std::string_view name, const CallContext& context) override {
    const Result<EncryptedTokenFile> file = load(context, "reading the token cache");
    if (!file) return file.error();
    const Error absent(ErrorCode::not_found, fmt::format("no token is stored under '{}' in {}", name, path_));
    if (!file->contains(name)) return absent;
    const Result<Unlocked> unlocked = unlock(*file, false, context);
    if (!unlocked) return unlocked.error();
    if (unlocked->start_over) return lost(name);
    Result<Token> token = file->find(name, *unlocked->key);
    if (!token && !unreadable_reported_.exchange(true)) base::log(LogLevel::warning, kSubject, token.error().message);
    return token;
  }

  Result<void> put(const std::vector<std::string>& names, const Token& token, const CallContext& context) override {
    if (Result<void> valid = tokenstore::check_put(names, token); !valid) return valid;
    return change(context, true, [&](EncryptedTokenFile& file, const SealingKey& key) -> Result<void> {
      for (const std::string& name : names) {
        if (Result<void> stored = file.put(name, token, key); !stored) return stored;
      }
      return {};
    });
  }

  Result<void> remove(std::string_view name, const CallContext& context) override {
    const Result<EncryptedTokenFile> file = load(context, "reading the token cache");
    if (!file) return file.error();
    if (!file->contains(name)) return {};
    return change(context, false, [&](EncryptedTokenFile& current, const SealingKey&) -> Result<void> {
      current.remove(name);
      return {};
    });
  }

  Result<std::vector<std::string>> list(const CallContext& context) override {
    const Result<EncryptedTokenFile> file = load(context, "reading the token cache");
    if (!file) return file.error();
    // The names are not secret: nobody is asked for a passphrase to see them.
    if (source_->origin() == KeyOrigin::kernel && file->header()) {
      const Result<Unlocked> unlocked = unlock(*file, false, context);
      if (!unlocked) return unlocked.error();
      if (unlocked->start_over) return std::vector<std::string>();
    }
    return file->names();
  }

  Result<void> availability(const CallContext& context) override {
    const Result<EncryptedTokenFile> file = load(context, "checking the token cache");
    if (!file) return file.error();
    if (Result<void> writable = tokenstore::check_store_writable(path_); !writable) return writable;
    if (Result<void> usable = source_->usable(context); !usable) return usable;
    if (!file->header()) return {};
    const Result<Unlocked> unlocked = unlock(*file, false, context);
    if (!unlocked) return unlocked.error();
    return {};
  }

 private:
  Result<EncryptedTokenFile> load(const CallContext& context, std::string_view doing) {
    if (Result<void> alive = context.check(doing); !alive) return alive.error();
    Result<SecretString> text = platform::read_file(path_, kLargestCacheFile);
    if (!text && text.error().code != ErrorCode::not_found) return text.error();
    Result<EncryptedTokenFile> file = EncryptedTokenFile::parse(text ? std::move(*text) : SecretString(), path_);
    if (file && file->damaged() && !damage_reported_.exchange(true)) {
      base::log(LogLevel::warning, kSubject,
                fmt::format("{} is damaged; what is whole in it is still used{}", path_,
                            file->header() ? "" : ", but its salt is lost and with it every entry: log in again"));
    }
    return file;
  }

  // May ask a person and takes a tenth of a second for a passphrase: never under the file's lock.
  Result<Unlocked> unlock(const EncryptedTokenFile& file, bool may_make, const CallContext& context) {
    if (!file.header()) return start_over(may_make, context);
    const SealHeader& header = *file.header();
    if (header.intact && header.recipe.origin != source_->origin()) return other_kind_of_key(header.recipe.origin);
    KeyRecipe recipe = header.recipe;
    // Of a damaged header only the salt is believed.
    if (!header.intact) {
      recipe.origin = source_->origin();
      recipe.cost = {};
    }
    Result<std::shared_ptr<const SealingKey>> key = derive(recipe, false, context);
    if (!key && recipe.origin == KeyOrigin::kernel && key.error().code == ErrorCode::not_found)
      return start_over(may_make, context);
    if (!key) return key.error();
    const Result<void> right = (*key)->verify(header.check);
    if (right) return Unlocked{keep(std::move(*key)), false};
    if (right.error().code != ErrorCode::authentication_failed && header.intact) return right.error();
    if (!header.intact) {
      const Result<bool> known = file.knows(**key);
      if (!known) return known.error();
      if (*known) return Unlocked{keep(std::move(*key)), false};
      return start_over(may_make, context);
    }
    // A key of the kernel is never entered wrongly; it was made anew after a restart.
    if (recipe.origin == KeyOrigin::kernel) return start_over(may_make, context);
    return wrong_key();
  }

  Result<Unlocked> start_over(bool may_make, const CallContext& context) {
    if (!may_make) return Unlocked{nullptr, true};
    Result<std::shared_ptr<const SealingKey>> key = derive(KeyRecipe::with_new_salt(source_->origin()), true, context);
    if (!key) return key.error();
    return Unlocked{std::move(*key), true};
  }

  Result<std::shared_ptr<const SealingKey>> derive(const KeyRecipe& recipe, bool may_make, const CallContext& context) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (kept_ && same_recipe(kept_->recipe(), recipe)) return kept_;
    }
    const Result<SecretString> secret = source_->secret(may_make, context);
    if (!secret) return secret.error();
    Result<SealingKey> key = SealingKey::derive(recipe, *secret);
    if (!key) return std::move(key).error();
    return std::shared_ptr<const SealingKey>(std::make_shared<SealingKey>(std::move(*key)));
  }

  std::shared_ptr<const SealingKey> keep(std::shared_ptr<const SealingKey> key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_ = std::move(key);
    return kept_;
  }

  // Read, change and replace under the lock; again from the start when the file got another key meanwhile.
  template <class Change>
  Result<void> change(const CallContext& context, bool may_make, Change&& apply) {
    for (int round = 0; round < kMostRounds; ++round) {
      const Result<EncryptedTokenFile> seen = load(context, "storing a token");
      if (!seen) return seen.error();
      const Result<Unlocked> unlocked = unlock(*seen, may_make, context);
      if (!unlocked) return unlocked.error();
      // To remove from what nobody can open any more: the next put() sets it aside.
      if (!unlocked->key) return {};
      if (Result<void> made = platform::make_directories(directory_, 0700); !made) return made;
      const Result<platform::FileLock> lock = platform::FileLock::acquire(path_ + ".lock", context, kLockLimit);
      if (!lock) return lock.error();
      Result<EncryptedTokenFile> current = load(context, "storing a token");
      if (!current) return std::move(current).error();
      if (current->header_text() != seen->header_text()) continue;
      return rewrite(*current, *unlocked, apply);
    }
    return Error(ErrorCode::io, fmt::format("other programs keep replacing the token cache {}", path_));
  }

  template <class Change>
  Result<void> rewrite(EncryptedTokenFile& file, const Unlocked& unlocked, Change&& apply) {
    std::string lost_entries;
    if (unlocked.start_over) {
      lost_entries = "all entries";
      file.clear_entries();
    } else {
      const Result<std::vector<std::string>> dropped = file.drop_unreadable(*unlocked.key);
      if (!dropped) return dropped.error();
      lost_entries = base::join(*dropped, ", ");
    }
    const bool whole = !file.damaged() && lost_entries.empty();
    if (!whole && !file.text().empty()) {
      if (Result<void> kept = set_aside(file.text(), lost_entries); !kept) return kept;
    }
    if (unlocked.start_over || !file.header()->intact) {
      if (Result<void> taken = file.take_header_of(*unlocked.key); !taken) return taken;
    }
    if (Result<void> applied = apply(file, *unlocked.key); !applied) return applied;
    Result<void> written = platform::write_file_atomically(path_, file.encode().reveal(), 0600);
    if (written) keep(unlocked.key);
    return written;
  }

  Result<void> set_aside(std::string_view text, std::string_view lost_entries) const {
    const Result<std::string> copy = tokenstore::set_aside(path_, text);
    if (!copy) return copy.error();
    base::log(LogLevel::warning, kSubject,
              fmt::format("{} was damaged or had another key; its old contents are in {}, entries that could not be "
                          "opened: {}",
                          path_, *copy, lost_entries.empty() ? "none" : lost_entries));
    return {};
  }

  Error lost(std::string_view name) {
    Error error(
        ErrorCode::not_found,
        source_->origin() == KeyOrigin::kernel
            ? fmt::format("the token under '{}' in {} was sealed with a key that the kernel no longer has, as "
                          "after every restart; log in again",
                          name, path_)
            : fmt::format("the token under '{}' in {} is lost: the file is damaged; log in again", name, path_));
    if (!unreadable_reported_.exchange(true)) base::log(LogLevel::warning, kSubject, error.message);
    return error;
  }

  Error wrong_key() {
    source_->forget();
    return Error(ErrorCode::authentication_failed,
                 fmt::format("{} does not open the encrypted token cache {}: the file was made with another one, and "
                             "is left as it is; give the right one, or move the file away and log in again",
                             source_->name(), path_));
  }

  Error other_kind_of_key(KeyOrigin origin) const {
    const std::string_view made_with = origin == KeyOrigin::key_file     ? "a key file"
                                       : origin == KeyOrigin::passphrase ? "a passphrase"
                                                                         : "a key of the kernel's keyring";
    return Error(ErrorCode::authentication_failed,
                 fmt::format("the encrypted token cache {} was made with {}, and {} was given; the file is left as it "
                             "is: give the former, or move the file away and log in again",
                             path_, made_with, source_->name()));
  }

  const std::string path_;
  const std::string directory_;
  const std::shared_ptr<KeySource> source_;
  std::mutex mutex_;
  std::shared_ptr<const SealingKey> kept_;
  std::atomic<bool> damage_reported_{false};
  std::atomic<bool> unreadable_reported_{false};
};

}  // namespace

Result<std::shared_ptr<TokenCache>> make_encrypted_file_token_cache(EncryptedFileOptions options) {
  Result<std::string> path = tokenstore::store_path(std::move(options.path), ".databricks/token-cache.enc");
  if (!path) return std::move(path).error();
  Result<std::shared_ptr<KeySource>> source = KeySource::make(std::move(options));
  if (!source) return std::move(source).error();
  if ((*source)->origin() == KeyOrigin::key_file) {
    if (Result<void> usable = (*source)->usable({}); !usable) return std::move(usable).error();
  }
  return std::shared_ptr<TokenCache>(std::make_shared<EncryptedFileTokenCache>(std::move(*path), std::move(*source)));
}

}  // namespace dbxauth
