// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/token_cache.hpp"
#include "dbxauth/token_storage.hpp"
#include "platform/clock.hpp"

namespace dbxauth::tokenstore {

/// True for a key that is a host's: a URL.
bool is_host_key(std::string_view key) noexcept;

/// True when `a` counts before `b`: the later expiry, and any access token before none.
bool is_newer(const Token& a, const Token& b) noexcept;

/// The two stores of shared logins as one. The mode says which comes first; the other is asked only about what the
/// first one does not hold or holds no longer valid. Of two entries the newest counts; a token goes back to the store
/// that its entry came from. Thread-safe.
class SharedLoginStorage final : public TokenCache {
 public:
  /// One of the stores may be absent, not both: without the first one of the mode the other takes its place.
  struct Stores {
    StorageMode mode = StorageMode::legacy;
    std::shared_ptr<TokenCache> file;
    std::shared_ptr<TokenCache> keyring;
    std::shared_ptr<const platform::Clock> clock = platform::Clock::system();
  };
  explicit SharedLoginStorage(Stores stores);

  /// Of the store that comes first.
  std::string_view kind() const noexcept override { return first_->kind(); }
  std::string location() const override { return first_->location(); }

  /// Trouble with the second store never hides an entry of the first. When the first is in trouble an entry of the
  /// second is used, with one warning per object.
  Result<Token> get(std::string_view key, const CallContext& context) override;

  /// Each key goes to the store that holds it. Where none does, the first key goes to the first store, and the others
  /// where the first key goes; the keyring gets no such key of a host. Atomic per store: the failure of the first key's
  /// store is the result, that of the other one a warning.
  Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext& context) override;

  /// From both. A second store that cannot be reached is a warning.
  Result<void> remove(std::string_view key, const CallContext& context) override;

  /// Of both, sorted. Fails when neither can be read.
  Result<std::vector<std::string>> list(const CallContext& context) override;

  Result<void> availability(const CallContext& context) override { return first_->availability(context); }

  /// The store that the last entry of `key` came from or went to; null when none was seen.
  std::shared_ptr<TokenCache> store_of(std::string_view key) const;

 private:
  using StorePtr = std::shared_ptr<TokenCache>;

  Result<Token> found(std::string_view key, const StorePtr& store, Result<Token> token);
  Result<Token> get_from_both(std::string_view key, Result<Token> first, const CallContext& context);
  StorePtr find_store(const std::string& key, const CallContext& context);
  void remember(std::string_view key, const StorePtr& store);

  const StorageMode mode_;
  const std::shared_ptr<const platform::Clock> clock_;
  const StorePtr first_;
  const StorePtr second_;   ///< May be null.
  const StorePtr keyring_;  ///< Which of the two it is; may be null.
  mutable std::mutex mutex_;
  std::map<std::string, StorePtr, std::less<>> store_of_;
  bool detour_reported_ = false;
};

/// A cache whose every call fails with `error`: for storage that is configured wrongly, which concerns only those who
/// use it.
std::shared_ptr<TokenCache> make_refused_token_cache(Error error);

}  // namespace dbxauth::tokenstore
