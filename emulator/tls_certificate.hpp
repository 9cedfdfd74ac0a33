// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dbxauth::emulator {

/// PEM files of an HTTPS server.
struct TlsFiles {
  std::string ca_bundle;  ///< What clients are told to trust.
  std::string certificate;
  std::string private_key;  ///< Mode 0600.
};

/// Makes a throw-away certificate authority (its key is not kept) and a server certificate for localhost, 127.0.0.1 and
/// ::1, valid for 30 days, and writes ca.pem, server.pem and server.key into `directory`, which is created when
/// missing. On failure `failure` says why and the result is empty.
TlsFiles write_tls_files(const std::string& directory, std::string& failure);

}  // namespace dbxauth::emulator
