// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/encrypted_token_file.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "encoding/aes_gcm.hpp"
#include "encoding/base64url.hpp"
#include "encoding/sha256.hpp"
#include "tokenstore/token_json.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr std::size_t kSaltBytes = 32;
// More damage than this is not worth the time: each slice may read to the end of the text.
constexpr int kMostSlices = 16;
constexpr std::string_view kMembers[] = {"kdf", "check", "sum", "entries"};

bool is_one_of_ours(std::string_view member) {
  return std::find(std::begin(kMembers), std::end(kMembers), member) != std::end(kMembers);
}

bool is_number(std::string_view raw) {
  return !raw.empty() && raw.size() < 10 && raw.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_valid_json(std::string_view raw) {
  return base::JsonDocument::parse(raw, "a value").has_value();
}

std::optional<SealedBytes> read_sealed(std::string_view raw) {
  const Result<base::JsonDocument> document = base::JsonDocument::parse(raw, "sealed bytes");
  if (!document) return std::nullopt;
  Result<std::string> nonce = encoding::decode_base64url((*document)["nonce"].string_or());
  Result<std::string> data = encoding::decode_base64url((*document)["data"].string_or());
  if (!nonce || !data || nonce->size() != encoding::kGcmNonceBytes || data->size() < encoding::kGcmTagBytes) {
    return std::nullopt;
  }
  return SealedBytes{std::move(*nonce), std::move(*data)};
}

std::string sealed_text(const SealedBytes& sealed) {
  return fmt::format(R"({{"nonce": "{}", "data": "{}"}})", encoding::base64url(sealed.nonce),
                     encoding::base64url(sealed.data));
}

std::string recipe_text(const KeyRecipe& recipe) {
  const std::string salt = encoding::base64url(recipe.salt);
  if (recipe.origin != KeyOrigin::passphrase) {
    return fmt::format(R"({{"name": "hkdf", "key": "{}", "salt": "{}"}})", to_string(recipe.origin), salt);
  }
  return fmt::format(R"({{"name": "scrypt", "key": "passphrase", "salt": "{}", "n": {}, "r": {}, "p": {}}})", salt,
                     recipe.cost.n, recipe.cost.r, recipe.cost.p);
}

/// What `sum` is taken of: as it is written, whatever an editor did to the white space.
std::string text_of(const SealHeader& header) {
  return fmt::format("\"version\": 1,\n  \"kdf\": {},\n  \"check\": {},", recipe_text(header.recipe),
                     sealed_text(header.check));
}

Result<std::string> sum_of(const SealHeader& header) {
  const auto digest = encoding::sha256(text_of(header));
  if (!digest) return digest.error();
  return encoding::base64url({reinterpret_cast<const char*>(digest->data()), digest->size()});
}

KeyOrigin origin_of(base::JsonView recipe) {
  const std::string_view key = recipe["key"].string_or();
  for (const KeyOrigin origin : {KeyOrigin::passphrase, KeyOrigin::kernel}) {
    if (key == to_string(origin)) return origin;
  }
  return KeyOrigin::key_file;
}

std::optional<KeyRecipe> read_recipe(std::string_view raw) {
  const Result<base::JsonDocument> document = base::JsonDocument::parse(raw, "the key derivation");
  if (!document) return std::nullopt;
  Result<std::string> salt = encoding::decode_base64url((*document)["salt"].string_or());
  if (!salt || salt->size() != kSaltBytes) return std::nullopt;
  KeyRecipe recipe;
  recipe.origin = origin_of(document->root());
  recipe.salt = std::move(*salt);
  const auto number = [&](const char* name, std::uint64_t& value) {
    const std::int64_t stated = (*document)[name].integer_or(0);
    if (stated > 0) value = static_cast<std::uint64_t>(stated);
  };
  number("n", recipe.cost.n);
  number("r", recipe.cost.r);
  number("p", recipe.cost.p);
  return recipe;
}

}  // namespace

Result<EncryptedTokenFile> EncryptedTokenFile::parse(SecretString text, std::string path) {
  EncryptedTokenFile file;
  file.path_ = std::move(path);
  file.text_ = std::move(text);
  if (base::trim(file.text_.reveal()).empty()) return file;

  RawObject outline = slice_object(file.text_.reveal());
  if (outline.members.empty() && !outline.complete) {
    // The brace itself is damaged: its line goes, and the rest is read as that of an object.
    file.written_.emplace_back("{");
    const std::string_view json = file.text_.reveal();
    file.written_.back().append(json.substr(std::min(json.find('\n'), json.size())));
    outline = slice_object(file.written_.back().reveal());
    outline.complete = false;
  }
  file.damaged_ = !outline.complete;
  const auto value_of = [&](std::string_view name) {
    std::string_view value;
    for (const RawMember& member : outline.members) {
      if (member.key == name) value = member.value;
    }
    return value;
  };
  if (Result<void> read = file.read_header(value_of("kdf"), value_of("check"), value_of("sum")); !read) {
    return std::move(read).error();
  }
  const bool intact = file.header_ && file.header_->intact;
  const std::string_view version = value_of("version");
  if (is_number(version) && version != "1" && outline.complete && !intact) {
    return Error(ErrorCode::storage_unavailable,
                 fmt::format("the encrypted token cache {} needs version 1 and has version {}; another program wrote "
                             "it: update dbxauth, or move the file away and log in again",
                             file.path_, version));
  }
  const bool ours = std::any_of(std::begin(kMembers), std::end(kMembers),
                                [&](std::string_view name) { return !value_of(name).empty(); });
  if (outline.complete && !ours) {
    return Error(ErrorCode::storage_unavailable,
                 fmt::format("{} is not an encrypted token cache and is left alone; name another file", file.path_));
  }
  if (version != "1" || !intact) file.damaged_ = true;
  file.read_outline(outline);
  return file;
}

Result<void> EncryptedTokenFile::read_header(std::string_view recipe, std::string_view check, std::string_view sum) {
  header_text_ = fmt::format("{}\n{}\n{}", recipe, check, sum);
  std::optional<KeyRecipe> read = read_recipe(recipe);
  if (!read) return {};
  header_.emplace();
  header_->recipe = std::move(*read);
  std::optional<SealedBytes> sealed = read_sealed(check);
  if (!sealed) return {};
  header_->check = std::move(*sealed);
  Result<std::string> expected = sum_of(*header_);
  if (!expected) return std::move(expected).error();
  header_->sum = std::move(*expected);
  header_->intact = sum == fmt::format("\"{}\"", header_->sum);
  return {};
}

void EncryptedTokenFile::read_outline(const RawObject& outline) {
  bool entries_found = false;
  for (const RawMember& member : outline.members) {
    if (member.key == "entries") {
      entries_found = true;
      if (!read_entries(member.value)) damaged_ = true;
    } else if (member.key != "version" && !is_one_of_ours(member.key)) {
      if (is_valid_json(member.value))
        others_.push_back(member);
      else
        damaged_ = true;
    }
  }
  if (entries_found && !damaged_) return;
  damaged_ = true;
  // The entries may stand under a broken name, inside a value that lost its brace, or loose: what authenticates is one.
  int slices = kMostSlices;
  salvage(outline, slices);
  others_.clear();
}

void EncryptedTokenFile::salvage(const RawObject& object, int& slices) {
  for (const RawMember& member : object.members) {
    if (!is_one_of_ours(member.key) && read_sealed(member.value)) {
      entries_.emplace(member.key, member.value);
    } else if (!member.value.empty() && (member.value.front() == '{' || member.value.front() == '[') && slices > 0) {
      --slices;
      // One bit makes a bracket of a brace.
      written_.emplace_back("{");
      written_.back().append(member.value.substr(1));
      salvage(slice_object(written_.back().reveal()), slices);
    }
  }
}

bool EncryptedTokenFile::read_entries(std::string_view raw) {
  const RawObject entries = slice_object(raw);
  for (const RawMember& member : entries.members) entries_.insert_or_assign(member.key, member.value);
  return entries.complete;
}

std::vector<std::string> EncryptedTokenFile::names() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& entry : entries_) names.push_back(entry.first);
  return names;
}

Result<SecretString> EncryptedTokenFile::open(std::string_view name, std::string_view raw,
                                              const SealingKey& key) const {
  const std::optional<SealedBytes> sealed = read_sealed(raw);
  Result<SecretString> opened =
      sealed ? key.open(name, *sealed) : Result<SecretString>(Error(ErrorCode::authentication_failed, ""));
  if (opened || opened.error().code != ErrorCode::authentication_failed) return opened;
  return Error(ErrorCode::not_found,
               fmt::format("the entry '{}' of {} is damaged or was put there by somebody without the key; log in again",
                           name, path_));
}

Result<Token> EncryptedTokenFile::find(std::string_view name, const SealingKey& key) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) {
    return Error(ErrorCode::not_found, fmt::format("no token is stored under '{}' in {}", name, path_));
  }
  const Result<SecretString> opened = open(name, entry->second, key);
  if (!opened) return opened.error();
  const std::string what = fmt::format("the entry '{}' of {}", name, path_);
  const Result<base::JsonDocument> document = base::JsonDocument::parse(opened->reveal(), what);
  if (!document) return document.error();
  return decode_token(document->root(), what);
}

Result<bool> EncryptedTokenFile::knows(const SealingKey& key) const {
  for (const auto& [name, raw] : entries_) {
    const Result<SecretString> opened = open(name, raw, key);
    if (opened) return true;
    if (opened.error().code != ErrorCode::not_found) return opened.error();
  }
  return false;
}

Result<std::vector<std::string>> EncryptedTokenFile::drop_unreadable(const SealingKey& key) {
  std::vector<std::string> dropped;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const Result<SecretString> opened = open(entry->first, entry->second, key);
    if (!opened && opened.error().code != ErrorCode::not_found) return opened.error();
    if (!opened) dropped.push_back(entry->first);
    entry = opened ? std::next(entry) : entries_.erase(entry);
  }
  return dropped;
}

Result<void> EncryptedTokenFile::take_header_of(const SealingKey& key) {
  Result<SealedBytes> check = key.make_check();
  if (!check) return std::move(check).error();
  SealHeader header{key.recipe(), std::move(*check), {}, true};
  Result<std::string> sum = sum_of(header);
  if (!sum) return std::move(sum).error();
  header.sum = std::move(*sum);
  header_ = std::move(header);
  return {};
}

Result<void> EncryptedTokenFile::put(std::string_view name, const Token& token, const SealingKey& key) {
  SecretString previous;
  if (const auto entry = entries_.find(name); entry != entries_.end()) {
    Result<SecretString> opened = open(name, entry->second, key);
    if (opened && is_valid_json(opened->reveal())) previous = std::move(*opened);
  }
  const std::vector<RawMember> others = previous.empty() ? std::vector<RawMember>() : other_members(previous.reveal());
  const SecretString plaintext = encode_token(token, others);
  const Result<SealedBytes> sealed = key.seal(name, plaintext.reveal());
  if (!sealed) return sealed.error();
  written_.emplace_back(sealed_text(*sealed));
  entries_.insert_or_assign(std::string(name), written_.back().reveal());
  return {};
}

void EncryptedTokenFile::remove(std::string_view name) {
  const auto entry = entries_.find(name);
  if (entry != entries_.end()) entries_.erase(entry);
}

SecretString EncryptedTokenFile::encode() const {
  SecretString out;
  out.reserve(text_.size() + 4096);
  out.append("{\n  ");
  if (header_) out.append(fmt::format("{}\n  \"sum\": \"{}\",\n  ", text_of(*header_), header_->sum));
  out.append("\"entries\": {");
  bool any = false;
  for (const auto& [name, raw] : entries_) {
    out.append(any ? ",\n    " : "\n    ");
    any = true;
    append_json_string(out, name);
    out.append(": ");
    out.append(raw);
  }
  out.append(any ? "\n  }" : "}");
  for (const RawMember& other : others_) {
    out.append(",\n  ");
    append_json_string(out, other.key);
    out.append(": ");
    append_indented(out, other.value, 1);
  }
  out.append("\n}\n");
  return out;
}

}  // namespace dbxauth::tokenstore
