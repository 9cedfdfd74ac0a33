// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "dbxauth/error.hpp"

namespace dbxauth::auth {

/// Gives an error of a strategy the advice that its Attempt will show as `fix`. The chain fills in the rest.
inline Error with_fix(Error error, std::string fix, AttemptVerdict verdict = AttemptVerdict::failed) {
  Attempt attempt;
  attempt.verdict = verdict;
  attempt.fix = std::move(fix);
  error.attempts.assign(1, std::move(attempt));
  return error;
}

/// For a strategy that has what it needs but cannot work now, for example an expired login.
inline Error unavailable(ErrorCode code, std::string message, std::string fix) {
  return with_fix(Error(code, std::move(message)), std::move(fix), AttemptVerdict::unavailable);
}

}  // namespace dbxauth::auth
