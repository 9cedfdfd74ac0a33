// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "property.hpp"
#include "tokenstore/token_file.hpp"

using dbxauth::SecretString;
using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using dbxauth::tokenstore::TokenFile;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto file = TokenFile::parse(SecretString(text), "fuzz");
  if (!file) return 0;
  require(file->text() == text, "the bytes are kept");
  for (const std::string& key : file->keys()) static_cast<void>(file->find(key));
  dbxauth::Token token;
  token.access_token = SecretString("fuzzed");
  file->put("fuzz key", token);
  const SecretString encoded = file->encode();
  const auto again = TokenFile::parse(SecretString(encoded.reveal()), "fuzz");
  require(again.has_value() && !again->damaged(true), "what is written is whole");
  const auto found = again->find("fuzz key");
  require(found.has_value() && found->access_token.equals("fuzzed"), "what was stored is found");
  require(again->encode().equals(encoded), "writing twice changes nothing");
  return 0;
}
