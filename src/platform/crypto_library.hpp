// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>

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

}  // namespace dbxauth::platform
