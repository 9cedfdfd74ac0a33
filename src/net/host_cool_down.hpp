// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace dbxauth::net {

/// Which servers have asked to be left alone for a while. One for all transports of a process, so that its threads and
/// clients do not each learn by themselves what one of them was told. Thread-safe.
class HostCoolDown {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A request to wait that is still in force.
  struct Rest {
    std::chrono::milliseconds left{0};  ///< Rounded up.
    int status = 0;                     ///< 429 or 503, as the server answered.
  };

  /// The longest time that one answer counts for others. A server that asks for more is asked again after that.
  static constexpr std::chrono::milliseconds kLongest{60000};

  /// The server at `origin` has answered `status` and asked for `duration` of rest. The later end counts.
  void begin(const std::string& origin, int status, std::chrono::milliseconds duration, TimePoint now);
  /// Nothing when requests may go there.
  std::optional<Rest> rest(const std::string& origin, TimePoint now);

  static const std::shared_ptr<HostCoolDown>& of_process();

 private:
  struct Entry {
    TimePoint end;
    int status = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  ///< Only what may still be in force.
};

}  // namespace dbxauth::net
