// SPDX-License-Identifier: Apache-2.0
#include "platform/clock.hpp"

namespace dbxauth::platform {
namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::system_clock::time_point now() const noexcept override { return std::chrono::system_clock::now(); }
};

}  // namespace

const std::shared_ptr<const Clock>& Clock::system() {
  // Never destroyed: detached work may still ask for the time while the process exits.
  static const auto* const clock = new std::shared_ptr<const Clock>(std::make_shared<const SystemClock>());
  return *clock;
}

}  // namespace dbxauth::platform
