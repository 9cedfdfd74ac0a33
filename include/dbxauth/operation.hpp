// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_OPERATION_HPP
#define DBXAUTH_OPERATION_HPP

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth {

/// How far a long job is.
struct Progress {
  std::int64_t done = 0;   ///< Finished steps, failed and skipped ones included.
  std::int64_t total = 0;  ///< 0 while not known yet.
  std::int64_t failed = 0;
  std::string phase;    ///< "inventory", "plan", "run".
  std::string current;  ///< What is being worked on, for people.
};

/// Called from worker threads, never with a lock of the library held; calls do not overlap.
using ProgressCallback = std::function<void(const Progress&)>;

/// A long job on a thread of its own. cancel() and progress() may be called from any thread; wait() and result() from
/// one thread at a time. The destructor cancels and joins.
template <class T>
class Operation {
 public:
  /// What the job calls to tell how far it is.
  using Report = std::function<void(const Progress&)>;
  using Work = std::function<Result<T>(const CallContext&, const Report&)>;

  /// Starts `work` at once. `on_progress` may be empty.
  static std::unique_ptr<Operation> start(Work work, CallContext context = {}, ProgressCallback on_progress = {}) {
    std::unique_ptr<Operation> operation(new Operation);
    operation->context_ = std::move(context);
    operation->on_progress_ = std::move(on_progress);
    operation->thread_ = std::thread([self = operation.get(), work = std::move(work)] { self->run(work); });
    return operation;
  }

  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() {
    cancel();
    if (thread_.joinable()) thread_.join();
  }

  /// True when the job has ended; false when `timeout` passed first, which is not a failure of the job.
  bool wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return result_.has_value(); });
  }

  /// Waits without limit (the job has its own deadline) and returns the outcome. Valid until destruction.
  const Result<T>& result() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return result_.has_value(); });
    return *result_;
  }

  Progress progress() const {
    std::lock_guard lock(mutex_);
    return progress_;
  }

  /// Asks the job to stop; it ends with ErrorCode::cancelled or with what it had done.
  void cancel() noexcept { cancel_.cancel(); }

 private:
  Operation() = default;

  void run(const Work& work) {
    CallContext context = context_;
    CancelSource& own = cancel_;
    const CancelToken outer = context_.cancel;
    context.cancel = own.token();
    std::thread relay;
    if (outer.can_be_cancelled()) {
      relay = std::thread([&own, outer, token = own.token()] {
        using namespace std::chrono_literals;
        while (!token.cancelled()) {
          if (outer.wait_until(std::chrono::steady_clock::now() + 50ms)) {
            own.cancel();
            return;
          }
        }
      });
    }
    Result<T> outcome = guarded(work, context);
    // The relay watches the job's own token: trigger it so that the thread ends with the job.
    own.cancel();
    if (relay.joinable()) relay.join();
    {
      std::lock_guard lock(mutex_);
      result_.emplace(std::move(outcome));
    }
    changed_.notify_all();
  }

  Result<T> guarded(const Work& work, const CallContext& context) {
    try {
      return work(context, [this](const Progress& progress) {
        {
          std::lock_guard lock(mutex_);
          progress_ = progress;
        }
        if (on_progress_) {
          std::lock_guard serial(callback_mutex_);
          on_progress_(progress);
        }
      });
    } catch (const std::bad_alloc&) {
      return Error{ErrorCode::out_of_memory, "out of memory"};
    } catch (const std::exception& failure) {
      return Error{ErrorCode::internal, std::string("unexpected exception: ") + failure.what()};
    }
  }

  CallContext context_;
  CancelSource cancel_;
  ProgressCallback on_progress_;
  mutable std::mutex mutex_;
  std::mutex callback_mutex_;
  std::condition_variable changed_;
  Progress progress_;
  std::optional<Result<T>> result_;
  std::thread thread_;
};

}  // namespace dbxauth

#endif
