// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/ini_document.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::config {

/// Bytes `[begin, end)` of a text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Changes single keys of an INI text and leaves every other byte as it is: comments, order, blank lines, line ends,
/// byte order mark, quoting, alignment, keys that nobody knows. Move-only, one thread.
///
/// What is written reads back the same with the official CLI's parser and, where the value allows it, with those of the
/// Python and Java SDKs: no quotes unless the value needs them. ErrorCode::invalid_argument for a value that no quoting
/// can carry (a NUL, a line break in a key, …) or a key or section name that cannot be one. Every edit is read back
/// before it counts: an edit that failed has changed nothing.
class IniEditor {
 public:
  static Result<IniEditor> open(SecretString text, std::string_view name);

  const IniDocument& document() const noexcept { return document_; }

  /// Sets `key` in `section`. A key that is there keeps its line, its place and its inline comment; of repeated ones
  /// the last, which is the one that counts. A new key goes after the section's last one, in the style of its
  /// neighbours; a new section after the last one, with a blank line before it and the file's line ends.
  Result<void> set(std::string_view section, std::string_view key, std::string_view value);
  /// Removes every entry of that key with its lines; comments stay. Not there: nothing happens.
  Result<void> remove(std::string_view section, std::string_view key);
  /// Removes the section's headers and entries and the comments that stand inside of it; comments above its header that
  /// touch it go with it. `DEFAULT` keeps its header.
  Result<void> remove_section(std::string_view section);

  bool changed() const noexcept { return changed_; }
  const SecretString& text() const noexcept { return text_; }

 private:
  struct Change;

  IniEditor() = default;
  /// Takes `text` over if it parses and differs from the present one in nothing but `change`.
  bool accept(SecretString text, const Change& change);
  bool replace_value(const IniEntry& entry, const Change& change);
  bool append_key(const IniSection& section, const Change& change);
  bool append_section(const Change& change);
  bool take_out(const std::vector<TextRange>& ranges, const Change& change);

  std::string name_;
  SecretString text_;
  IniDocument document_;
  bool changed_ = false;
};

}  // namespace dbxauth::config
