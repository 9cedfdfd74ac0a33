// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "net/curl_library.hpp"

namespace dbxauth::net {

struct TransferSettings;

/// A certificate as somebody presented it, in libcurl's words. The texts are the other side's: redacted and shortened.
struct PresentedCertificate {
  std::string subject;
  std::string issuer;
  std::string valid_from;
  std::string valid_until;
  std::string names;  ///< The subject's alternative names.
};

/// What `easy`, which had CURLOPT_CERTINFO, was shown in its last handshake; the server's own certificate first.
std::vector<PresentedCertificate> presented_certificates(const CurlLibrary& library, CURL* easy);

/// Why a certificate was not believed: connects again to where `settings` say and reads what is presented there, the
/// server's own certificate first. Verification is off on that connection, so it ends with the handshake: nothing is
/// ever sent over it. Empty when it cannot be made, or not within the context.
std::vector<PresentedCertificate> read_presented_certificates(const CurlLibrary& library,
                                                              const TransferSettings& settings,
                                                              const CallContext& context);

}  // namespace dbxauth::net
