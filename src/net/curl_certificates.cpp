// SPDX-License-Identifier: Apache-2.0
#include "net/curl_certificates.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/redaction.hpp"
#include "base/text.hpp"
#include "net/curl_channel.hpp"
#include "net/curl_transfer.hpp"

namespace dbxauth::net {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostNameBytes = 200;
constexpr milliseconds kPollInterval{50};

PresentedCertificate read_certificate(const curl_slist* lines) {
  PresentedCertificate certificate;
  for (; lines != nullptr; lines = lines->next) {
    const std::string_view line = lines->data;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    const auto keep = [&](std::string& target) {
      target = base::redact_excerpt(base::trim(line.substr(colon + 1)), kMostNameBytes);
    };
    if (name == "Subject") keep(certificate.subject);
    if (name == "Issuer") keep(certificate.issuer);
    if (name == "Start date") keep(certificate.valid_from);
    if (name == "Expire date") keep(certificate.valid_until);
    if (name == "X509v3 Subject Alternative Name") keep(certificate.names);
  }
  return certificate;
}

void set_up(const CurlLibrary& library, CURL* easy, const TransferSettings& settings, const CallContext& context) {
  const auto set = [&](CURLoption option, auto value) { return library.easy_setopt(easy, option, value); };
  set(CURLOPT_URL, settings.url.c_str());
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_CERTINFO, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 0L);
  set(CURLOPT_SSL_VERIFYHOST, 0L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // HTTP/2 would begin to talk by itself.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, settings.proxy.url.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(context.remaining(settings.connect_timeout).count()));
  set(CURLOPT_QUICK_EXIT, 1L);
  const CertificateAuthorities& authorities = *settings.authorities;  // For a proxy of https, which is verified.
  if (!authorities.file.empty()) set(CURLOPT_PROXY_CAINFO, authorities.file.c_str());
  if (!authorities.directory.empty()) set(CURLOPT_PROXY_CAPATH, authorities.directory.c_str());
}

/// True when the handshake came to its end.
bool connect(const CurlLibrary& library, CURLM* multi, const CallContext& context) {
  for (;;) {
    int running = 0;
    if (library.multi_perform(multi, &running) != CURLM_OK) return false;
    if (running == 0) break;
    const auto wait = context.remaining(kPollInterval);
    if (wait == milliseconds::zero() || context.cancel.cancelled()) return false;
    if (library.multi_poll(multi, nullptr, 0, static_cast<int>(wait.count()), nullptr) != CURLM_OK) return false;
  }
  int left = 0;
  while (const CURLMsg* const message = library.multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) return message->data.result == CURLE_OK;
  }
  return false;
}

}  // namespace

std::vector<PresentedCertificate> presented_certificates(const CurlLibrary& library, CURL* easy) {
  curl_certinfo* info = nullptr;
  std::vector<PresentedCertificate> certificates;
  if (library.easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == nullptr) return certificates;
  for (int index = 0; index < info->num_of_certs; ++index) {
    certificates.push_back(read_certificate(info->certinfo[index]));
  }
  return certificates;
}

std::vector<PresentedCertificate> read_presented_certificates(const CurlLibrary& library,
                                                              const TransferSettings& settings,
                                                              const CallContext& context) {
  // Of its own: neither a connection nor a TLS session of it must ever serve a request.
  const std::unique_ptr<CurlChannel> channel = CurlChannel::create(library);
  if (!channel) return {};
  set_up(library, channel->easy(), settings, context);
  if (library.multi_add_handle(channel->multi(), channel->easy()) != CURLM_OK) return {};
  std::vector<PresentedCertificate> certificates;
  if (connect(library, channel->multi(), context)) certificates = presented_certificates(library, channel->easy());
  library.multi_remove_handle(channel->multi(), channel->easy());
  return certificates;
}

}  // namespace dbxauth::net
