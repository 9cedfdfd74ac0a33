// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_entries.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "base/utf8.hpp"
#include "platform/random_source.hpp"
#include "tokenstore/keyring_error.hpp"

namespace dbxauth::tokenstore {
namespace {

using SystemTime = std::chrono::system_clock::time_point;

constexpr std::string_view kSubject = "tokenstore";
constexpr const char* kProbeService = "dbxauth-probe";
// An access token, a refresh token and their names, rounded up.
constexpr std::size_t kProbeBytes = 4096;
// Reads of a service that may still hang, each bounded by its own time limit of about 25 s.
constexpr int kSettlingReads = 20;

std::string random_hex() {
  std::string hex;
  for (char byte : platform::random_bytes(8)) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

SecretName item_name(const std::string& key) {
  return {kKeyringService, key};
}

SecretName chunk_name(const std::string& key, std::uint32_t number) {
  return {kChunkService, fmt::format("{}#{}", key, number)};
}

Error incomplete(const std::string& key) {
  return {ErrorCode::protocol, fmt::format("the keyring holds only a part of the login '{}', which was stored in "
                                           "several items; log in again to replace it",
                                           key)};
}

// The first part of `text`, at most `limit` bytes and not ending inside a character.
std::string_view front_part(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > limit - 4 && end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

bool same(const std::optional<SecretString>& one, const std::optional<SecretString>& other) {
  if (!one || !other) return one.has_value() == other.has_value();
  return one->equals(*other);
}

}  // namespace

Result<std::optional<SecretString>> KeyringEntries::item(const std::string& key) {
  return store_.lookup(item_name(key), call_);
}

Result<SecretString> KeyringEntries::whole(const std::string& key, const SecretString& item) {
  const std::optional<ChunkManifest> manifest = decode_manifest(item.reveal());
  if (!manifest) return item.clone();
  SecretString text;
  for (std::uint32_t i = 0; i < manifest->count; ++i) {
    const std::uint32_t number = manifest->first + i;
    Result<std::optional<SecretString>> chunk = store_.lookup(chunk_name(key, number), call_);
    if (!chunk) return std::move(chunk).error();
    if (!*chunk) return incomplete(key);
    const std::optional<std::string_view> part = decode_chunk(manifest->id, number, (*chunk)->reveal());
    if (!part || text.size() + part->size() > manifest->size_bytes) return incomplete(key);
    text.append(*part);
  }
  if (text.size() != manifest->size_bytes) return incomplete(key);
  return text;
}

Result<Token> KeyringEntries::get(const std::string& key) {
  // Between the manifest and its chunks another process may replace both: then the next look sees the new ones.
  for (int attempt = 0;; ++attempt) {
    Result<std::optional<SecretString>> found = item(key);
    if (!found) return std::move(found).error();
    if (!*found) {
      return Error(ErrorCode::not_found, fmt::format("no token is stored under '{}' in the OS keyring", key));
    }
    Result<SecretString> text = whole(key, **found);
    if (text) return decode_keyring_payload(text->reveal(), key);
    if (text.error().code != ErrorCode::protocol || attempt == 2) return std::move(text).error();
  }
}

Result<ChunkManifest> KeyringEntries::write_chunks(const std::string& key, std::string_view payload,
                                                   std::uint32_t first) {
  ChunkManifest manifest{random_hex(), first, 0, payload.size()};
  if (payload.size() / sizes_.chunk_bytes >= kMostChunks - 1) {
    return Error(ErrorCode::invalid_argument, fmt::format("the token for '{}' has {} bytes, more than the OS keyring "
                                                          "is given",
                                                          key, payload.size()));
  }
  while (!payload.empty()) {
    const std::string_view part = front_part(payload, sizes_.chunk_bytes);
    const SecretName name = chunk_name(key, first + manifest.count);
    const SecretString chunk = encode_chunk(manifest.id, first + manifest.count, part);
    ++manifest.count;
    Result<void> stored = store_.store(name, chunk, call_);
    // Read back: the manifest is published only over chunks that are there.
    Result<std::optional<SecretString>> read = stored ? store_.lookup(name, call_) : std::optional<SecretString>();
    if (stored && read && (!*read || !(*read)->equals(chunk))) stored = incomplete(key);
    if (!stored || !read) {
      remove_chunks(key, manifest);
      return stored ? std::move(read).error() : std::move(stored).error();
    }
    payload.remove_prefix(part.size());
  }
  return manifest;
}

void KeyringEntries::remove_chunks(const std::string& key, const ChunkManifest& chunks) {
  for (std::uint32_t i = 0; i < chunks.count; ++i) {
    if (Result<void> gone = store_.erase(chunk_name(key, chunks.first + i), call_); !gone) {
      base::log(
          LogLevel::warning, kSubject,
          fmt::format("a superseded part of the login '{}' stays in the OS keyring: {}", key, gone.error().message));
      return;
    }
  }
}

Result<void> KeyringEntries::put_one(const Token& token, Change& change) {
  Result<std::optional<SecretString>> before = item(change.key);
  if (!before) return std::move(before).error();
  change.before = std::move(*before);
  change.expiry_before = SystemTime::min();
  SecretString previous;
  if (change.before) {
    change.chunks_before = decode_manifest(change.before->reveal());
    if (Result<SecretString> text = whole(change.key, *change.before)) previous = std::move(*text);
    if (const Result<Token> old = decode_keyring_payload(previous.reveal(), change.key)) {
      change.expiry_before = old->expires_at;
    }
  }
  change.after = encode_keyring_payload(token, previous.reveal());
  if (change.after.size() > sizes_.largest_item_bytes) {
    // Other numbers than the present chunks have: those are read until the new manifest is there.
    const bool low_taken = change.chunks_before && change.chunks_before->first < kMostChunks;
    Result<ChunkManifest> chunks = write_chunks(change.key, change.after.reveal(), low_taken ? kMostChunks : 0);
    if (!chunks) return std::move(chunks).error();
    change.chunks_after = std::move(*chunks);
    change.after = encode_manifest(*change.chunks_after);
  }
  Result<void> stored = store_.store(item_name(change.key), change.after, call_);
  change.sent = stored || stored.error().code != ErrorCode::cancelled;
  return stored;
}

Result<void> KeyringEntries::put(const std::vector<std::string>& keys, const Token& token) {
  std::vector<Change> changes;
  Result<void> stored;
  for (const std::string& key : keys) {
    changes.emplace_back();
    changes.back().key = key;
    stored = put_one(token, changes.back());
    if (!stored) break;
  }
  const bool late = call_.abandoned();
  if (late) call_.begin_undo();
  if (late && !stored && changes.size() == keys.size() && landed(changes.back())) stored = {};
  if (!stored || (late && overtaken(changes, token))) {
    undo(changes);
    return stored ? Result<void>(keyring_call_abandoned()) : stored;
  }
  if (late) base::log(LogLevel::info, kSubject, "the OS keyring took a token after its caller had given up");
  for (const Change& change : changes) {
    if (change.chunks_before) remove_chunks(change.key, *change.chunks_before);
  }
  return {};
}

bool KeyringEntries::overtaken(const std::vector<Change>& changes, const Token& token) const {
  return std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
    return call_.superseded(change.key) || change.expiry_before > token.expires_at;
  });
}

// What the item holds once the service has answered everything that was sent to it before.
std::optional<SecretString> KeyringEntries::settled(const std::string& key) {
  for (int attempt = 0; attempt < kSettlingReads; ++attempt) {
    Result<std::optional<SecretString>> now = item(key);
    if (now) return std::move(*now);
    if (now.error().code != ErrorCode::timed_out) break;
  }
  return std::nullopt;
}

// A write whose answer was not awaited any longer may have been applied all the same.
bool KeyringEntries::landed(const Change& change) {
  if (!change.sent) return false;
  const std::optional<SecretString> now = settled(change.key);
  return now && now->equals(change.after);
}

void KeyringEntries::undo(std::vector<Change>& changes) {
  call_.begin_undo();
  for (Change& change : changes) {
    if (change.sent) {
      const std::optional<SecretString> now = settled(change.key);
      // Whoever has written in between wrote something newer.
      if (now && now->equals(change.after) && !same(change.before, now)) {
        Result<void> restored = change.before ? store_.store(item_name(change.key), *change.before, call_)
                                              : store_.erase(item_name(change.key), call_);
        if (!restored) {
          base::log(LogLevel::warning, kSubject,
                    fmt::format("the login '{}' in the OS keyring could not be put back as it was: {}", change.key,
                                restored.error().message));
          continue;
        }
      }
    }
    if (change.chunks_after) remove_chunks(change.key, *change.chunks_after);
  }
}

Result<void> KeyringEntries::remove(const std::string& key) {
  Result<std::optional<SecretString>> before = item(key);
  if (!before) return std::move(before).error();
  if (!*before) return {};
  const std::optional<ChunkManifest> chunks = decode_manifest((*before)->reveal());
  if (Result<void> gone = store_.erase(item_name(key), call_); !gone) return gone;
  // The login is gone now; its parts must not stay because the caller has not waited for them.
  call_.begin_undo();
  if (chunks) remove_chunks(key, *chunks);
  return {};
}

Result<std::vector<std::string>> KeyringEntries::list() {
  Result<std::vector<std::string>> keys = store_.usernames(kKeyringService, call_);
  if (!keys) return keys;
  std::sort(keys->begin(), keys->end());
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
  return keys;
}

Result<void> KeyringEntries::probe() {
  const SecretName name{kProbeService, "probe-" + random_hex()};
  const SecretString probe(std::string(kProbeBytes, 'x'));
  Result<void> stored = store_.store(name, probe, call_);
  if (!stored) return stored;
  Result<std::optional<SecretString>> read = store_.lookup(name, call_);
  call_.begin_undo();
  Result<void> gone = store_.erase(name, call_);
  if (!read) return std::move(read).error();
  if (!*read || !(*read)->equals(probe)) {
    return keyring_unusable(fmt::format("it does not give back what it was given ({} bytes)", kProbeBytes),
                            "restart the keyring service");
  }
  return gone;
}

}  // namespace dbxauth::tokenstore
