// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_DIAGNOSIS_HPP
#define DBXAUTH_DIAGNOSIS_HPP

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/client.hpp"

namespace dbxauth {

/// What became of one step of a diagnosis.
enum class DiagnosisVerdict {
  passed,
  warning,  ///< It works, and something about it will hurt.
  failed,
  skipped,  ///< An earlier step failed, or it does not apply.
};
/// "passed", "warning", "failed", "skipped".
std::string_view to_string(DiagnosisVerdict verdict) noexcept;

/// One step: what was tested, how long it took, what was found, and what to do about it. Holds no secret.
struct DiagnosisStep {
  std::string name;  ///< "configuration", "dns", "proxy", "tcp", "tls", "clock", "discovery", "token", "identity".
  DiagnosisVerdict verdict = DiagnosisVerdict::skipped;
  std::chrono::microseconds elapsed{0};
  std::string detail;
  std::string fix;  ///< Empty when there is nothing to fix.
};

/// The way to a workspace, step by step: what `dbxauth auth doctor` shows.
struct Diagnosis {
  Config config;
  std::vector<DiagnosisStep> steps;  ///< In the order in which they were taken; all of them, always.
  std::vector<Attempt> attempts;     ///< Of the credential chain.

  bool healthy() const noexcept;  ///< No step failed.
  /// `"schema": 1`: status ("healthy" or "unhealthy"), host, auth_type, steps [{name, verdict, elapsed_us, detail,
  /// fix}], attempts, warnings.
  std::string to_json() const;
};

/// Tests everything between this program and the workspace's answer to "who am I", in order: configuration, proxy, DNS,
/// TCP, TLS, clock (against the server's `Date`), discovery (host metadata and OIDC endpoints), token, identity. Uses
/// fresh connections. Failures are part of the diagnosis. Without a deadline of its own the context is limited to 60 s.
Diagnosis diagnose(const Client& client, const CallContext& context = {});

}  // namespace dbxauth

#endif
