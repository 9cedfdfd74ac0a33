// SPDX-License-Identifier: Apache-2.0
#include "platform/crypto_library.hpp"

#include <dlfcn.h>

#include <atomic>
#include <mutex>
#include <string>

#include "platform/library_symbols.hpp"

namespace dbxauth::platform {
namespace {

constexpr const char* kLibraryName = "libcrypto.so.3";

Error loader_error(const std::string& reason) {
  return Error{ErrorCode::unsupported, std::string("OpenSSL's ") + kLibraryName + " could not be loaded (" + reason +
                                           "); install the package that holds it (Debian: libssl3)"};
}

void read_all(LibrarySymbols& symbols, CryptoLibrary& functions) {
  symbols.read("EVP_Digest", functions.digest);
  symbols.read("EVP_sha256", functions.sha256);
}

void read_all(LibrarySymbols& symbols, CryptoSigning& functions) {
  symbols.read("BIO_new_mem_buf", functions.bio_of_memory);
  symbols.read("BIO_free", functions.bio_free);
  symbols.read("PEM_read_bio_PrivateKey", functions.read_private_key);
  symbols.read("EVP_PKEY_free", functions.key_free);
  symbols.read("EVP_PKEY_get_base_id", functions.key_type);
  symbols.read("EVP_PKEY_get_bits", functions.key_bits);
  symbols.read("EVP_MD_CTX_new", functions.context_new);
  symbols.read("EVP_MD_CTX_free", functions.context_free);
  symbols.read("EVP_DigestSignInit", functions.sign_init);
  symbols.read("EVP_DigestSign", functions.sign);
  symbols.read("EVP_sha256", functions.sha256);
  symbols.read("ERR_set_mark", functions.mark_errors);
  symbols.read("ERR_pop_to_mark", functions.forget_errors_since_mark);
}

void read_all(LibrarySymbols& symbols, CryptoSealing& functions) {
  symbols.read("EVP_CIPHER_CTX_new", functions.context_new);
  symbols.read("EVP_CIPHER_CTX_free", functions.context_free);
  symbols.read("EVP_CIPHER_CTX_ctrl", functions.control);
  symbols.read("EVP_aes_256_gcm", functions.aes_256_gcm);
  symbols.read("EVP_EncryptInit_ex", functions.encrypt_init);
  symbols.read("EVP_EncryptUpdate", functions.encrypt_update);
  symbols.read("EVP_EncryptFinal_ex", functions.encrypt_final);
  symbols.read("EVP_DecryptInit_ex", functions.decrypt_init);
  symbols.read("EVP_DecryptUpdate", functions.decrypt_update);
  symbols.read("EVP_DecryptFinal_ex", functions.decrypt_final);
  symbols.read("EVP_KDF_fetch", functions.derivation_fetch);
  symbols.read("EVP_KDF_free", functions.derivation_free);
  symbols.read("EVP_KDF_CTX_new", functions.derivation_context_new);
  symbols.read("EVP_KDF_CTX_free", functions.derivation_context_free);
  symbols.read("EVP_KDF_derive", functions.derive);
  symbols.read("EVP_PBE_scrypt", functions.scrypt);
  symbols.read("ERR_set_mark", functions.mark_errors);
  symbols.read("ERR_pop_to_mark", functions.forget_errors_since_mark);
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
  if (library == nullptr) {
    const char* const reason = ::dlerror();
    return loader_error(reason != nullptr ? reason : "no reason given");
  }
  static Functions functions;
  LibrarySymbols symbols(library);
  read_all(symbols, functions);
  if (symbols.missing() != nullptr) return loader_error(std::string("it lacks ") + symbols.missing());
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
