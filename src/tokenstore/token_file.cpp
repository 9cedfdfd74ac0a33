// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/token_file.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "tokenstore/token_json.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_valid_json(std::string_view raw) {
  return base::JsonDocument::parse(raw, "a value").has_value();
}

bool is_number(std::string_view raw) {
  return !raw.empty() && raw.size() < 10 && raw.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_object(std::string_view raw) {
  return !raw.empty() && raw.front() == '{';
}

}  // namespace

Result<TokenFile> TokenFile::parse(SecretString text, std::string path) {
  TokenFile file;
  file.path_ = std::move(path);
  file.text_ = std::move(text);
  std::string_view json = file.text_.reveal();
  if (json.substr(0, kByteOrderMark.size()) == kByteOrderMark) json.remove_prefix(kByteOrderMark.size());
  if (base::trim(json).empty()) return file;

  const RawObject outline = slice_object(json);
  file.outline_damaged_ = !outline.complete;
  bool version_stated = false;
  for (const RawMember& member : outline.members) {
    if (base::equals_ignoring_case(member.key, "version")) {
      // In a damaged text only a number counts: the value may have been cut off.
      if (!outline.complete && !is_number(member.value)) continue;
      if (Result<void> version = file.read_version(member.value); !version) return std::move(version).error();
      version_stated = true;
    } else if (base::equals_ignoring_case(member.key, "tokens")) {
      if (!file.read_tokens(member.value)) file.outline_damaged_ = true;
    } else {
      file.others_.push_back(member);
    }
  }
  if (!version_stated && outline.complete) {
    if (Result<void> version = file.read_version("none"); !version) return std::move(version).error();
  }
  if (file.outline_damaged_) {
    // Recovery may have taken members of a broken entry for members of the file.
    file.others_.clear();
    for (const RawMember& member : outline.members) {
      if (is_object(member.value)) file.entries_.emplace(member.key, member.value);
    }
    for (auto entry = file.entries_.begin(); entry != file.entries_.end();) {
      entry = file.find(entry->first) ? std::next(entry) : file.entries_.erase(entry);
    }
  }
  return file;
}

Result<void> TokenFile::read_version(std::string_view raw) {
  if (raw == "1") return {};
  return Error(
      ErrorCode::storage_unavailable,
      fmt::format("the token cache {} needs version 1 and has {}; another program wrote it: update dbxauth, or "
                  "move the file away and log in again",
                  path_, is_number(raw) ? fmt::format("version {}", raw) : std::string("no valid version number")));
}

bool TokenFile::read_tokens(std::string_view raw) {
  if (raw == "null") return true;
  const RawObject tokens = slice_object(raw);
  for (const RawMember& member : tokens.members) {
    // `null` stands for no token, and the CLI does not survive reading it.
    if (member.value == "null")
      entries_.erase(member.key);
    else
      entries_.insert_or_assign(member.key, member.value);
  }
  return tokens.complete;
}

bool TokenFile::damaged(bool thorough) const {
  if (outline_damaged_ || !thorough) return outline_damaged_;
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return !is_valid_json(entry.second); }) ||
         std::any_of(others_.begin(), others_.end(),
                     [](const RawMember& other) { return !is_valid_json(other.value); });
}

std::vector<std::string> TokenFile::keys() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& entry : entries_) names.push_back(entry.first);
  return names;
}

Result<Token> TokenFile::find(std::string_view key) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) {
    return Error(ErrorCode::not_found, fmt::format("no token is stored under '{}' in {}", key, path_));
  }
  const std::string what = fmt::format("the entry '{}' of {}", key, path_);
  Result<base::JsonDocument> document = base::JsonDocument::parse(entry->second, what);
  if (!document) return std::move(document).error();
  return decode_token(document->root(), what);
}

void TokenFile::put(std::string_view key, const Token& token) {
  const auto entry = entries_.find(key);
  std::vector<RawMember> others;
  if (entry != entries_.end() && is_valid_json(entry->second)) others = other_members(entry->second);
  written_.push_back(encode_token(token, others));
  entries_.insert_or_assign(std::string(key), written_.back().reveal());
}

void TokenFile::remove(std::string_view key) {
  const auto entry = entries_.find(key);
  if (entry != entries_.end()) entries_.erase(entry);
}

SecretString TokenFile::encode() const {
  SecretString out;
  out.reserve(text_.size() + 4096);
  out.append("{\n  \"version\": 1,\n  \"tokens\": {");
  bool any = false;
  for (const auto& [key, raw] : entries_) {
    if (!is_valid_json(raw)) continue;
    out.append(any ? ",\n    " : "\n    ");
    any = true;
    append_json_string(out, key);
    out.append(": ");
    append_indented(out, raw, 2);
  }
  out.append(any ? "\n  }" : "}");
  for (const RawMember& other : others_) {
    if (!is_valid_json(other.value)) continue;
    out.append(",\n  ");
    append_json_string(out, other.key);
    out.append(": ");
    append_indented(out, other.value, 1);
  }
  out.append("\n}");
  return out;
}

}  // namespace dbxauth::tokenstore
