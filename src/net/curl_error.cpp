// SPDX-License-Identifier: Apache-2.0
#include "net/curl_error.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "encoding/timestamp.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::net {
namespace {

ExplainedFailure not_sent(ErrorCode code, bool retryable, std::string what, std::string advice) {
  ExplainedFailure failure;
  failure.error = Error(code, std::move(what));
  failure.error.server_code = kNotSent;
  failure.error.retryable = retryable;
  failure.advice = std::move(advice);
  return failure;
}

ExplainedFailure other(ErrorCode code, std::string what) {
  ExplainedFailure failure;
  failure.error = Error(code, std::move(what));
  return failure;
}

bool through_proxy(const FailedTransfer& transfer) {
  return !transfer.proxy_origin.empty();
}

std::string proxy_name(const FailedTransfer& transfer) {
  return fmt::format("the proxy {} (named by {})", transfer.proxy, transfer.proxy_origin);
}

// ---- certificates ----

/// OpenSSL's X509_V_ERR_*, as libcurl reports them.
enum VerifyResult : long {
  kVerified = 0,
  kUndecided = 1,
  kUnknownIssuer = 2,
  kNotYetValid = 9,
  kExpired = 10,
  kSelfSigned = 18,
  kSelfSignedInChain = 19,
  kUnknownLocalIssuer = 20,
  kUnverifiedLeaf = 21,
};

std::string bundle_advice(const FailedTransfer& transfer) {
  const bool system_only = transfer.authorities->file.empty() && transfer.authorities->directory.empty();
  if (system_only) {
    return "if that is your company's own authority, set DATABRICKS_CA_BUNDLE (or the option ca_bundle) to a PEM file "
           "that holds its certificate";
  }
  return fmt::format(
      "add the certificate of that authority to {}, or set DATABRICKS_CA_BUNDLE (or the option "
      "ca_bundle) to a PEM file that holds it",
      transfer.authorities->file.empty() ? transfer.authorities->directory : transfer.authorities->file);
}

/// `"SUBJECT", issued by "ISSUER"`, and where the chain that was shown ends.
std::string shown_chain(const FailedTransfer& transfer) {
  if (transfer.certificates.empty()) return {};
  const PresentedCertificate& first = transfer.certificates.front();
  const PresentedCertificate& last = transfer.certificates.back();
  std::string text = fmt::format("\"{}\", issued by \"{}\"", first.subject, first.issuer);
  if (transfer.certificates.size() > 1) {
    text += fmt::format("; its chain ends at \"{}\", issued by \"{}\"", last.subject, last.issuer);
  }
  return text;
}

ExplainedFailure untrusted_issuer(const FailedTransfer& transfer, std::string_view detail) {
  const std::string chain = shown_chain(transfer);
  return not_sent(ErrorCode::tls, false,
                  fmt::format("the certificate of {} is not trusted: {}; {} do not vouch for it", transfer.host,
                              chain.empty() ? std::string(detail) : chain, transfer.authorities->describe()),
                  bundle_advice(transfer));
}

ExplainedFailure outside_validity(const FailedTransfer& transfer) {
  const bool expired = transfer.verify_result == kExpired;
  std::string what =
      fmt::format("the certificate of {} {}", transfer.host, expired ? "has expired" : "is not valid yet");
  if (!transfer.certificates.empty()) {
    const PresentedCertificate& shown = transfer.certificates.front();
    what += fmt::format(": \"{}\" is valid from {} until {}", shown.subject, shown.valid_from, shown.valid_until);
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return not_sent(ErrorCode::tls, false, std::move(what),
                  fmt::format("this machine's clock says {}: if that is wrong, set it; else the certificate has to be "
                              "replaced by whoever runs the server",
                              encoding::format_rfc3339(now)));
}

ExplainedFailure wrong_name(const FailedTransfer& transfer) {
  std::string what = fmt::format("the certificate that answers for {} is one of another host", transfer.host);
  if (!transfer.certificates.empty()) {
    const PresentedCertificate& shown = transfer.certificates.front();
    what += fmt::format(": \"{}\", valid for {}", shown.subject, shown.names.empty() ? "no host name" : shown.names);
  }
  return not_sent(ErrorCode::tls, false, std::move(what),
                  "check the host's spelling; a proxy, a VPN or a network's sign-in page that answers in its place "
                  "shows the same");
}

ExplainedFailure unverified(const FailedTransfer& transfer, std::string_view detail) {
  if (transfer.proxy_unverified) {
    return not_sent(ErrorCode::tls, false,
                    fmt::format("the certificate of {} could not be verified: {}; {} do not vouch for it",
                                proxy_name(transfer), detail, transfer.authorities->describe()),
                    bundle_advice(transfer));
  }
  switch (transfer.verify_result) {
    case kExpired:
    case kNotYetValid:
      return outside_validity(transfer);
    case kUnknownIssuer:
    case kSelfSigned:
    case kSelfSignedInChain:
    case kUnknownLocalIssuer:
    case kUnverifiedLeaf:
      return untrusted_issuer(transfer, detail);
    default:
      break;
  }
  // libcurl compares the names before it asks OpenSSL for its verdict, and has no code of their own for them.
  const bool issuer_is_fine = transfer.verify_result == kVerified || transfer.verify_result == kUndecided;
  if (issuer_is_fine && detail.find("match") != std::string_view::npos) return wrong_name(transfer);
  return untrusted_issuer(transfer, detail);
}

ExplainedFailure tls_failure(const FailedTransfer& transfer, std::string_view detail) {
  switch (transfer.code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return unverified(transfer, detail);
    case CURLE_SSL_CACERT_BADFILE:
      return not_sent(ErrorCode::tls, false,
                      fmt::format("the certificate authorities could not be loaded: {}; used were {}", detail,
                                  transfer.authorities->describe()),
                      "name a file of certificates in PEM form, or unset it to use the system's");
    default:
      return not_sent(ErrorCode::tls, false, fmt::format("the TLS handshake with {} failed: {}", transfer.host, detail),
                      "check that the address is right and that no proxy stands in between");
  }
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

// ---- proxies ----

bool refused_by_proxy(const FailedTransfer& transfer) {
  return transfer.connect_status != 0 && (transfer.connect_status < 200 || transfer.connect_status > 299);
}

ExplainedFailure proxy_refused(const FailedTransfer& transfer) {
  const long status = transfer.connect_status;
  if (status == 407) {
    const std::string_view fix = "write them into it as http://USER:PASSWORD@HOST:PORT";
    if (transfer.proxy_has_user) {
      return not_sent(ErrorCode::network, false,
                      fmt::format("{} did not accept the user and password that {} holds (HTTP 407)",
                                  proxy_name(transfer), transfer.proxy_origin),
                      fmt::format("correct {}; characters such as @ : / in them are written as %40 %3A %2F",
                                  transfer.proxy_origin));
    }
    return not_sent(ErrorCode::network, false,
                    fmt::format("{} demands a user and a password (HTTP 407)", proxy_name(transfer)),
                    fmt::format("{}: {}", transfer.proxy_origin, fix));
  }
  return not_sent(
      ErrorCode::network, status == 429 || status == 503,
      fmt::format("{} refused to connect to {} (HTTP {})", proxy_name(transfer), transfer.host, status),
      fmt::format("ask the proxy's administrator to allow {}, or name the host in NO_PROXY", transfer.host));
}

ExplainedFailure unknown_proxy(const FailedTransfer& transfer) {
  if (transfer.proxy.empty()) {
    return not_sent(ErrorCode::network, false, "the proxy's address names no host",
                    fmt::format("check {}", transfer.proxy_origin));
  }
  return not_sent(ErrorCode::network, false, fmt::format("{} could not be resolved", proxy_name(transfer)),
                  fmt::format("check {}, and the DNS or VPN settings of this machine", transfer.proxy_origin));
}

ExplainedFailure no_connection(const FailedTransfer& transfer, std::string_view detail) {
  if (!through_proxy(transfer)) {
    return not_sent(ErrorCode::network, true, fmt::format("could not connect to {}: {}", transfer.host, detail),
                    "check the address, the firewall and the VPN");
  }
  return not_sent(ErrorCode::network, true,
                  fmt::format("could not connect to {} through {}: {}", transfer.host, proxy_name(transfer), detail),
                  fmt::format("check {}, or name the host in NO_PROXY", transfer.proxy_origin));
}

// ---- the rest ----

ExplainedFailure timed_out(const FailedTransfer& transfer) {
  const double seconds = static_cast<double>(transfer.elapsed.count()) / 1000.0;
  if (!transfer.connected) {
    const std::string by_way_of = through_proxy(transfer) ? " through " + proxy_name(transfer) : std::string();
    return not_sent(ErrorCode::timed_out, true,
                    fmt::format("no connection to {}{} within {:.1f} s", transfer.host, by_way_of, seconds),
                    "check the address, the firewall, the VPN and the proxy");
  }
  ExplainedFailure failure =
      other(ErrorCode::timed_out, fmt::format("no complete answer from {} within {:.1f} s", transfer.host, seconds));
  failure.error.retryable = true;
  return failure;
}

ExplainedFailure lost(const FailedTransfer& transfer, std::string_view detail) {
  ExplainedFailure failure =
      other(ErrorCode::network,
            fmt::format("the connection to {} was lost before the answer was complete: {}", transfer.host, detail));
  failure.error.retryable = true;
  return failure;
}

ExplainedFailure explain(const FailedTransfer& transfer, std::string_view detail) {
  if (is_tls(transfer.code)) return tls_failure(transfer, detail);
  if (refused_by_proxy(transfer)) return proxy_refused(transfer);
  switch (transfer.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return not_sent(ErrorCode::network, false, fmt::format("the host name {} could not be resolved", transfer.host),
                      "check its spelling, and the DNS or VPN settings of this machine");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return unknown_proxy(transfer);
    case CURLE_COULDNT_CONNECT:
      return no_connection(transfer, detail);
    case CURLE_PROXY:
      return not_sent(ErrorCode::network, false,
                      fmt::format("{} did not connect to {}: {}", proxy_name(transfer), transfer.host, detail),
                      fmt::format("check {}", transfer.proxy_origin));
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(transfer);
    case CURLE_OUT_OF_MEMORY:
      return other(ErrorCode::out_of_memory, "libcurl could not allocate memory");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return other(ErrorCode::invalid_argument,
                   fmt::format("libcurl does not accept the address of {}{}: {}", transfer.host,
                               through_proxy(transfer) ? " or of the proxy that " + transfer.proxy_origin + " names"
                                                       : std::string(),
                               detail));
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return other(ErrorCode::protocol,
                   fmt::format("{} did not answer in HTTP as it should: {}", transfer.host, detail));
    default:
      return lost(transfer, detail);
  }
}

TransferStage stage_of(const FailedTransfer& transfer) {
  if (transfer.code == CURLE_COULDNT_RESOLVE_PROXY || transfer.code == CURLE_PROXY || transfer.proxy_unverified ||
      refused_by_proxy(transfer)) {
    return TransferStage::proxy;
  }
  if (is_tls(transfer.code)) return TransferStage::tls;
  if (transfer.code == CURLE_COULDNT_RESOLVE_HOST) return TransferStage::dns;
  if (through_proxy(transfer) && (!transfer.reached || (transfer.secure && transfer.connect_status == 0))) {
    return TransferStage::proxy;
  }
  if (!transfer.resolved) return TransferStage::dns;
  if (!transfer.reached) return TransferStage::tcp;
  return transfer.secure && !transfer.secured ? TransferStage::tls : TransferStage::http;
}

}  // namespace

Error ExplainedFailure::joined() const {
  Error whole = error;
  if (!advice.empty()) whole.message += "; " + advice;
  return whole;
}

ExplainedFailure explain_failure(const FailedTransfer& transfer) {
  ExplainedFailure failure = explain(transfer, base::redact_excerpt(transfer.detail, 200));
  failure.stage = stage_of(transfer);
  return failure;
}

}  // namespace dbxauth::net
