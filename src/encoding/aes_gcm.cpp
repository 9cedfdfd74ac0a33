// SPDX-License-Identifier: Apache-2.0
#include "encoding/aes_gcm.hpp"

#include <string.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "platform/crypto_library.hpp"

namespace dbxauth::encoding {
namespace {

using platform::CryptoSealing;
using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(CryptoSealing::context_free)>;

// OpenSSL counts in int.
constexpr std::size_t kLongestText = static_cast<std::size_t>(std::numeric_limits<int>::max()) - kGcmTagBytes;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Result<void> check_sizes(const SecretString& key, std::string_view nonce, std::string_view associated_data,
                         std::string_view text) {
  if (key.size() != kAes256KeyBytes) return Error(ErrorCode::invalid_argument, "a key of AES-256 has 32 bytes");
  if (nonce.size() != kGcmNonceBytes) return Error(ErrorCode::invalid_argument, "a nonce of AES-GCM has 12 bytes");
  if (std::max(associated_data.size(), text.size()) > kLongestText) {
    return Error(ErrorCode::invalid_argument, "the text is too long to be sealed in one piece");
  }
  return {};
}

Error refused() {
  return Error(ErrorCode::unsupported, "OpenSSL refused AES-256-GCM; its configuration may disable the algorithm");
}

/// Decrypted bytes before anybody knows that they are genuine.
class WipedBytes {
 public:
  explicit WipedBytes(std::size_t size) : bytes_(size) {}
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  ~WipedBytes() { ::explicit_bzero(bytes_.data(), bytes_.size()); }
  unsigned char* data() noexcept { return bytes_.data(); }
  std::string_view text(std::size_t size) const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), size};
  }

 private:
  std::vector<unsigned char> bytes_;
};

}  // namespace

Result<std::string> aes256_gcm_seal(const SecretString& key, std::string_view nonce, std::string_view associated_data,
                                    std::string_view plaintext) {
  if (Result<void> sizes = check_sizes(key, nonce, associated_data, plaintext); !sizes) return sizes.error();
  const auto library = CryptoSealing::load();
  if (!library) return library.error();
  const CryptoSealing& crypto = **library;
  const platform::CryptoErrorGuard<CryptoSealing> guard(crypto);
  const Context context(crypto.context_new(), crypto.context_free);
  if (!context) return Error(ErrorCode::out_of_memory, "out of memory");

  std::string sealed(plaintext.size() + kGcmTagBytes, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
  int unused = 0;
  int size = 0;
  int rest = 0;
  if (crypto.encrypt_init(context.get(), crypto.aes_256_gcm(), nullptr, bytes_of(key.reveal()), bytes_of(nonce)) != 1 ||
      crypto.encrypt_update(context.get(), nullptr, &unused, bytes_of(associated_data),
                            static_cast<int>(associated_data.size())) != 1 ||
      crypto.encrypt_update(context.get(), out, &size, bytes_of(plaintext), static_cast<int>(plaintext.size())) != 1 ||
      crypto.encrypt_final(context.get(), out + size, &rest) != 1 ||
      crypto.control(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kGcmTagBytes), out + plaintext.size()) !=
          1) {
    return refused();
  }
  return sealed;
}

Result<SecretString> aes256_gcm_open(const SecretString& key, std::string_view nonce, std::string_view associated_data,
                                     std::string_view sealed) {
  if (Result<void> sizes = check_sizes(key, nonce, associated_data, sealed); !sizes) return sizes.error();
  const Error not_genuine(ErrorCode::authentication_failed, "the sealed bytes do not belong to this key");
  if (sealed.size() < kGcmTagBytes) return not_genuine;
  const auto library = CryptoSealing::load();
  if (!library) return library.error();
  const CryptoSealing& crypto = **library;
  const platform::CryptoErrorGuard<CryptoSealing> guard(crypto);
  const Context context(crypto.context_new(), crypto.context_free);
  if (!context) return Error(ErrorCode::out_of_memory, "out of memory");

  const std::string_view ciphertext = sealed.substr(0, sealed.size() - kGcmTagBytes);
  std::string tag(sealed.substr(ciphertext.size()));
  WipedBytes plaintext(ciphertext.size() + 1);  // Never empty: OpenSSL takes a null output for associated data.
  int unused = 0;
  int size = 0;
  int rest = 0;
  if (crypto.decrypt_init(context.get(), crypto.aes_256_gcm(), nullptr, bytes_of(key.reveal()), bytes_of(nonce)) != 1 ||
      crypto.decrypt_update(context.get(), nullptr, &unused, bytes_of(associated_data),
                            static_cast<int>(associated_data.size())) != 1 ||
      crypto.decrypt_update(context.get(), plaintext.data(), &size, bytes_of(ciphertext),
                            static_cast<int>(ciphertext.size())) != 1 ||
      crypto.control(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) != 1) {
    return refused();
  }
  if (crypto.decrypt_final(context.get(), plaintext.data() + size, &rest) != 1) return not_genuine;
  return SecretString(plaintext.text(ciphertext.size()));
}

}  // namespace dbxauth::encoding
