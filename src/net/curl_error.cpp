// SPDX-License-Identifier: Apache-2.0
#include "net/curl_error.hpp"

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::net {
namespace {

Error not_sent(ErrorCode code, std::string message, bool retryable) {
  Error error(code, std::move(message));
  error.server_code = kNotSent;
  error.retryable = retryable;
  return error;
}

Error lost(const FailedTransfer& transfer, std::string_view detail) {
  Error error(ErrorCode::network,
              fmt::format("the connection to {} was lost before the answer was complete: {}", transfer.host, detail));
  error.retryable = true;
  return error;
}

std::string authorities_hint(const FailedTransfer& transfer) {
  const auto& authorities = *transfer.authorities;
  if (authorities.file.empty() && authorities.directory.empty()) {
    return "if a company's own authority signs its certificate, set DATABRICKS_CA_BUNDLE to a PEM file that holds that "
           "authority's certificate";
  }
  const bool by_file = !authorities.file.empty();
  return fmt::format("the authorities in {} ({}) do not vouch for it; add the certificate of the authority that does",
                     by_file ? authorities.file : authorities.directory,
                     by_file ? authorities.file_origin : authorities.directory_origin);
}

Error tls_error(const FailedTransfer& transfer, std::string_view detail) {
  switch (transfer.code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return not_sent(ErrorCode::tls,
                      fmt::format("the certificate of {} could not be verified: {}; {}", transfer.host, detail,
                                  authorities_hint(transfer)),
                      false);
    case CURLE_SSL_CACERT_BADFILE:
      return not_sent(
          ErrorCode::tls,
          fmt::format("the certificate authorities could not be loaded: {}; {}", detail, authorities_hint(transfer)),
          false);
    default:
      return not_sent(ErrorCode::tls,
                      fmt::format("the TLS handshake with {} failed: {}; check that the address is right "
                                  "and that no proxy stands in between",
                                  transfer.host, detail),
                      false);
  }
}

Error proxy_refused(const FailedTransfer& transfer) {
  return not_sent(
      ErrorCode::network,
      fmt::format("the proxy {} refused to connect to {} (HTTP {}){}", transfer.proxy, transfer.host,
                  transfer.connect_status,
                  transfer.connect_status == 407 ? "; give it a user and password as http://USER:PASSWORD@HOST:PORT"
                                                 : "; check the proxy or name the host in NO_PROXY"),
      transfer.connect_status == 429 || transfer.connect_status == 503);
}

bool is_tls(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_USE_SSL_FAILED:
      return true;
    default:
      return false;
  }
}

}  // namespace

Error transfer_error(const FailedTransfer& transfer) {
  const std::string detail = base::redact_excerpt(transfer.detail, 200);
  if (is_tls(transfer.code)) return tls_error(transfer, detail);
  if (transfer.connect_status != 0 && (transfer.connect_status < 200 || transfer.connect_status > 299)) {
    return proxy_refused(transfer);
  }
  switch (transfer.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return not_sent(ErrorCode::network,
                      fmt::format("the host name {} could not be resolved; check its spelling, and the "
                                  "DNS or VPN settings of this machine",
                                  transfer.host),
                      false);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return not_sent(ErrorCode::network,
                      transfer.proxy.empty()
                          ? std::string("the proxy's address names no host; check HTTPS_PROXY")
                          : fmt::format("the proxy {} could not be resolved; check HTTPS_PROXY", transfer.proxy),
                      false);
    case CURLE_COULDNT_CONNECT:
      return not_sent(
          ErrorCode::network,
          transfer.proxy.empty()
              ? fmt::format("could not connect to {}: {}; check the address, the firewall and the VPN", transfer.host,
                            detail)
              : fmt::format("could not connect to {} through the proxy {}: {}; check HTTPS_PROXY and NO_PROXY",
                            transfer.host, transfer.proxy, detail),
          true);
    case CURLE_PROXY:
      return not_sent(ErrorCode::network,
                      fmt::format("the proxy {} did not connect to {}: {}", transfer.proxy, transfer.host, detail),
                      false);
    case CURLE_OPERATION_TIMEDOUT:
      return transfer_timed_out(transfer);
    case CURLE_OUT_OF_MEMORY:
      return {ErrorCode::out_of_memory, "libcurl could not allocate memory"};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return {ErrorCode::invalid_argument, fmt::format("libcurl does not accept the address of {}{}: {}", transfer.host,
                                                       transfer.proxy.empty() ? "" : " or of the proxy", detail)};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return {ErrorCode::protocol, fmt::format("{} did not answer in HTTP as it should: {}", transfer.host, detail)};
    default:
      return lost(transfer, detail);
  }
}

Error transfer_timed_out(const FailedTransfer& transfer) {
  const double seconds = static_cast<double>(transfer.elapsed.count()) / 1000.0;
  if (!transfer.connected) {
    return not_sent(
        ErrorCode::timed_out,
        fmt::format("no connection to {}{}{} within {:.1f} s; check the address, the firewall, the VPN and the "
                    "proxy",
                    transfer.host, transfer.proxy.empty() ? "" : " through the proxy ", transfer.proxy, seconds),
        true);
  }
  Error error(ErrorCode::timed_out, fmt::format("no complete answer from {} within {:.1f} s", transfer.host, seconds));
  error.retryable = true;
  return error;
}

}  // namespace dbxauth::net
