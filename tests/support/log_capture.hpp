// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "dbxauth/log.hpp"

namespace dbxauth::testing {

/// Collects every log record of the process while it lives. Thread-safe.
class LogCapture {
 public:
  LogCapture() {
    set_log_sink(LogLevel::trace, [this](LogLevel level, std::string_view subject, std::string_view message) {
      const std::lock_guard lock(mutex_);
      text_ += std::string(level == LogLevel::warning ? "warning " : "") + std::string(subject) + " " +
               std::string(message) + "\n";
    });
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  ~LogCapture() { set_log_sink(LogLevel::off, {}); }

  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  bool mentions(std::string_view part) const { return text().find(part) != std::string::npos; }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace dbxauth::testing
