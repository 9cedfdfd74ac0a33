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

bool resolve_all(void* library, CryptoLibrary& functions) {
  return resolve(library, "EVP_Digest", functions.digest) && resolve(library, "EVP_sha256", functions.sha256);
}

bool resolve_all(void* library, CryptoSigning& functions) {
  return resolve(library, "BIO_new_mem_buf", functions.bio_of_memory) &&
         resolve(library, "BIO_free", functions.bio_free) &&
         resolve(library, "PEM_read_bio_PrivateKey", functions.read_private_key) &&
         resolve(library, "EVP_PKEY_free", functions.key_free) &&
         resolve(library, "EVP_PKEY_get_base_id", functions.key_type) &&
         resolve(library, "EVP_PKEY_get_bits", functions.key_bits) &&
         resolve(library, "EVP_MD_CTX_new", functions.context_new) &&
         resolve(library, "EVP_MD_CTX_free", functions.context_free) &&
         resolve(library, "EVP_DigestSignInit", functions.sign_init) &&
         resolve(library, "EVP_DigestSign", functions.sign) && resolve(library, "EVP_sha256", functions.sha256) &&
         resolve(library, "ERR_set_mark", functions.mark_errors) &&
         resolve(library, "ERR_pop_to_mark", functions.forget_errors_since_mark);
}

bool resolve_all(void* library, CryptoSealing& functions) {
  return resolve(library, "EVP_CIPHER_CTX_new", functions.context_new) &&
         resolve(library, "EVP_CIPHER_CTX_free", functions.context_free) &&
         resolve(library, "EVP_CIPHER_CTX_ctrl", functions.control) &&
         resolve(library, "EVP_aes_256_gcm", functions.aes_256_gcm) &&
         resolve(library, "EVP_EncryptInit_ex", functions.encrypt_init) &&
         resolve(library, "EVP_EncryptUpdate", functions.encrypt_update) &&
         resolve(library, "EVP_EncryptFinal_ex", functions.encrypt_final) &&
         resolve(library, "EVP_DecryptInit_ex", functions.decrypt_init) &&
         resolve(library, "EVP_DecryptUpdate", functions.decrypt_update) &&
         resolve(library, "EVP_DecryptFinal_ex", functions.decrypt_final) &&
         resolve(library, "EVP_KDF_fetch", functions.derivation_fetch) &&
         resolve(library, "EVP_KDF_free", functions.derivation_free) &&
         resolve(library, "EVP_KDF_CTX_new", functions.derivation_context_new) &&
         resolve(library, "EVP_KDF_CTX_free", functions.derivation_context_free) &&
         resolve(library, "EVP_KDF_derive", functions.derive) && resolve(library, "EVP_PBE_scrypt", functions.scrypt) &&
         resolve(library, "ERR_set_mark", functions.mark_errors) &&
         resolve(library, "ERR_pop_to_mark", functions.forget_errors_since_mark);
}

/// The functions of one struct, resolved by whoever asks first.
template <class Functions>
Result<const Functions*> load_once() {
  static std::atomic<const Functions*> loaded{nullptr};
  if (const Functions* const ready = loaded.load(std::memory_order_acquire)) return ready;

  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (const Functions* const ready = loaded.load(std::memory_order_relaxed)) return ready;
  void* const library = ::dlopen(kLibraryName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return loader_error();
  static Functions functions;
  if (!resolve_all(library, functions)) return loader_error();
  loaded.store(&functions, std::memory_order_release);
  return static_cast<const Functions*>(&functions);
}

}  // namespace

Result<const CryptoLibrary*> CryptoLibrary::load() {
  return load_once<CryptoLibrary>();
}

Result<const CryptoSigning*> CryptoSigning::load() {
  return load_once<CryptoSigning>();
}

Result<const CryptoSealing*> CryptoSealing::load() {
  return load_once<CryptoSealing>();
}

}  // namespace dbxauth::platform
