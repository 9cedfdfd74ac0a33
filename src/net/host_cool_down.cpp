// SPDX-License-Identifier: Apache-2.0
#include "net/host_cool_down.hpp"

#include <algorithm>

namespace dbxauth::net {

using std::chrono::milliseconds;

void HostCoolDown::begin(const std::string& origin, int status, milliseconds duration, TimePoint now) {
  if (duration <= milliseconds::zero()) return;
  const TimePoint end = now + std::min(duration, kLongest);
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = entry->second.end <= now ? entries_.erase(entry) : std::next(entry);
  }
  Entry& entry = entries_[origin];
  if (end > entry.end) entry = {end, status};
}

std::optional<HostCoolDown::Rest> HostCoolDown::rest(const std::string& origin, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(origin);
  if (found == entries_.end()) return std::nullopt;
  if (found->second.end <= now) {
    entries_.erase(found);
    return std::nullopt;
  }
  return Rest{std::chrono::ceil<milliseconds>(found->second.end - now), found->second.status};
}

const std::shared_ptr<HostCoolDown>& HostCoolDown::of_process() {
  // Never destroyed: a thread may still send while the process ends.
  static const auto* const shared = new std::shared_ptr<HostCoolDown>(std::make_shared<HostCoolDown>());
  return *shared;
}

}  // namespace dbxauth::net
