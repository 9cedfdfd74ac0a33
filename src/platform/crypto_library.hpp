// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
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

}  // namespace dbxauth::platform
