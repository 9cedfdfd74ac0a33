// SPDX-License-Identifier: Apache-2.0
#include "encoding/base64url.hpp"

#include <string.h>

#include <array>
#include <cstdint>

namespace dbxauth::encoding {
namespace {

constexpr char kStandard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrlSafe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kInvalid = 0xFF;

constexpr std::array<std::uint8_t, 256> make_decoding_table() {
  std::array<std::uint8_t, 256> table{};
  for (auto& entry : table) entry = kInvalid;
  for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(kUrlSafe[i])] = i;
  return table;
}
constexpr auto kDecoding = make_decoding_table();

std::size_t encoded_size(std::size_t bytes) noexcept {
  return (bytes + 2) / 3 * 4;
}

// Four characters for up to three bytes, padded.
void encode_group(std::string_view group, const char* alphabet, char* out) noexcept {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
  for (std::size_t i = 0; i < 4; ++i) out[i] = i > group.size() ? '=' : alphabet[bits >> (18 - 6 * i) & 0x3F];
}

std::string encode(std::string_view bytes, const char* alphabet) {
  std::string text(encoded_size(bytes.size()), '\0');
  char* out = text.data();
  for (std::size_t at = 0; at < bytes.size(); at += 3, out += 4) encode_group(bytes.substr(at, 3), alphabet, out);
  return text;
}

}  // namespace

std::string base64(std::string_view bytes) {
  return encode(bytes, kStandard);
}

SecretString base64_secret(std::string_view bytes) {
  SecretString text;
  text.reserve(encoded_size(bytes.size()));
  std::array<char, 4> group;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    encode_group(bytes.substr(at, 3), kStandard, group.data());
    text.append({group.data(), group.size()});
  }
  ::explicit_bzero(group.data(), group.size());
  return text;
}

std::string base64url(std::string_view bytes) {
  std::string text = encode(bytes, kUrlSafe);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

Result<std::string> decode_base64url(std::string_view text) {
  const auto invalid = [](const char* reason) {
    return Error{ErrorCode::protocol, std::string("the text is not base64url: ") + reason};
  };
  if (const auto padding = text.find('='); padding != std::string_view::npos) {
    if (text.size() % 4 != 0 || text.size() - padding > 2 ||
        text.find_first_not_of('=', padding) != std::string_view::npos) {
      return invalid("its padding is wrong");
    }
    text = text.substr(0, padding);
  }
  if (text.size() % 4 == 1) return invalid("its length is impossible; it may be cut off");
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::uint8_t value = kDecoding[static_cast<unsigned char>(c)];
    if (value == kInvalid) return invalid("it holds a character outside the alphabet");
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFF);
      bits &= (1U << count) - 1;
    }
  }
  // One text per value: otherwise two different tokens could decode to the same bytes.
  if (bits != 0) return invalid("its last character has surplus bits");
  return bytes;
}

}  // namespace dbxauth::encoding
