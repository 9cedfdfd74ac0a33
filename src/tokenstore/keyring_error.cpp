// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_error.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace dbxauth::tokenstore {
namespace {

constexpr std::string_view kElsewhere = "or keep tokens in a file with DATABRICKS_AUTH_STORAGE=plaintext";
constexpr std::string_view kUnlock =
    "unlock it (in a desktop session its password dialog appears on the next login; without a desktop: "
    "gnome-keyring-daemon --unlock, with the password on standard input)";

}  // namespace

Error keyring_unusable(std::string_view reason, std::string_view fix) {
  return {ErrorCode::storage_unavailable,
          fmt::format("the OS keyring cannot be used: {}; {}, {}", reason, fix, kElsewhere)};
}

Error keyring_locked() {
  return keyring_unusable("it is locked, and this call may not ask for its password", kUnlock);
}

Error keyring_stays_locked() {
  return keyring_unusable("it is locked, and the request to unlock it was dismissed or could not be shown", kUnlock);
}

Error keyring_silent(std::chrono::milliseconds limit) {
  Error error(ErrorCode::timed_out,
              fmt::format("the OS keyring did not answer within {} ms: it hangs, or waits for its owner in a dialog; "
                          "look for a password dialog, restart the keyring service, {}",
                          limit.count(), kElsewhere));
  error.retryable = true;
  return error;
}

Error keyring_left_alone(std::chrono::milliseconds rest) {
  rest = std::max(rest, std::chrono::milliseconds(1));
  Error error(ErrorCode::timed_out,
              fmt::format("the OS keyring did not answer a moment ago and is not asked again for another {} ms; look "
                          "for a password dialog, restart the keyring service, {}",
                          rest.count(), kElsewhere));
  error.retryable = true;
  error.retry_after = rest;
  return error;
}

Error keyring_call_abandoned() {
  return {ErrorCode::cancelled, "the caller of the OS keyring has gone"};
}

}  // namespace dbxauth::tokenstore
