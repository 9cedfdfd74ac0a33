// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

namespace dbxauth::platform {

/// Wall-clock time, replaceable in tests. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::system_clock::time_point now() const noexcept = 0;
  static const std::shared_ptr<const Clock>& system();
};

}  // namespace dbxauth::platform
