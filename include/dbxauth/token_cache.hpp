// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_TOKEN_CACHE_HPP
#define DBXAUTH_TOKEN_CACHE_HPP

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth {

/// Where tokens are kept between calls, threads and processes. Programs may implement their own.
/// Implementations must be thread-safe and must not throw.
class TokenCache {
 public:
  virtual ~TokenCache() = default;

  /// A word for reports: "memory", "file", "keyring".
  virtual std::string_view kind() const noexcept = 0;
  /// Where it is, for people: a path, "OS keyring (service: databricks-cli)".
  virtual std::string location() const = 0;

  /// The token under `key`; ErrorCode::not_found when there is none.
  virtual Result<Token> get(std::string_view key, const CallContext& context) = 0;
  /// Stores `token` under every key of `keys` in one step: all or none.
  virtual Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext& context) = 0;
  /// Removes `key`; removing what is not there is success.
  virtual Result<void> remove(std::string_view key, const CallContext& context) = 0;
  /// The keys that are stored.
  virtual Result<std::vector<std::string>> list(const CallContext& context) = 0;
  /// Success when tokens can be stored; otherwise ErrorCode::storage_unavailable or io with the reason.
  virtual Result<void> availability(const CallContext& context) = 0;
};

/// Lives as long as the object; wiped when it goes.
std::shared_ptr<TokenCache> make_memory_token_cache();

/// The Databricks CLI's token cache file (version 1) at `path`; an empty path means `~/.databricks/token-cache.json`.
/// Nothing is created before the first put(). Writes are atomic, fsynced and serialised between processes.
Result<std::shared_ptr<TokenCache>> make_file_token_cache(std::string path);

}  // namespace dbxauth

#endif
