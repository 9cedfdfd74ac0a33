// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "support/temporary_directory.hpp"

namespace dbxauth::testing {

/// A fresh certificate for 127.0.0.1 and localhost with its key, as PEM files that live as long as this object.
/// Self-signed unless an issuer is given.
class TestCertificate {
 public:
  struct Options {
    std::string common_name = "dbxauth test";
    std::string alternative_names = "IP:127.0.0.1,DNS:localhost";
    long begins_in_s = -3600;  ///< From now.
    long ends_in_s = 24 * 3600;
    const TestCertificate* issuer = nullptr;
  };

  TestCertificate() : TestCertificate(Options()) {}
  explicit TestCertificate(const Options& options) {
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    Certificate certificate(X509_new(), X509_free);
    if (!key || !certificate) throw std::runtime_error("cannot make a test certificate");
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), options.issuer == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), options.begins_in_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), options.ends_in_s);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
    const TestCertificate* const issuer = options.issuer;
    X509_set_issuer_name(certificate.get(),
                         issuer == nullptr ? name : X509_get_subject_name(issuer->certificate_.get()));
    add_extension(certificate.get(), NID_subject_alt_name, options.alternative_names.c_str());
    add_extension(certificate.get(), NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    EVP_PKEY* const signer = issuer == nullptr ? key.get() : issuer->key_.get();
    if (X509_sign(certificate.get(), signer, EVP_sha256()) == 0)
      throw std::runtime_error("cannot sign a test certificate");
    write(certificate_file(), [&](FILE* file) { return PEM_write_X509(file, certificate.get()); });
    write(key_file(),
          [&](FILE* file) { return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    key_ = Key(key.release(), EVP_PKEY_free);
    certificate_ = Certificate(certificate.release(), X509_free);
  }

  std::string certificate_file() const { return directory_ / "certificate.pem"; }
  std::string key_file() const { return directory_ / "key.pem"; }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static void add_extension(X509* certificate, int kind, const char* value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    if (extension == nullptr) throw std::runtime_error("cannot make a certificate extension");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  template <class Write>
  static void write(const std::string& path, Write&& write_to) {
    FILE* const file = std::fopen(path.c_str(), "w");
    if (file == nullptr) throw std::runtime_error("cannot write " + path);
    const int written = write_to(file);
    std::fclose(file);
    if (written != 1) throw std::runtime_error("cannot write " + path);
  }

  TemporaryDirectory directory_;
  Key key_{nullptr, EVP_PKEY_free};
  Certificate certificate_{nullptr, X509_free};
};

}  // namespace dbxauth::testing
