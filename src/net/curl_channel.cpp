// SPDX-License-Identifier: Apache-2.0
#include "net/curl_channel.hpp"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "platform/sigpipe_guard.hpp"

namespace dbxauth::net {
namespace {

constexpr long kConnectionsPerChannel = 4;

}  // namespace

std::unique_ptr<CurlChannel> CurlChannel::create(const CurlLibrary& library) {
  CURL* const easy = library.easy_init();
  CURLM* const multi = library.multi_init();
  std::unique_ptr<CurlChannel> channel(new CurlChannel(library, easy, multi));
  if (easy == nullptr || multi == nullptr) return nullptr;
  library.multi_setopt(multi, CURLMOPT_MAXCONNECTS, kConnectionsPerChannel);
  return channel;
}

CurlChannel::~CurlChannel() {
  if (easy_ != nullptr) library_.easy_cleanup(easy_);
  if (multi_ != nullptr) library_.multi_cleanup(multi_);
}

CurlChannelPool::CurlChannelPool(const CurlLibrary& library) : library_(library), share_(library.share_init()) {
  if (share_ == nullptr) return;
  library_.share_setopt(share_, CURLSHOPT_LOCKFUNC, &CurlChannelPool::lock_share);
  library_.share_setopt(share_, CURLSHOPT_UNLOCKFUNC, &CurlChannelPool::unlock_share);
  library_.share_setopt(share_, CURLSHOPT_USERDATA, this);
  // Not CURL_LOCK_DATA_CONNECT: sharing connections between threads is not safe in libcurl.
  library_.share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  library_.share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

CurlChannelPool::~CurlChannelPool() {
  idle_.clear();
  if (share_ != nullptr) library_.share_cleanup(share_);
}

void CurlChannelPool::lock_share(CURL*, curl_lock_data data, curl_lock_access, void* pool) {
  static_cast<CurlChannelPool*>(pool)->share_locks_[static_cast<std::size_t>(data)].lock();
}

void CurlChannelPool::unlock_share(CURL*, curl_lock_data data, void* pool) {
  static_cast<CurlChannelPool*>(pool)->share_locks_[static_cast<std::size_t>(data)].unlock();
}

std::unique_ptr<CurlChannel> CurlChannelPool::take(const std::string& origin) {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto chosen =
          std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& channel) { return channel->origin == origin; });
      if (chosen == idle_.rend()) chosen = idle_.rbegin();
      std::unique_ptr<CurlChannel> channel = std::move(*chosen);
      idle_.erase(std::next(chosen).base());
      return channel;
    }
  }
  return CurlChannel::create(library_);
}

void CurlChannelPool::give_back(std::unique_ptr<CurlChannel> channel) {
  std::unique_ptr<CurlChannel> surplus;  // Closed without the lock: that may write to the network.
  const std::lock_guard lock(mutex_);
  if (idle_.size() >= kMostIdle) {
    surplus = std::move(idle_.front());
    idle_.erase(idle_.begin());
  }
  idle_.push_back(std::move(channel));
}

struct ForkAwareChannelPool::Owned {
  explicit Owned(const CurlLibrary& library) : pool(library) {}
  const pid_t process = ::getpid();
  CurlChannelPool pool;
};

ForkAwareChannelPool::~ForkAwareChannelPool() {
  Owned* const owned = current_.load();
  if (owned == nullptr || owned->process != ::getpid()) return;
  const platform::SigpipeGuard no_sigpipe;
  delete owned;
}

CurlChannelPool& ForkAwareChannelPool::get(const CurlLibrary& library) {
  Owned* owned = current_.load();
  while (owned == nullptr || owned->process != ::getpid()) {
    auto fresh = std::make_unique<Owned>(library);
    if (current_.compare_exchange_strong(owned, fresh.get())) return fresh.release()->pool;
  }
  return owned->pool;
}

}  // namespace dbxauth::net
