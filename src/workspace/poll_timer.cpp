// SPDX-License-Identifier: Apache-2.0
#include "workspace/poll_timer.hpp"

namespace dbxauth::workspace {
namespace {

class SystemPollTimer final : public PollTimer {
 public:
  std::chrono::steady_clock::time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
  Result<void> sleep_for(std::chrono::milliseconds duration, const CallContext& context,
                         std::string_view doing) const override {
    return context.sleep_for(duration, doing);
  }
};

}  // namespace

const std::shared_ptr<const PollTimer>& PollTimer::system() {
  static const std::shared_ptr<const PollTimer> timer = std::make_shared<SystemPollTimer>();
  return timer;
}

}  // namespace dbxauth::workspace
