// SPDX-License-Identifier: Apache-2.0
#include "platform/crypto_library.hpp"

#include <dlfcn.h>

#include <atomic>
#include <mutex>
#include <string>

namespace dbxauth::platform {
namespace {

constexpr const char* kLibraryName = "libcrypto.so.3";

Error loader_error() {
  const char* const reason = ::dlerror();
  return Error{ErrorCode::unsupported, std::string("OpenSSL's ") + kLibraryName + " could not be loaded (" +
                                           (reason != nullptr ? reason : "no reason given") +
                                           "); install the package that holds it (Debian: libssl3)"};
}

template <class Function>
bool resolve(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<const CryptoLibrary*> CryptoLibrary::load() {
  static std::atomic<const CryptoLibrary*> loaded{nullptr};
  if (const CryptoLibrary* const ready = loaded.load(std::memory_order_acquire)) return ready;

  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (const CryptoLibrary* const ready = loaded.load(std::memory_order_relaxed)) return ready;
  void* const library = ::dlopen(kLibraryName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return loader_error();
  static CryptoLibrary functions;
  if (!resolve(library, "EVP_Digest", functions.digest) || !resolve(library, "EVP_sha256", functions.sha256)) {
    return loader_error();
  }
  loaded.store(&functions, std::memory_order_release);
  return static_cast<const CryptoLibrary*>(&functions);
}

}  // namespace dbxauth::platform
