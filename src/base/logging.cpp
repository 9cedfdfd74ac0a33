// SPDX-License-Identifier: Apache-2.0
#include "base/logging.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "base/redaction.hpp"
#include "base/utf8.hpp"

namespace dbxauth::base {
namespace {

// An installed sink and the calls of it that have not returned yet.
class InstalledSink {
 public:
  InstalledSink(LogLevel level, LogSink sink) : level_(level), sink_(std::move(sink)) {}

  LogLevel level() const noexcept { return level_; }

  // Called under the lock of the Registry, so that no call can begin after the sink was replaced.
  void begin_call() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_;
  }

  void end_call() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--calls_ == 0) idle_.notify_all();
  }

  void wait_until_idle() {
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return calls_ == 0; });
  }

  void write(LogLevel level, std::string_view subject, std::string_view message) { sink_(level, subject, message); }

 private:
  const LogLevel level_;
  const LogSink sink_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int calls_ = 0;
};

struct Registry {
  std::mutex mutex;
  std::unique_ptr<InstalledSink> sink;
};

// Never destroyed: a thread of the host program may still log while static objects are being destroyed.
Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

std::atomic<LogLevel> g_level{LogLevel::off};

// A sink that calls the library must not be called again for what the library does then.
thread_local bool t_inside_sink = false;

// The sink stays alive until the call has ended: whoever replaces it waits for that before destroying it.
InstalledSink* begin_call(LogLevel level) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (all.sink == nullptr || level > all.sink->level()) return nullptr;
  all.sink->begin_call();
  return all.sink.get();
}

class Call {
 public:
  explicit Call(InstalledSink& sink) : sink_(sink) { t_inside_sink = true; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    t_inside_sink = false;
    sink_.end_call();
  }
  InstalledSink* operator->() const noexcept { return &sink_; }

 private:
  InstalledSink& sink_;
};

}  // namespace

bool log_enabled(LogLevel level) noexcept {
  return level != LogLevel::off && level <= g_level.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view subject, std::string_view message) {
  if (!log_enabled(level) || t_inside_sink) return;
  try {
    const std::string clean_message = redact(to_valid_utf8(message));
    const std::string clean_subject = to_valid_utf8(subject);
    InstalledSink* const sink = begin_call(level);
    if (sink == nullptr) return;
    const Call call(*sink);
    call->write(level, clean_subject, clean_message);
  } catch (...) {
    // A record that cannot be made or delivered must not fail the work that it describes.
  }
}

}  // namespace dbxauth::base

namespace dbxauth {

void set_log_sink(LogLevel level, LogSink sink) {
  std::unique_ptr<base::InstalledSink> replacement;
  if (sink && level != LogLevel::off) replacement = std::make_unique<base::InstalledSink>(level, std::move(sink));
  const LogLevel effective = replacement != nullptr ? level : LogLevel::off;
  {
    base::Registry& all = base::registry();
    const std::lock_guard<std::mutex> lock(all.mutex);
    all.sink.swap(replacement);
    base::g_level.store(effective, std::memory_order_relaxed);
  }
  if (replacement != nullptr) replacement->wait_until_idle();
}

}  // namespace dbxauth
