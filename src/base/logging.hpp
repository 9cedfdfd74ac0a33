// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "dbxauth/log.hpp"

namespace dbxauth::base {

/// Cheap test before a record is formatted.
bool log_enabled(LogLevel level) noexcept;

/// Redacts and delivers. Calls the sink with no lock held.
void log(LogLevel level, std::string_view subject, std::string_view message);

}  // namespace dbxauth::base
