// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::tokenstore {

/// The secret of a keyring item as the Databricks CLI writes it: `{"token":{…}}` on one line. Members that are not ours
/// are taken over from `previous`, the text that is replaced; it may be empty or anything.
SecretString encode_keyring_payload(const Token& token, std::string_view previous = {});

/// Reads such a secret: names in any case, unknown members ignored. ErrorCode::protocol when it holds no token; the
/// message names `key` and quotes nothing of the secret.
Result<Token> decode_keyring_payload(std::string_view payload, std::string_view key);

/// What an item holds whose secret did not fit: the secret was cut into `count` items, numbered from `first`.
struct ChunkManifest {
  std::string id;  ///< The same in every chunk: chunks of different secrets are never mixed.
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::size_t size_bytes = 0;

  bool operator==(const ChunkManifest& other) const {
    return id == other.id && first == other.first && count == other.count && size_bytes == other.size_bytes;
  }
};

constexpr std::uint32_t kMostChunks = 256;

/// The manifest as the secret of an item. To the Databricks CLI it is an empty token, which makes it ask for a login.
SecretString encode_manifest(const ChunkManifest& manifest);
/// nullopt when the secret is no manifest; a manifest that contradicts itself counts as none.
std::optional<ChunkManifest> decode_manifest(std::string_view payload);

/// The secret of chunk number `number`, which carries `part`.
SecretString encode_chunk(const std::string& id, std::uint32_t number, std::string_view part);
/// The part; nullopt when this is not that chunk. Points into `chunk`.
std::optional<std::string_view> decode_chunk(const std::string& id, std::uint32_t number, std::string_view chunk);

}  // namespace dbxauth::tokenstore
