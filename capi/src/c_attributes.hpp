// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "c_guard.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::capi {

/// What an array of dbxauth_attribute holds. A name that comes twice has its last value.
struct Attributes {
  std::map<std::string, SecretString> values;
  std::map<std::string, std::string> places;  ///< Of those that state one.

  /// The values as ordinary text, for what is not secret by its kind: variables, headers.
  std::map<std::string, std::string> revealed() const;
};

/// ErrorCode::invalid_argument names `what` and the index: a NULL array with a count, a missing name, a NULL value.
Result<Attributes> read_attributes(const dbxauth_attribute* attributes, std::size_t count, const char* what);

/// Unset unless `replace` is set.
Result<std::optional<std::map<std::string, std::string>>> read_environment(const dbxauth_attribute* variables,
                                                                           std::size_t count, std::int32_t replace);

/// Puts the caller's limit into `value`, which keeps the default when the caller gave 0. Negative is
/// ErrorCode::invalid_argument; `field` is its full name, for the message.
Result<void> read_timeout(std::int32_t given_ms, const char* field, std::chrono::milliseconds& value);

}  // namespace dbxauth::capi
