// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_LOG_HPP
#define DBXAUTH_LOG_HPP

#include <cstdint>
#include <functional>
#include <string_view>

namespace dbxauth {

enum class LogLevel : std::int32_t { off = 0, error = 1, warning = 2, info = 3, debug = 4, trace = 5 };

/// Receives one record. `subject` is the part of the library that speaks ("net", "auth.oauth-m2m"); both texts are
/// UTF-8, already redacted, and valid only during the call. Called on whichever thread did the work, with no lock of
/// the library held, possibly from several threads at once.
using LogSink = std::function<void(LogLevel level, std::string_view subject, std::string_view message)>;

/// Installs the process-wide sink for records up to `level`; an empty sink or LogLevel::off turns logging off (the
/// default). The previous sink is not called after this function has returned. Do not call it from inside a sink.
void set_log_sink(LogLevel level, LogSink sink);

}  // namespace dbxauth

#endif
