// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::tokenstore {

/// The latest change that was asked for under each name, whatever became of it. Thread-safe.
class ChangeLedger {
 public:
  /// Registers a change of `names` and returns its number.
  std::uint64_t add(const std::vector<std::string>& names);
  bool newer_than(std::uint64_t number, const std::string& name) const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::string, std::uint64_t> latest_;
};

/// One call to the keyring, shared by the caller, who may give up, and the thread that works on it. The caller's side
/// is await(), everything else is the worker's. Thread-safe.
class KeyringCall {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Ending { done, timed_out, deadline, cancelled, prompt_unanswered };

  struct Limits {
    std::chrono::milliseconds answer{3000};                     ///< For everything but a prompt.
    std::chrono::milliseconds prompt{std::chrono::minutes{5}};  ///< For a prompt, when the caller has no deadline.
    bool may_prompt = false;
  };

  explicit KeyringCall(Limits limits);
  KeyringCall(const KeyringCall&) = delete;
  KeyringCall& operator=(const KeyringCall&) = delete;

  /// Waits until finish(), or until time is up or the caller's token is triggered: then the call is abandoned.
  Ending await(const CallContext& context);

  bool may_prompt() const noexcept { return limits_.may_prompt; }
  bool abandoned() const;
  /// The fence: true while the caller waits. From then until the next CancelHook the call cannot be interrupted. False
  /// when the caller has gone, and then nothing may be changed.
  bool begin_write();
  /// From here on the call repairs what it did for a caller who has gone: writes are let through again.
  void begin_undo();
  /// While the owner of the keyring is asked for the password, only the caller's own deadline counts.
  void prompt_begins();
  void prompt_ends();
  bool prompting() const;
  void finish();

  /// Registers this call in `ledger` as a change of `names`.
  void register_change(std::shared_ptr<ChangeLedger> ledger, const std::vector<std::string>& names);
  /// True when another change of `name` was asked for after this one.
  bool superseded(const std::string& name) const;

  /// While it lives, abandoning the call runs `interrupt` on the caller's thread; at once when that has happened.
  class CancelHook {
   public:
    CancelHook(KeyringCall& call, std::function<void()> interrupt);
    CancelHook(const CancelHook&) = delete;
    CancelHook& operator=(const CancelHook&) = delete;
    ~CancelHook();

   private:
    KeyringCall& call_;
  };

 private:
  Ending abandon(std::unique_lock<std::mutex>& lock, Ending ending);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point answer_by_;
  Clock::time_point prompt_by_;
  bool prompting_ = false;
  bool done_ = false;
  bool abandoned_ = false;
  bool undoing_ = false;
  std::function<void()> interrupt_;
  std::shared_ptr<ChangeLedger> ledger_;
  std::uint64_t change_ = 0;
};

}  // namespace dbxauth::tokenstore
