// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "dbxauth/result.hpp"

namespace dbxauth::platform {

/// The functions of OpenSSL's libcrypto that dbxauth uses. The library is loaded when they are first asked for and not
/// at program start: loading and relocating it costs more than everything else a short command does.
struct CryptoLibrary {
  decltype(&::EVP_Digest) digest = nullptr;
  decltype(&::EVP_sha256) sha256 = nullptr;

  /// Loads `libcrypto.so.3` once per process; it stays loaded. ErrorCode::unsupported, with the loader's reason, when
  /// it cannot be loaded; the next call tries again. The pointer is never null and lives as long as the process.
  /// Thread-safe.
  static Result<const CryptoLibrary*> load();
};

/// The functions of libcrypto that sign with a private key, resolved on their own: whoever wants a digest does not
/// depend on them.
struct CryptoSigning {
  decltype(&::BIO_new_mem_buf) bio_of_memory = nullptr;
  decltype(&::BIO_free) bio_free = nullptr;
  decltype(&::PEM_read_bio_PrivateKey) read_private_key = nullptr;
  decltype(&::EVP_PKEY_free) key_free = nullptr;
  decltype(&::EVP_PKEY_get_base_id) key_type = nullptr;
  decltype(&::EVP_PKEY_get_bits) key_bits = nullptr;
  decltype(&::EVP_MD_CTX_new) context_new = nullptr;
  decltype(&::EVP_MD_CTX_free) context_free = nullptr;
  decltype(&::EVP_DigestSignInit) sign_init = nullptr;
  decltype(&::EVP_DigestSign) sign = nullptr;
  decltype(&::EVP_sha256) sha256 = nullptr;
  decltype(&::ERR_set_mark) mark_errors = nullptr;
  decltype(&::ERR_pop_to_mark) forget_errors_since_mark = nullptr;

  /// As CryptoLibrary::load().
  static Result<const CryptoSigning*> load();
};

/// The functions of libcrypto that derive keys and seal bytes with them, resolved on their own.
struct CryptoSealing {
  decltype(&::EVP_CIPHER_CTX_new) context_new = nullptr;
  decltype(&::EVP_CIPHER_CTX_free) context_free = nullptr;
  decltype(&::EVP_CIPHER_CTX_ctrl) control = nullptr;
  decltype(&::EVP_aes_256_gcm) aes_256_gcm = nullptr;
  decltype(&::EVP_EncryptInit_ex) encrypt_init = nullptr;
  decltype(&::EVP_EncryptUpdate) encrypt_update = nullptr;
  decltype(&::EVP_EncryptFinal_ex) encrypt_final = nullptr;
  decltype(&::EVP_DecryptInit_ex) decrypt_init = nullptr;
  decltype(&::EVP_DecryptUpdate) decrypt_update = nullptr;
  decltype(&::EVP_DecryptFinal_ex) decrypt_final = nullptr;
  decltype(&::EVP_KDF_fetch) derivation_fetch = nullptr;
  decltype(&::EVP_KDF_free) derivation_free = nullptr;
  decltype(&::EVP_KDF_CTX_new) derivation_context_new = nullptr;
  decltype(&::EVP_KDF_CTX_free) derivation_context_free = nullptr;
  decltype(&::EVP_KDF_derive) derive = nullptr;
  decltype(&::EVP_PBE_scrypt) scrypt = nullptr;
  decltype(&::ERR_set_mark) mark_errors = nullptr;
  decltype(&::ERR_pop_to_mark) forget_errors_since_mark = nullptr;

  /// As CryptoLibrary::load().
  static Result<const CryptoSealing*> load();
};

/// The host program may use OpenSSL too: its queue of errors must not hold ours. `Functions` is CryptoSigning or
/// CryptoSealing.
template <class Functions>
class CryptoErrorGuard {
 public:
  explicit CryptoErrorGuard(const Functions& crypto) : crypto_(crypto) { crypto_.mark_errors(); }
  CryptoErrorGuard(const CryptoErrorGuard&) = delete;
  CryptoErrorGuard& operator=(const CryptoErrorGuard&) = delete;
  ~CryptoErrorGuard() { crypto_.forget_errors_since_mark(); }

 private:
  const Functions& crypto_;
};

}  // namespace dbxauth::platform
