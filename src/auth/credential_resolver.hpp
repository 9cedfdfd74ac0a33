// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dbxauth/config.hpp"
#include "dbxauth/credentials.hpp"

namespace dbxauth::auth {

/// An attribute that a candidate reads, and where it comes from.
struct UsedAttribute {
  std::string name;
  Provenance provenance;
};

/// One strategy with credentials of one layer: something to try, or (without a provider) a verdict that is known
/// already.
struct Candidate {
  Attempt attempt;                               ///< Strategy and layer; the whole account when there is no provider.
  std::shared_ptr<CredentialProvider> provider;  ///< Null: `attempt` says why it is not tried.
  std::string host;                        ///< Where its credentials may be sent; empty when not known in advance.
  std::function<std::string()> late_host;  ///< For credentials that bring their host along; may be empty.
  std::vector<UsedAttribute> used;
  std::chrono::milliseconds limit{0};  ///< Longest time that finding out may take; 0: the caller's deadline alone.
  bool stop_on_failure = false;        ///< Explicitly configured: when it fails nothing else is tried.
  int nearness = 0;                    ///< How much of what it needs is there; orders the misses in messages.
};

/// What a rule set makes of the configuration.
struct CredentialPlan {
  std::vector<Candidate> candidates;  ///< In the order in which they are tried or reported.
  std::optional<Error> refusal;       ///< The configuration contradicts itself: nothing is tried.
  std::string host;                   ///< The workspace that was asked for; may be empty.
  std::string failure_prefix;         ///< Begins the message when nothing works.
  std::vector<std::string> notes;     ///< On the configuration; they end that message.
};

/// Tries the candidates of a plan and remembers the first that yields headers. Thread-safe: threads may resolve at the
/// same time, each under its own context; the providers see to it that this costs one request, and the first winner
/// stays.
class CredentialResolver {
 public:
  explicit CredentialResolver(CredentialPlan plan);

  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context);
  Result<Token> token(std::chrono::seconds min_validity, const CallContext& context);
  void reject(const AuthHeaders& rejected) noexcept;

  /// The account of the last resolution; empty before the first.
  std::vector<Attempt> attempts() const;
  /// Null before the first success; lives as long as the resolver.
  const Candidate* winner() const noexcept { return winner_.load(std::memory_order_acquire); }
  const CredentialPlan& plan() const noexcept { return plan_; }

 private:
  Result<AuthHeadersPtr> resolve(std::chrono::seconds min_validity, const CallContext& context);
  Error nothing_worked(std::vector<Attempt> attempts) const;
  void publish(std::vector<Attempt> attempts);
  /// Makes `candidate` the winner unless there is one already.
  bool decide(const Candidate& candidate, std::vector<Attempt> attempts);

  const CredentialPlan plan_;
  std::atomic<const Candidate*> winner_{nullptr};
  mutable std::mutex mutex_;
  std::vector<Attempt> attempts_;
};

/// The answer of a strategy that was configured and cannot even be set up: every call fails with `error`.
std::shared_ptr<CredentialProvider> make_failing_provider(std::string name, Error error);

}  // namespace dbxauth::auth
