// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "property.hpp"
#include "tokenstore/keyring_payload.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::tokenstore;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto read = decode_keyring_payload(text, "fuzz");
  if (!read) require(!read.error().message.empty(), "an error has a message");
  if (read) {
    require(!read->access_token.empty() || !read->refresh_token.empty(), "a token has a secret");
    const auto again = decode_keyring_payload(encode_keyring_payload(*read).reveal(), "fuzz");
    require(again.has_value() && again->access_token.equals(read->access_token) &&
                again->refresh_token.equals(read->refresh_token) && again->expires_at == read->expires_at,
            "what was read is written and read again");
  }

  dbxauth::Token token;
  token.access_token = dbxauth::SecretString("fuzzed");
  const dbxauth::SecretString written = encode_keyring_payload(token, text);
  const auto found = decode_keyring_payload(written.reveal(), "fuzz");
  require(found.has_value() && found->access_token.equals("fuzzed"), "whatever is replaced, the new token is found");
  require(!decode_manifest(written.reveal()).has_value(), "a login is never taken for a manifest");
  require(encode_keyring_payload(token, written.reveal()).equals(written), "writing twice changes nothing");

  if (const auto manifest = decode_manifest(text)) {
    require(decode_manifest(encode_manifest(*manifest).reveal()) == manifest, "a manifest comes back");
  }
  if (const auto part = decode_chunk("00ff", 7, text)) {
    require(encode_chunk("00ff", 7, *part).reveal() == text, "a chunk comes back");
  }
  return 0;
}
