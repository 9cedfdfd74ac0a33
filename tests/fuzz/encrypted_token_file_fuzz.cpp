// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "property.hpp"
#include "tokenstore/encrypted_token_file.hpp"

using dbxauth::SecretString;
using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::tokenstore;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto file = EncryptedTokenFile::parse(SecretString(text), "fuzz");
  if (!file) return 0;
  require(file->text() == text, "the bytes are kept");

  KeyRecipe recipe = file->header() ? file->header()->recipe : KeyRecipe::with_new_salt(KeyOrigin::key_file);
  recipe.origin = KeyOrigin::key_file;  // What a passphrase costs is not what is looked for.
  const SealingKey key = SealingKey::derive(recipe, SecretString("0123456789abcdef0123456789abcdef")).value();
  for (const std::string& name : file->names()) static_cast<void>(file->find(name, key));
  if (!file->drop_unreadable(key)) return 0;
  require(file->take_header_of(key).has_value(), "a header is made");
  dbxauth::Token token;
  token.access_token = SecretString("fuzzed");
  require(file->put("fuzz key", token, key).has_value(), "a token is sealed");

  const SecretString encoded = file->encode();
  const auto again = EncryptedTokenFile::parse(SecretString(encoded.reveal()), "fuzz");
  require(again.has_value() && !again->damaged() && again->header()->intact, "what is written is whole");
  require(again->header()->recipe.salt == recipe.salt, "the salt stays");
  require(key.verify(again->header()->check).has_value(), "the key fits");
  const auto found = again->find("fuzz key", key);
  require(found.has_value() && found->access_token.equals("fuzzed"), "what was stored is found");
  require(again->encode().equals(encoded), "writing twice changes nothing");
  return 0;
}
