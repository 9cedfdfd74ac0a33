// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::platform {

struct ProcessRequest {
  std::vector<std::string> arguments;  ///< argv; [0] is a path, or a name that is looked up in PATH. Never a shell.
  std::map<std::string, std::string> environment;  ///< The whole environment of the child.
  SecretString standard_input;
  std::chrono::milliseconds timeout{30000};
  std::size_t output_limit = 1u << 20;  ///< Per stream; more is ErrorCode::protocol.
};

struct ProcessResult {
  int exit_status = 0;     ///< 128 + signal number when killed by a signal.
  SecretString output;     ///< May hold a token.
  std::string error_text;  ///< Redacted.
};

/// Runs a program to its end. At the deadline or on cancellation its process group is killed. ErrorCode::not_found when
/// there is no such program, timed_out, cancelled, io. Both streams are drained together; no descriptor is inherited
/// but 0, 1, 2.
Result<ProcessResult> run_process(const ProcessRequest& request, const CallContext& context);

}  // namespace dbxauth::platform
