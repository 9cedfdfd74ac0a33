// SPDX-License-Identifier: Apache-2.0
#include "tls_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <filesystem>
#include <memory>

#include "new_file.hpp"

namespace dbxauth::emulator {

namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Bio = std::unique_ptr<BIO, Free>;

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Certificate new_certificate(EVP_PKEY* key, const char* common_name, X509* issuer, EVP_PKEY* issuer_key,
                            bool authority) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  X509* x509 = certificate.get();
  unsigned char serial[8];
  if (RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  std::uint64_t number = 0;
  std::memcpy(&number, serial, sizeof number);
  X509_set_version(x509, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), (number >> 1) | 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 30L * 24 * 3600);
  X509_NAME* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509* signer = issuer != nullptr ? issuer : x509;
  X509_set_issuer_name(x509, X509_get_subject_name(signer));
  X509_set_pubkey(x509, key);
  bool ok = add_extension(x509, signer, NID_subject_key_identifier, "hash") &&
            add_extension(x509, signer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
            add_extension(x509, signer, NID_key_usage,
                          authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
            add_extension(x509, signer, NID_authority_key_identifier, "keyid:always");
  if (ok && !authority)
    ok = add_extension(x509, signer, NID_ext_key_usage, "serverAuth") &&
         add_extension(x509, signer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  if (!ok || X509_sign(x509, issuer_key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string certificate_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  return bio && PEM_write_bio_X509(bio.get(), certificate) == 1 ? contents(bio.get()) : std::string();
}

std::string key_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  return bio && PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1
             ? contents(bio.get())
             : std::string();
}

}  // namespace

TlsFiles write_tls_files(const std::string& directory, std::string& failure) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    failure = "cannot create " + directory + ": " + error.message();
    return {};
  }
  const Key authority_key(EVP_EC_gen("P-256"));
  const Key server_key(EVP_EC_gen("P-256"));
  Certificate authority;
  Certificate server;
  if (authority_key && server_key)
    authority =
        new_certificate(authority_key.get(), "dbxauth-emulator throw-away CA", nullptr, authority_key.get(), true);
  if (authority) server = new_certificate(server_key.get(), "localhost", authority.get(), authority_key.get(), false);
  if (!server) {
    failure = "cannot make a TLS certificate";
    return {};
  }
  TlsFiles files{directory + "/ca.pem", directory + "/server.pem", directory + "/server.key"};
  if (!write_new_file(files.ca_bundle, certificate_pem(authority.get()), 0644, failure) ||
      !write_new_file(files.certificate, certificate_pem(server.get()) + certificate_pem(authority.get()), 0644,
                      failure) ||
      !write_new_file(files.private_key, key_pem(server_key.get()), 0600, failure))
    return {};
  return files;
}

}  // namespace dbxauth::emulator
