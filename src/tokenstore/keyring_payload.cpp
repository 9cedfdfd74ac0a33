// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_payload.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "tokenstore/json_slices.hpp"
#include "tokenstore/token_json.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr std::string_view kTokenMember = "token";
constexpr std::string_view kManifestMember = "dbxauth_chunks";
constexpr std::string_view kEmptyToken = R"({"access_token":"","expiry":"0001-01-01T00:00:00Z"})";

Error damaged(std::string_view key, std::string_view reason) {
  return {ErrorCode::protocol,
          fmt::format("the keyring item of '{}' holds no login: {}; log in again to replace it", key, reason)};
}

struct KeptMembers {
  std::vector<RawMember> beside;  ///< Of the payload.
  std::vector<RawMember> inside;  ///< Of the token.
};

// Only of a text that a parser accepts: what is kept must not make the new payload unreadable.
KeptMembers members_of_others(std::string_view previous) {
  KeptMembers kept;
  const Result<base::JsonDocument> document = base::JsonDocument::parse(previous, "the replaced item");
  if (!document || !document->root().is_object()) return kept;
  for (RawMember& member : slice_object(previous).members) {
    if (member.key == kManifestMember) continue;
    if (base::equals_ignoring_case(member.key, kTokenMember))
      kept.inside = other_members(member.value);
    else
      kept.beside.push_back(std::move(member));
  }
  return kept;
}

}  // namespace

SecretString encode_keyring_payload(const Token& token, std::string_view previous) {
  const KeptMembers kept = members_of_others(previous);
  const SecretString inner = encode_token(token, kept.inside);
  SecretString out;
  out.reserve(inner.size() + previous.size() + 16);
  out.append("{\"token\":");
  out.append(inner.reveal());
  for (const RawMember& member : kept.beside) {
    out.append(",");
    append_json_string(out, member.key);
    out.append(":");
    out.append(member.value);
  }
  out.append("}");
  return out;
}

Result<Token> decode_keyring_payload(std::string_view payload, std::string_view key) {
  const Result<base::JsonDocument> document = base::JsonDocument::parse(payload, "it");
  if (!document) return damaged(key, document.error().message);
  if (!document->root().is_object()) return damaged(key, "it is not a JSON object");
  base::JsonView token;
  document->root().each_member([&](std::string_view name, base::JsonView value) {
    if (base::equals_ignoring_case(name, kTokenMember)) token = value;
  });
  if (!token.is_object()) return damaged(key, "it has no member \"token\" with an object");
  Result<Token> decoded = decode_token(token, "its token");
  if (!decoded) return damaged(key, decoded.error().message);
  return decoded;
}

SecretString encode_manifest(const ChunkManifest& manifest) {
  return SecretString(fmt::format(R"({{"token":{},"{}":{{"version":1,"id":"{}","first":{},"count":{},"size":{}}}}})",
                                  kEmptyToken, kManifestMember, manifest.id, manifest.first, manifest.count,
                                  manifest.size_bytes));
}

std::optional<ChunkManifest> decode_manifest(std::string_view payload) {
  // Almost no item is one; parsing every token twice would be waste.
  if (payload.find(kManifestMember) == std::string_view::npos) return std::nullopt;
  const Result<base::JsonDocument> document = base::JsonDocument::parse(payload, "the manifest");
  if (!document) return std::nullopt;
  const base::JsonView view = (*document)[kManifestMember];
  const std::int64_t first = view["first"].integer_or(-1);
  const std::int64_t count = view["count"].integer_or(0);
  const std::int64_t size = view["size"].integer_or(0);
  ChunkManifest manifest;
  manifest.id = std::string(view["id"].string_or());
  const bool plain_id = std::all_of(manifest.id.begin(), manifest.id.end(),
                                    [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (view["version"].integer_or(0) != 1 || manifest.id.empty() || manifest.id.size() > 64 || !plain_id || first < 0 ||
      first > 1'000'000 || count < 1 || count > kMostChunks || size < 1 || size > 1 << 28) {
    return std::nullopt;
  }
  manifest.first = static_cast<std::uint32_t>(first);
  manifest.count = static_cast<std::uint32_t>(count);
  manifest.size_bytes = static_cast<std::size_t>(size);
  return manifest;
}

SecretString encode_chunk(const std::string& id, std::uint32_t number, std::string_view part) {
  const std::string head = fmt::format("{}:{}:", id, number);
  SecretString out;
  out.reserve(head.size() + part.size());
  out.append(head);
  out.append(part);
  return out;
}

std::optional<std::string_view> decode_chunk(const std::string& id, std::uint32_t number, std::string_view chunk) {
  const std::string head = fmt::format("{}:{}:", id, number);
  if (chunk.substr(0, head.size()) != head) return std::nullopt;
  return chunk.substr(head.size());
}

}  // namespace dbxauth::tokenstore
