// SPDX-License-Identifier: Apache-2.0
#include "net/connection_probe.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/curl_transfer.hpp"
#include "net/http_transport.hpp"
#include "platform/sigpipe_guard.hpp"

namespace dbxauth::net {
namespace {

using std::chrono::microseconds;

/// What one probe is about, and what came of it.
struct Probe {
  encoding::Url url;
  ProxyChoice proxy;
  CertificateAuthorities authorities;
  TransferTrace trace;
  int status = 0;                           ///< Of the answer; 0: there is none.
  std::optional<ExplainedFailure> failure;  ///< Why there is none.

  bool proxied() const noexcept { return !proxy.url.empty(); }
  bool secure() const noexcept { return url.scheme == "https"; }
};

bool is_address(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

ExplainedFailure unexplained(Error error, TransferStage stage) {
  ExplainedFailure failure;
  failure.error = std::move(error);
  failure.stage = stage;
  return failure;
}

/// For an end that libcurl has no code for: a cancellation, an answer that is too long.
TransferStage stage_by_times(const Probe& probe) {
  if (probe.trace.reached == microseconds::zero()) {
    if (probe.proxied()) return TransferStage::proxy;
    return probe.trace.resolved == microseconds::zero() ? TransferStage::dns : TransferStage::tcp;
  }
  return probe.secure() && probe.trace.secured == microseconds::zero() ? TransferStage::tls : TransferStage::http;
}

void send_probe(const std::string& address, const HttpOptions& options, const CallContext& context, Probe& probe) {
  if (auto usable = probe.secure() ? probe.authorities.check() : Result<void>(); !usable) {
    probe.failure = unexplained(usable.error(), TransferStage::tls);
    return;
  }
  auto library = CurlLibrary::load();
  if (!library) {
    probe.failure = unexplained(library.error(), TransferStage::http);
    return;
  }
  HttpRequest request;
  request.url = address;
  TransferSettings settings;
  settings.url = address;
  settings.parsed_url = probe.url;
  settings.proxy = probe.proxy;
  settings.user_agent = user_agent(options.product);
  settings.connect_timeout = effective_connect_timeout(options);
  settings.authorities = &probe.authorities;
  settings.trace = &probe.trace;

  const platform::SigpipeGuard no_sigpipe;
  CurlChannelPool fresh(**library);  // Remembers no name, no TLS session and no connection.
  const std::unique_ptr<CurlChannel> channel = fresh.take(probe.url.origin());
  if (!channel) {
    probe.failure =
        unexplained(Error(ErrorCode::out_of_memory, "libcurl could not allocate memory"), TransferStage::http);
    return;
  }
  auto result = transfer(fresh, *channel, request, settings, context.limited_to(effective_attempt_timeout(options)));
  if (result) {
    probe.status = result->response.status;
  } else {
    probe.failure = probe.trace.failure ? *probe.trace.failure : unexplained(result.error(), stage_by_times(probe));
  }
}

// ---- the account ----

std::string proxy_detail(const Probe& probe) {
  if (probe.proxied()) {
    const std::string at = probe.trace.address.empty() ? std::string() : fmt::format(", at {}", probe.trace.address);
    return fmt::format("through {}, named by {}{}", without_user_info(probe.proxy.url), probe.proxy.origin, at);
  }
  if (!probe.proxy.origin.empty()) return fmt::format("none: {} names the host", probe.proxy.origin);
  if (probe.url.is_loopback() || probe.url.is_link_local()) return "none: the host is this machine or next to it";
  return "none is configured";
}

std::string dns_detail(const Probe& probe) {
  if (probe.trace.address.empty()) return fmt::format("{} is known", probe.url.host);
  return fmt::format("{} is {}", probe.url.host, probe.trace.address.substr(0, probe.trace.address.rfind(':')));
}

std::string tls_detail(const Probe& probe) {
  std::string text = probe.trace.tls;
  if (!probe.trace.certificates.empty()) {
    const PresentedCertificate& shown = probe.trace.certificates.front();
    text += fmt::format("{}certificate \"{}\", issued by \"{}\", valid until {}", text.empty() ? "" : "; ",
                        shown.subject, shown.issuer, shown.valid_until);
  }
  return fmt::format("{}{}trusted by {}", text, text.empty() ? "" : "; ", probe.authorities.describe());
}

std::string name_of(TransferStage stage) {
  switch (stage) {
    case TransferStage::proxy:
      return "proxy";
    case TransferStage::dns:
      return "dns";
    case TransferStage::tcp:
      return "tcp";
    case TransferStage::tls:
      return "tls";
    case TransferStage::http:
      break;
  }
  return "http";
}

/// The stages of a probe, one after the other, up to the one that failed.
class StageList {
 public:
  explicit StageList(const Probe& probe) : probe_(probe) {}

  /// `until`: when it was over, counted from the start of the transfer.
  void add(TransferStage stage, microseconds until, std::string detail) {
    if (ended_) return;
    ConnectionStage entry;
    entry.name = name_of(stage);
    ended_ = probe_.failure && probe_.failure->stage == stage;
    const microseconds end = ended_ ? probe_.trace.ended : until;
    entry.elapsed = std::max(end - past_, microseconds::zero());
    past_ = std::max(past_, end);
    entry.reached = !ended_;
    if (ended_) {
      entry.error = probe_.failure->error;
      Attempt advice;
      advice.verdict = AttemptVerdict::failed;
      advice.fix = probe_.failure->advice;
      entry.error->attempts.assign(1, std::move(advice));
    }
    if (!ended_ || stage == TransferStage::proxy) entry.detail = std::move(detail);
    stages_.push_back(std::move(entry));
  }
  std::vector<ConnectionStage> take() { return std::move(stages_); }

 private:
  const Probe& probe_;
  std::vector<ConnectionStage> stages_;
  microseconds past_{0};
  bool ended_ = false;
};

std::vector<ConnectionStage> stages_of(const Probe& probe) {
  StageList stages(probe);
  if (probe.failure && probe.trace.ended == microseconds::zero()) {  // Nothing was tried.
    stages.add(probe.failure->stage, microseconds::zero(), {});
    return stages.take();
  }
  stages.add(TransferStage::proxy, probe.proxied() ? probe.trace.reached : microseconds::zero(), proxy_detail(probe));
  if (!probe.proxied()) {
    const bool unresolved = probe.failure && probe.failure->stage == TransferStage::dns;
    if (unresolved || !is_address(probe.url.host)) {
      stages.add(TransferStage::dns, probe.trace.resolved, dns_detail(probe));
    }
    stages.add(TransferStage::tcp, probe.trace.reached, fmt::format("connected to {}", probe.trace.address));
  }
  if (probe.secure()) stages.add(TransferStage::tls, probe.trace.secured, tls_detail(probe));
  stages.add(TransferStage::http, probe.trace.ended, fmt::format("HTTP {}", probe.status));
  return stages.take();
}

}  // namespace

std::vector<ConnectionStage> probe_connection(const std::string& url, const HttpOptions& options,
                                              const platform::Environment& environment, const CallContext& context) {
  Probe probe;
  auto parsed = sendable_url(url);
  if (!parsed) {
    probe.failure = unexplained(parsed.error(), TransferStage::http);
    return stages_of(probe);
  }
  probe.url = std::move(*parsed);
  probe.proxy = ProxySettings::resolve(options, environment).choose(probe.url);
  probe.authorities = CertificateAuthorities::resolve(options, environment);
  if (auto running = context.check("probing the connection"); !running) {
    probe.failure = unexplained(running.error(), probe.proxied() ? TransferStage::proxy : TransferStage::dns);
    return stages_of(probe);
  }
  send_probe(url, options, context, probe);
  return stages_of(probe);
}

}  // namespace dbxauth::net
