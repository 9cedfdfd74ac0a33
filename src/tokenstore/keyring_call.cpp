// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_call.hpp"

#include <algorithm>
#include <utility>

namespace dbxauth::tokenstore {
namespace {

// How soon a triggered cancel token is noticed; it cannot wake a condition variable.
constexpr std::chrono::milliseconds kCancelPoll{20};

}  // namespace

std::uint64_t ChangeLedger::add(const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++last_;
  for (const std::string& name : names) latest_[name] = last_;
  return last_;
}

bool ChangeLedger::newer_than(std::uint64_t number, const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = latest_.find(name);
  return found != latest_.end() && found->second > number;
}

KeyringCall::KeyringCall(Limits limits)
    : limits_(limits), answer_by_(Clock::now() + limits.answer), prompt_by_(Clock::now() + limits.prompt) {}

KeyringCall::Ending KeyringCall::await(const CallContext& context) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!done_) {
    const Clock::time_point now = Clock::now();
    if (context.cancel.cancelled()) return abandon(lock, Ending::cancelled);
    if (context.deadline && now >= *context.deadline) return abandon(lock, Ending::deadline);
    if (!prompting_ && now >= answer_by_) return abandon(lock, Ending::timed_out);
    if (prompting_ && !context.deadline && now >= prompt_by_) return abandon(lock, Ending::prompt_unanswered);
    Clock::time_point until = prompting_ ? prompt_by_ : answer_by_;
    if (context.deadline) until = prompting_ ? *context.deadline : std::min(until, *context.deadline);
    if (context.cancel.can_be_cancelled()) until = std::min(until, now + kCancelPoll);
    changed_.wait_until(lock, until);
  }
  return Ending::done;
}

KeyringCall::Ending KeyringCall::abandon(std::unique_lock<std::mutex>& lock, Ending ending) {
  abandoned_ = true;
  const std::function<void()> interrupt = interrupt_;
  lock.unlock();
  if (interrupt) interrupt();
  return ending;
}

bool KeyringCall::abandoned() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return abandoned_;
}

bool KeyringCall::begin_write() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (abandoned_ && !undoing_) return false;
  interrupt_ = nullptr;
  return true;
}

void KeyringCall::begin_undo() {
  const std::lock_guard<std::mutex> lock(mutex_);
  undoing_ = true;
}

void KeyringCall::prompt_begins() {
  const std::lock_guard<std::mutex> lock(mutex_);
  prompting_ = true;
  changed_.notify_all();
}

void KeyringCall::prompt_ends() {
  const std::lock_guard<std::mutex> lock(mutex_);
  prompting_ = false;
  answer_by_ = Clock::now() + limits_.answer;
  changed_.notify_all();
}

bool KeyringCall::prompting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return prompting_;
}

void KeyringCall::finish() {
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

void KeyringCall::register_change(std::shared_ptr<ChangeLedger> ledger, const std::vector<std::string>& names) {
  ledger_ = std::move(ledger);
  change_ = ledger_->add(names);
}

bool KeyringCall::superseded(const std::string& name) const {
  return ledger_ != nullptr && ledger_->newer_than(change_, name);
}

KeyringCall::CancelHook::CancelHook(KeyringCall& call, std::function<void()> interrupt) : call_(call) {
  {
    const std::lock_guard<std::mutex> lock(call_.mutex_);
    if (call_.undoing_) return;
    if (!call_.abandoned_) {
      call_.interrupt_ = std::move(interrupt);
      return;
    }
  }
  interrupt();
}

KeyringCall::CancelHook::~CancelHook() {
  const std::lock_guard<std::mutex> lock(call_.mutex_);
  call_.interrupt_ = nullptr;
}

}  // namespace dbxauth::tokenstore
