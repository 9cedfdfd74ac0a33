// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "tokenstore/keyring_call.hpp"
#include "tokenstore/keyring_payload.hpp"
#include "tokenstore/secret_store.hpp"

namespace dbxauth::tokenstore {

/// The service attribute of the Databricks CLI's items.
inline constexpr const char* kKeyringService = "databricks-cli";
/// That of our chunks: the CLI never looks there, and no key can be taken for a chunk.
inline constexpr const char* kChunkService = "dbxauth-chunk";

/// Logins in a SecretStore: one item each, or a manifest and its chunks where that would be too large. For one call, on
/// the worker's thread.
class KeyringEntries {
 public:
  struct Sizes {
    std::size_t largest_item_bytes = 64u << 10;  ///< The Secret Service has no limit; services that keep one exist.
    std::size_t chunk_bytes = 32u << 10;
  };

  KeyringEntries(SecretStore& store, KeyringCall& call, Sizes sizes) : store_(store), call_(call), sizes_(sizes) {}

  /// ErrorCode::not_found; protocol when the item holds no token or its chunks are not all there.
  Result<Token> get(const std::string& key);
  /// Stores `token` under all keys; when one fails, those before it get back what they had. When the caller has gone
  /// meanwhile, a write that was already sent is kept only if nothing newer was asked for or stored.
  Result<void> put(const std::vector<std::string>& keys, const Token& token);
  Result<void> remove(const std::string& key);
  Result<std::vector<std::string>> list();  ///< Sorted.
  /// Stores, reads and removes an item of the size of a real login.
  Result<void> probe();

 private:
  struct Change {
    std::string key;
    std::optional<SecretString> before;  ///< The item as it was.
    SecretString after;                  ///< The item as it was written.
    std::optional<ChunkManifest> chunks_before;
    std::optional<ChunkManifest> chunks_after;
    std::chrono::system_clock::time_point expiry_before;
    bool sent = false;
  };

  Result<std::optional<SecretString>> item(const std::string& key);
  Result<SecretString> whole(const std::string& key, const SecretString& item);
  Result<void> put_one(const Token& token, Change& change);
  Result<ChunkManifest> write_chunks(const std::string& key, std::string_view payload, std::uint32_t first);
  void remove_chunks(const std::string& key, const ChunkManifest& chunks);
  bool overtaken(const std::vector<Change>& changes, const Token& token) const;
  bool landed(const Change& change);
  void undo(std::vector<Change>& changes);
  std::optional<SecretString> settled(const std::string& key);

  SecretStore& store_;
  KeyringCall& call_;
  const Sizes sizes_;
};

}  // namespace dbxauth::tokenstore
