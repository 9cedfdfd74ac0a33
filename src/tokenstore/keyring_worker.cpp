// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_worker.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "tokenstore/keyring_error.hpp"
#include "tokenstore/secret_service_store.hpp"

namespace dbxauth::tokenstore {

using std::chrono::milliseconds;

namespace {

// After this long without a call the thread and its connection are given back.
constexpr std::chrono::seconds kIdle{30};

struct Job {
  std::string bus_address;
  std::shared_ptr<KeyringCall> call;
  KeyringWorker::Work work;
};

// The host's signal handlers are not to run on a thread of ours.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

struct KeyringWorker::State {
  OpenStore open_store;
  Now now;
  const std::shared_ptr<ChangeLedger> ledger = std::make_shared<ChangeLedger>();

  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Job> jobs;
  std::shared_ptr<KeyringCall> current;
  std::map<std::string, std::chrono::steady_clock::time_point> hold_until;
  bool running = false;
  bool closed = false;

  static void serve(const std::shared_ptr<State>& state);
  bool next(Job& job);
  void work_on(Job& job, std::map<std::string, std::unique_ptr<SecretStore>>& stores);
  bool asks_its_owner();
  void forget(const std::shared_ptr<KeyringCall>& call);
};

void KeyringWorker::State::serve(const std::shared_ptr<State>& state) {
  std::map<std::string, std::unique_ptr<SecretStore>> stores;
  Job job;
  while (state->next(job)) {
    state->work_on(job, stores);
    // What the work held, secrets among it, goes now and not with the next job.
    job = Job();
  }
}

bool KeyringWorker::State::next(Job& job) {
  std::unique_lock<std::mutex> lock(mutex);
  current = nullptr;
  arrived.wait_for(lock, kIdle, [this] { return closed || !jobs.empty(); });
  if (jobs.empty()) {
    running = false;
    return false;
  }
  job = std::move(jobs.front());
  jobs.pop_front();
  current = job.call;
  return true;
}

void KeyringWorker::State::work_on(Job& job, std::map<std::string, std::unique_ptr<SecretStore>>& stores) {
  if (!job.call->abandoned()) {
    std::unique_ptr<SecretStore>& store = stores[job.bus_address];
    if (store == nullptr) store = open_store(job.bus_address);
    try {
      job.work(*store, *job.call);
    } catch (const std::bad_alloc&) {
      // run() finds no answer and says so.
    }
  }
  job.call->finish();
}

bool KeyringWorker::State::asks_its_owner() {
  const std::lock_guard<std::mutex> lock(mutex);
  return current != nullptr && current->prompting();
}

// A call that was not begun leaves nothing behind, however long the thread hangs in another one.
void KeyringWorker::State::forget(const std::shared_ptr<KeyringCall>& call) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto mine = [&](const Job& job) { return job.call == call; };
  jobs.erase(std::remove_if(jobs.begin(), jobs.end(), mine), jobs.end());
}

KeyringWorker::KeyringWorker(OpenStore open_store, Now now) : state_(std::make_shared<State>()) {
  state_->open_store = std::move(open_store);
  state_->now = std::move(now);
}

KeyringWorker::~KeyringWorker() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->closed = true;
  state_->arrived.notify_all();
}

namespace {

struct ProcessWorker {
  std::mutex mutex;
  pid_t process = 0;
  KeyringWorker* worker = nullptr;

  static ProcessWorker& instance() {
    // Never destroyed: calls may come while static objects are being destroyed.
    static ProcessWorker* const made = create();
    return *made;
  }

 private:
  static ProcessWorker* create() {
    auto* const made = new ProcessWorker;
    // A child must not inherit the mutex locked by a thread that it does not have.
    static_cast<void>(::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); },
                                       [] { instance().mutex.unlock(); }));
    return made;
  }
};

}  // namespace

KeyringWorker& KeyringWorker::of_process() {
  ProcessWorker& owned = ProcessWorker::instance();
  const std::lock_guard<std::mutex> lock(owned.mutex);
  if (owned.worker == nullptr || owned.process != ::getpid()) {
    // The parent's is leaked in a child: its thread is not there, and its mutex may be locked for ever.
    owned.worker = new KeyringWorker(&open_secret_service_store);
    owned.process = ::getpid();
  }
  return *owned.worker;
}

Result<void> KeyringWorker::run_erased(const std::string& bus_address, KeyringCall::Limits limits,
                                       const CallContext& context, const std::vector<std::string>& changes, Work work) {
  if (Result<void> alive = context.check("asking the OS keyring"); !alive) return alive;
  const auto call = std::make_shared<KeyringCall>(limits);
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    const auto held = state_->hold_until.find(bus_address);
    const auto now = state_->now();
    if (!changes.empty()) call->register_change(state_->ledger, changes);
    if (held != state_->hold_until.end() && now < held->second) {
      return keyring_left_alone(std::chrono::duration_cast<milliseconds>(held->second - now));
    }
    state_->jobs.push_back({bus_address, call, std::move(work)});
    if (!state_->running) {
      const AllSignalsBlocked signals;
      try {
        std::thread(&State::serve, state_).detach();
      } catch (const std::system_error& error) {
        state_->jobs.pop_back();
        return keyring_unusable(std::string("no thread could be started to ask it (") + error.what() + ")",
                                "raise the limit of threads of this process");
      }
      state_->running = true;
    }
    state_->arrived.notify_one();
  }
  const KeyringCall::Ending ending = call->await(context);
  if (ending == KeyringCall::Ending::done) return {};
  state_->forget(call);
  if (ending == KeyringCall::Ending::prompt_unanswered) return keyring_stays_locked();
  if (ending != KeyringCall::Ending::timed_out) return context.check("waiting for the OS keyring");
  if (state_->asks_its_owner()) return keyring_locked();
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->hold_until[bus_address] = state_->now() + kHoldOff;
  return keyring_silent(limits.answer);
}

}  // namespace dbxauth::tokenstore
