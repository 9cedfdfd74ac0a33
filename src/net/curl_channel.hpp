// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/curl_library.hpp"

namespace dbxauth::net {

/// One easy handle in a multi handle of its own, which keeps its connections. Used by one thread at a time.
class CurlChannel {
 public:
  /// Null when libcurl cannot allocate the handles.
  static std::unique_ptr<CurlChannel> create(const CurlLibrary& library);
  CurlChannel(const CurlChannel&) = delete;
  CurlChannel& operator=(const CurlChannel&) = delete;
  ~CurlChannel();

  CURL* easy() const noexcept { return easy_; }
  CURLM* multi() const noexcept { return multi_; }

  std::string origin;  ///< The last one talked to: its connection is probably still open.

 private:
  CurlChannel(const CurlLibrary& library, CURL* easy, CURLM* multi) : library_(library), easy_(easy), multi_(multi) {}
  const CurlLibrary& library_;
  CURL* easy_;
  CURLM* multi_;
};

/// What the channels of one process share: the idle ones, name lookups and TLS sessions. Thread-safe.
class CurlChannelPool {
 public:
  explicit CurlChannelPool(const CurlLibrary& library);
  CurlChannelPool(const CurlChannelPool&) = delete;
  CurlChannelPool& operator=(const CurlChannelPool&) = delete;
  ~CurlChannelPool();

  /// The most recently used idle channel, one that talked to `origin` if there is any, else a new one. Null: no memory.
  std::unique_ptr<CurlChannel> take(const std::string& origin);
  void give_back(std::unique_ptr<CurlChannel> channel);
  CURLSH* share() const noexcept { return share_; }
  const CurlLibrary& library() const noexcept { return library_; }

 private:
  static constexpr std::size_t kMostIdle = 16;
  static void lock_share(CURL*, curl_lock_data data, curl_lock_access, void* pool);
  static void unlock_share(CURL*, curl_lock_data data, void* pool);

  const CurlLibrary& library_;
  CURLSH* share_ = nullptr;
  std::array<std::mutex, CURL_LOCK_DATA_LAST> share_locks_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlChannel>> idle_;
};

/// The pool of this process. After a fork the child gets a new one; the parent's is left alone for ever, because
/// closing its connections would end the parent's TLS sessions and its locks may have been held at the moment of the
/// fork.
class ForkAwareChannelPool {
 public:
  ForkAwareChannelPool() = default;
  ForkAwareChannelPool(const ForkAwareChannelPool&) = delete;
  ForkAwareChannelPool& operator=(const ForkAwareChannelPool&) = delete;
  ~ForkAwareChannelPool();

  CurlChannelPool& get(const CurlLibrary& library);

 private:
  struct Owned;
  std::atomic<Owned*> current_{nullptr};
};

}  // namespace dbxauth::net
