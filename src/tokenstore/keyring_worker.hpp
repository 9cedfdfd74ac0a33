// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "tokenstore/keyring_call.hpp"
#include "tokenstore/secret_store.hpp"

namespace dbxauth::tokenstore {

/// Asks keyrings on a thread of its own, one call after the other, so that one that hangs costs its caller a bounded
/// time and nobody else anything. The thread is started by the first call, ends after a while without one, and is never
/// joined. After a call that got no answer the keyring is left alone for five seconds. Thread-safe.
class KeyringWorker {
 public:
  using Work = std::function<void(SecretStore&, KeyringCall&)>;
  /// Makes the store of a bus; called on the worker's thread, where the store is used and destroyed.
  using OpenStore = std::function<std::unique_ptr<SecretStore>(const std::string& bus_address)>;
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  static constexpr std::chrono::seconds kHoldOff{5};

  /// `now` measures the hold-off only.
  explicit KeyringWorker(OpenStore open_store, Now now = &std::chrono::steady_clock::now);
  /// Does not wait: a call that is being worked on goes on without it.
  ~KeyringWorker();
  KeyringWorker(const KeyringWorker&) = delete;
  KeyringWorker& operator=(const KeyringWorker&) = delete;

  /// The one of this process, for the Secret Service. A forked child gets one of its own. Lives as long as the process.
  static KeyringWorker& of_process();

  /// Runs `work` on the worker's thread and waits for its result. `work` must own whatever it uses: it may outlive the
  /// caller. `changes` names what it writes. ErrorCode::timed_out when the keyring does not answer in time, or did not
  /// a moment ago; the context's cancelled or timed_out.
  template <class T>
  Result<T> run(const std::string& bus_address, KeyringCall::Limits limits, const CallContext& context,
                const std::vector<std::string>& changes, std::function<Result<T>(SecretStore&, KeyringCall&)> work) {
    const auto answer = std::make_shared<std::optional<Result<T>>>();
    Result<void> ran = run_erased(bus_address, limits, context, changes,
                                  [answer, work = std::move(work)](SecretStore& store, KeyringCall& call) {
                                    answer->emplace(work(store, call));
                                  });
    if (!ran) return std::move(ran).error();
    if (!answer->has_value()) return Error(ErrorCode::out_of_memory, "no memory for the answer of the OS keyring");
    return std::move(**answer);
  }

 private:
  struct State;
  Result<void> run_erased(const std::string& bus_address, KeyringCall::Limits limits, const CallContext& context,
                          const std::vector<std::string>& changes, Work work);

  std::shared_ptr<State> state_;
};

}  // namespace dbxauth::tokenstore
