// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "tokenstore/json_slices.hpp"

namespace dbxauth::tokenstore {

/// The contents of the Databricks CLI's token cache file, version 1:
/// `{"version": 1, "tokens": {"<key>": {"access_token": …}, …}}`. What it does not know it keeps. Not thread-safe.
class TokenFile {
 public:
  /// An empty cache.
  TokenFile() = default;

  /// Reads `text`. Only another version is an error (ErrorCode::storage_unavailable: a newer program owns the file and
  /// it must not be written); a damaged text yields what could be recovered. An empty text is an empty cache. `path` is
  /// for messages.
  static Result<TokenFile> parse(SecretString text, std::string path);

  /// True when the text is not a well-formed cache file: encode() then holds only the entries that were recovered. The
  /// first look is cheap and sees the outline; `thorough` also parses every value.
  bool damaged(bool thorough) const;

  std::string_view text() const noexcept { return text_.reveal(); }
  bool contains(std::string_view key) const { return entries_.find(key) != entries_.end(); }
  std::vector<std::string> keys() const;  ///< Sorted bytewise.

  /// ErrorCode::not_found, or protocol when the entry is no token; other entries do not matter.
  Result<Token> find(std::string_view key) const;
  void put(std::string_view key, const Token& token);
  void remove(std::string_view key);

  /// The file as the CLI writes it: two blanks per level, keys sorted bytewise, no final newline.
  SecretString encode() const;

 private:
  Result<void> read_version(std::string_view raw);
  bool read_tokens(std::string_view raw);

  std::string path_;
  SecretString text_;
  bool outline_damaged_ = false;
  std::map<std::string, std::string_view, std::less<>> entries_;  ///< Values point into text_ or written_.
  std::vector<RawMember> others_;  ///< Top-level members of later versions or other tools.
  std::vector<SecretString> written_;
};

}  // namespace dbxauth::tokenstore
