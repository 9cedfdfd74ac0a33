// SPDX-License-Identifier: Apache-2.0
#include "encoding/key_derivation.hpp"

#include <string.h>

#include <array>
#include <memory>
#include <string>

#include "platform/crypto_library.hpp"

namespace dbxauth::encoding {
namespace {

using platform::CryptoSealing;
using Derivation = std::unique_ptr<EVP_KDF, decltype(CryptoSealing::derivation_free)>;
using DerivationContext = std::unique_ptr<EVP_KDF_CTX, decltype(CryptoSealing::derivation_context_free)>;

constexpr std::uint64_t kMostMemoryBytes = 256u << 20;
constexpr std::size_t kLongestKey = 64;

struct KeyBuffer {
  std::array<unsigned char, kLongestKey> bytes{};
  ~KeyBuffer() { ::explicit_bzero(bytes.data(), bytes.size()); }
  SecretString first(std::size_t size) const {
    return SecretString(std::string_view(reinterpret_cast<const char*>(bytes.data()), size));
  }
};

Error refused(const char* algorithm) {
  return Error(ErrorCode::unsupported, std::string("OpenSSL refused to derive a key with ") + algorithm +
                                           "; its configuration may disable the algorithm");
}

// OpenSSL reads its parameters and takes no pointer to const.
OSSL_PARAM octets(const char* name, std::string_view bytes) {
  return OSSL_PARAM_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

Result<SecretString> hkdf_sha256(const SecretString& input, std::string_view salt, std::string_view purpose,
                                 std::size_t size) {
  if (size == 0 || size > kLongestKey) return Error(ErrorCode::unsupported, "a derived key has 1 to 64 bytes");
  const auto library = CryptoSealing::load();
  if (!library) return library.error();
  const CryptoSealing& crypto = **library;
  const platform::CryptoErrorGuard<CryptoSealing> guard(crypto);
  const Derivation derivation(crypto.derivation_fetch(nullptr, "HKDF", nullptr), crypto.derivation_free);
  if (!derivation) return refused("HKDF");
  const DerivationContext context(crypto.derivation_context_new(derivation.get()), crypto.derivation_context_free);
  if (!context) return Error(ErrorCode::out_of_memory, "out of memory");

  char digest[] = "SHA256";
  // An empty view may have no address, which OpenSSL takes for a missing parameter.
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, sizeof digest - 1),
      octets(OSSL_KDF_PARAM_KEY, input.reveal()),
      octets(OSSL_KDF_PARAM_SALT, salt.empty() ? std::string_view("") : salt),
      octets(OSSL_KDF_PARAM_INFO, purpose.empty() ? std::string_view("") : purpose),
      OSSL_PARAM_END,
  };
  KeyBuffer key;
  if (crypto.derive(context.get(), key.bytes.data(), size, parameters) != 1) return refused("HKDF");
  return key.first(size);
}

Result<SecretString> scrypt(const SecretString& passphrase, std::string_view salt, const ScryptCost& cost,
                            std::size_t size) {
  if (size == 0 || size > kLongestKey) return Error(ErrorCode::unsupported, "a derived key has 1 to 64 bytes");
  if (cost.n > kMostMemoryBytes || cost.r > 1024 || cost.p > 1024 || 128 * cost.r * cost.n > kMostMemoryBytes) {
    return Error(ErrorCode::unsupported, "these parameters of scrypt need more memory than is given to it (256 MiB)");
  }
  const auto library = CryptoSealing::load();
  if (!library) return library.error();
  const CryptoSealing& crypto = **library;
  const platform::CryptoErrorGuard<CryptoSealing> guard(crypto);
  // A null address would ask OpenSSL only whether it could.
  const std::string_view password = passphrase.empty() ? std::string_view("") : passphrase.reveal();
  KeyBuffer key;
  if (crypto.scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(),
                    cost.n, cost.r, cost.p, 2 * kMostMemoryBytes, key.bytes.data(), size) != 1) {
    return refused("scrypt");
  }
  return key.first(size);
}

}  // namespace dbxauth::encoding
