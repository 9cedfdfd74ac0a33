// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "tokenstore/json_slices.hpp"
#include "tokenstore/sealing_key.hpp"

namespace dbxauth::tokenstore {

/// The head of an encrypted token file: everything before the entries.
struct SealHeader {
  KeyRecipe recipe;
  SealedBytes check;
  std::string sum;  ///< SHA-256 of all the above, base64url: not against attackers, who cannot make a check.
  /// Its checksum fits: whoever fails its check has the wrong key. Otherwise what could be read of a damaged one.
  bool intact = false;
};

/// The contents of an encrypted token file, version 1; docs/token-storage.md has the format. Not thread-safe.
class EncryptedTokenFile {
 public:
  /// An empty cache without a header.
  EncryptedTokenFile() = default;

  /// Reads `text` without any key. ErrorCode::storage_unavailable for a later version and for a whole JSON file of
  /// another kind, which must not be written; a damaged text yields what could be recovered, an empty one an empty
  /// cache. `path` is for messages.
  static Result<EncryptedTokenFile> parse(SecretString text, std::string path);

  /// The text is not as encode() made it; entries that do not authenticate are another matter.
  bool damaged() const noexcept { return damaged_; }
  std::string_view text() const noexcept { return text_.reveal(); }
  /// None when the text is empty, or so damaged that the salt is lost.
  const std::optional<SealHeader>& header() const noexcept { return header_; }
  /// The same before and after other processes changed entries only.
  const std::string& header_text() const noexcept { return header_text_; }

  bool contains(std::string_view name) const { return entries_.find(name) != entries_.end(); }
  std::vector<std::string> names() const;  ///< Sorted bytewise.

  /// ErrorCode::not_found when there is no such entry or it does not authenticate (message says which).
  Result<Token> find(std::string_view name, const SealingKey& key) const;
  /// True when at least one entry was sealed with `key`.
  Result<bool> knows(const SealingKey& key) const;
  /// The names of the entries that cannot be opened, which go.
  Result<std::vector<std::string>> drop_unreadable(const SealingKey& key);

  /// Makes `key` the one of the file. Entries of another key must be gone.
  Result<void> take_header_of(const SealingKey& key);
  void clear_entries() { entries_.clear(); }
  Result<void> put(std::string_view name, const Token& token, const SealingKey& key);
  void remove(std::string_view name);

  /// The file's text: one line per entry, sorted bytewise.
  SecretString encode() const;

 private:
  void read_outline(const RawObject& outline);
  Result<void> read_header(std::string_view recipe, std::string_view check, std::string_view sum);
  bool read_entries(std::string_view raw);
  void salvage(const RawObject& object, int& slices);
  Result<SecretString> open(std::string_view name, std::string_view raw, const SealingKey& key) const;

  std::string path_;
  SecretString text_;
  bool damaged_ = false;
  std::optional<SealHeader> header_;
  std::string header_text_;
  std::map<std::string, std::string_view, std::less<>> entries_;  ///< Values point into text_ or written_.
  std::vector<RawMember> others_;                                 ///< Top-level members of later programs.
  std::vector<SecretString> written_;
};

}  // namespace dbxauth::tokenstore
