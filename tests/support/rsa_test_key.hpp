// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dbxauth::testing {

/// A fresh RSA key for tests that sign. Link OpenSSL::Crypto.
class RsaTestKey {
 public:
  explicit RsaTestKey(unsigned bits = 2048) : key_(EVP_RSA_gen(bits), EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("cannot make an RSA key");
  }

  /// "-----BEGIN PRIVATE KEY-----"
  std::string pkcs8_pem() const { return written(nullptr, {}); }
  /// "-----BEGIN ENCRYPTED PRIVATE KEY-----"
  std::string encrypted_pem(std::string_view passphrase) const { return written(EVP_aes_256_cbc(), passphrase); }
  /// "-----BEGIN RSA PRIVATE KEY-----"
  std::string pkcs1_pem() const {
    const Memory out(BIO_new(BIO_s_mem()), BIO_free);
    if (PEM_write_bio_PrivateKey_traditional(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
      throw std::runtime_error("cannot write an RSA key");
    }
    return text_of(out);
  }

  /// Whether `signature` is this key's RS256 signature of `message`, as OpenSSL judges.
  bool verifies(std::string_view message, std::string_view signature) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  }

 private:
  using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

  std::string written(const EVP_CIPHER* cipher, std::string_view passphrase) const {
    const Memory out(BIO_new(BIO_s_mem()), BIO_free);
    if (PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), cipher, passphrase.data(),
                                      static_cast<int>(passphrase.size()), nullptr, nullptr) != 1) {
      throw std::runtime_error("cannot write an RSA key");
    }
    return text_of(out);
  }
  static std::string text_of(const Memory& memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

/// A key of the wrong kind, as PKCS#8 PEM text.
inline std::string elliptic_curve_test_key_pem() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  if (!key || PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    throw std::runtime_error("cannot make an EC key");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace dbxauth::testing
