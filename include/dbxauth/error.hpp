// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_ERROR_HPP
#define DBXAUTH_ERROR_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbxauth {

/// Stable classification of every failure. The numbers are the C ABI's status values: they are never reused and never
/// change meaning; new codes are only appended.
enum class ErrorCode : std::int32_t {
  internal = 1,               ///< A defect in dbxauth; please report it.
  invalid_argument = 2,       ///< An input of the caller is wrong; the message names it.
  configuration = 3,          ///< A configuration file, variable or profile is wrong; the message names the place.
  no_credentials = 4,         ///< No strategy of the chain produced credentials; see Error::attempts.
  authentication_failed = 5,  ///< Credentials exist and were refused (HTTP 401, `invalid_client`, expired login).
  permission_denied = 6,      ///< The identity is known and may not do this (HTTP 403).
  not_found = 7,              ///< The named thing does not exist (HTTP 404).
  already_exists = 8,         ///< The thing to be created exists, or was changed by somebody else (HTTP 409).
  rate_limited = 9,           ///< The server asked to slow down (HTTP 429) and the deadline came before it relented.
  unavailable = 10,           ///< The server is temporarily unable to answer (HTTP 502, 503, 504).
  timed_out = 11,             ///< The deadline of the call passed.
  cancelled = 12,             ///< The caller's cancel token was triggered.
  network = 13,               ///< No connection: name not resolved, refused, reset.
  tls = 14,                   ///< The server's certificate could not be verified, or the handshake failed.
  protocol = 15,              ///< The answer is not what the protocol demands: malformed JSON, a missing field.
  not_databricks = 16,        ///< HTML or a login page instead of the API: the URL is wrong.
  server_error = 17,          ///< The server reported a failure of its own (HTTP 5xx other than the above).
  sql_failed = 18,            ///< A SQL statement was accepted and failed; see Error::server_code and Error::sql_state.
  io = 19,                    ///< A file or directory could not be read or written.
  unsupported = 20,           ///< Not available in this build or for this kind of object.
  storage_unavailable = 21,   ///< A token store cannot be used (no keyring service, locked, read-only home).
  user_callback = 22,         ///< A callback of the host program failed; never produced by the library itself.
  out_of_memory = 23,         ///< Allocation failed.
  partial_failure = 24,       ///< A job ended and some of its steps failed; its report says which.
};

/// The stable, lower-case name of a code as used in JSON and in documentation, for example "no_credentials".
/// Never empty; unknown values give "unknown".
std::string_view to_string(ErrorCode code) noexcept;

/// What one strategy of the credential chain came to.
enum class AttemptVerdict : std::uint8_t {
  not_configured,  ///< It lacks the attributes that it needs; Attempt::missing names them.
  ignored,         ///< It is configured, but a higher layer already decided.
  unavailable,     ///< It is configured or ambient, but cannot be used now (expired login, program not installed).
  failed,          ///< It was tried and refused or broke.
  used,            ///< It supplies the credentials.
};

/// The stable, lower-case name of a verdict, for example "not_configured".
std::string_view to_string(AttemptVerdict verdict) noexcept;

/// One strategy's verdict. A failed chain returns one per strategy, in the order in which they were considered.
struct Attempt {
  std::string strategy;  ///< The strategy's stable name, for example "oauth-m2m".
  std::string layer;     ///< Where its credentials came from, for example "environment" or "profile staging".
  AttemptVerdict verdict = AttemptVerdict::not_configured;
  std::string reason;                ///< One sentence without a secret.
  std::vector<std::string> missing;  ///< Names of the attributes or variables that it lacks.
  std::string fix;                   ///< What the user can do about it; may be empty.
};

/// A failure. Value type, safe to copy between threads, and never contains a secret: every text that comes from outside
/// (a server's body, a program's stderr) has passed the redaction filter.
struct Error {
  Error() = default;
  Error(ErrorCode code_, std::string message_) : code(code_), message(std::move(message_)) {}

  ErrorCode code = ErrorCode::internal;
  std::string message;            ///< What happened, to which input, and what to do next.
  std::vector<Attempt> attempts;  ///< The credential chain's account; empty for other errors.
  int http_status = 0;            ///< 0 when no HTTP answer was received.
  bool retryable = false;         ///< The same call may succeed later without any change by the caller.
  std::optional<std::chrono::milliseconds> retry_after;  ///< The server's `Retry-After`, when it sent one.
  std::string server_code;  ///< The server's own code: `error_code`, OAuth `error`, SCIM_<status>, ARM code.
  std::string sql_state;    ///< SQLSTATE of a failed statement.
  std::string request_id;   ///< The server's request id, for support tickets.
};

/// The error as a JSON object: code (name), message, attempts[], http_status, retryable, retry_after_ms (when stated),
/// server_code, sql_state, request_id (when known). `"schema": 1`.
std::string to_json(const Error& error);

}  // namespace dbxauth

#endif
