// SPDX-License-Identifier: Apache-2.0
#include "auth/credential_resolver.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

#include "base/logging.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::size_t nearest_misses_shown = 3;

std::string describe(const Attempt& attempt) {
  return attempt.layer.empty() ? attempt.strategy : attempt.strategy + " (" + attempt.layer + ")";
}

/// Completes the attempt of a candidate that was tried in vain.
Attempt failed_attempt(const Candidate& candidate, const Error& error) {
  Attempt attempt = candidate.attempt;
  attempt.verdict = error.code == ErrorCode::no_credentials ? AttemptVerdict::not_configured : AttemptVerdict::failed;
  attempt.reason = base::redact(error.message);
  if (error.attempts.size() == 1) {
    // An advice may name what the configuration says, and that may be a misplaced secret.
    if (!error.attempts.front().fix.empty()) attempt.fix = base::redact(error.attempts.front().fix);
    if (error.attempts.front().verdict == AttemptVerdict::unavailable) attempt.verdict = AttemptVerdict::unavailable;
  }
  return attempt;
}

/// What is said about candidates that come after the decision.
void append_undecided(std::vector<Attempt>& attempts, const std::vector<Candidate>& candidates, std::size_t from,
                      const Candidate& decisive) {
  for (std::size_t i = from; i < candidates.size(); ++i) {
    Attempt attempt = candidates[i].attempt;
    if (candidates[i].provider) {
      attempt.verdict = AttemptVerdict::ignored;
      attempt.reason = "not tried: " + describe(decisive.attempt) + " decides";
    }
    attempts.push_back(std::move(attempt));
  }
}

std::string miss(const Attempt& attempt) {
  std::string text = describe(attempt) + ": " + attempt.reason;
  // What is missing says what to set.
  if (!attempt.fix.empty() && attempt.missing.empty()) text += " (" + attempt.fix + ")";
  return text;
}

/// A program's own provider may break its promise not to throw; the chain must survive it.
Result<AuthHeadersPtr> guarded_headers(CredentialProvider& provider, std::chrono::seconds min_validity,
                                       const CallContext& context) noexcept {
  try {
    auto headers = provider.headers(min_validity, context);
    if (headers && !*headers) {
      return Error(ErrorCode::user_callback, "the provider " + std::string(provider.name()) + " returned no headers");
    }
    return headers;
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, "out of memory");
  } catch (...) {
    return Error(ErrorCode::user_callback, "the credential provider threw an exception");
  }
}

class FailingProvider final : public CredentialProvider {
 public:
  FailingProvider(std::string name, Error error) : name_(std::move(name)), error_(std::move(error)) {}
  std::string_view name() const noexcept override { return name_; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds, const CallContext&) override { return error_; }
  Result<Token> token(std::chrono::seconds, const CallContext&) override { return error_; }

 private:
  const std::string name_;
  const Error error_;
};

}  // namespace

std::shared_ptr<CredentialProvider> make_failing_provider(std::string name, Error error) {
  return std::make_shared<FailingProvider>(std::move(name), std::move(error));
}

CredentialResolver::CredentialResolver(CredentialPlan plan) : plan_(std::move(plan)) {}

Result<AuthHeadersPtr> CredentialResolver::headers(std::chrono::seconds min_validity, const CallContext& context) {
  if (const Candidate* winner = this->winner()) return winner->provider->headers(min_validity, context);
  return resolve(min_validity, context);
}

Result<Token> CredentialResolver::token(std::chrono::seconds min_validity, const CallContext& context) {
  if (winner() == nullptr) {
    auto resolved = resolve(min_validity, context);
    if (!resolved) return std::move(resolved).error();
  }
  return winner()->provider->token(min_validity, context);
}

void CredentialResolver::reject(const AuthHeaders& rejected) noexcept {
  if (const Candidate* winner = this->winner()) winner->provider->reject(rejected);
}

std::vector<Attempt> CredentialResolver::attempts() const {
  const std::lock_guard lock(mutex_);
  return attempts_;
}

void CredentialResolver::publish(std::vector<Attempt> attempts) {
  const std::lock_guard lock(mutex_);
  // The account that goes with a winner is not replaced by that of a thread which came too late.
  if (winner() == nullptr) attempts_ = std::move(attempts);
}

bool CredentialResolver::decide(const Candidate& candidate, std::vector<Attempt> attempts) {
  const std::lock_guard lock(mutex_);
  if (winner() != nullptr) return false;
  attempts_ = std::move(attempts);
  winner_.store(&candidate, std::memory_order_release);
  return true;
}

Result<AuthHeadersPtr> CredentialResolver::resolve(std::chrono::seconds min_validity, const CallContext& context) {
  std::vector<Attempt> attempts;
  if (plan_.refusal) {
    for (const Candidate& candidate : plan_.candidates) attempts.push_back(candidate.attempt);
    Error error = *plan_.refusal;
    error.attempts = attempts;
    publish(std::move(attempts));
    return error;
  }
  for (std::size_t i = 0; i < plan_.candidates.size(); ++i) {
    const Candidate& candidate = plan_.candidates[i];
    if (!candidate.provider) {
      attempts.push_back(candidate.attempt);
      continue;
    }
    const bool limited = candidate.limit.count() > 0;
    auto headers =
        guarded_headers(*candidate.provider, min_validity, limited ? context.limited_to(candidate.limit) : context);
    if (headers) {
      Attempt used = candidate.attempt;
      used.verdict = AttemptVerdict::used;
      attempts.push_back(std::move(used));
      append_undecided(attempts, plan_.candidates, i + 1, candidate);
      if (decide(candidate, std::move(attempts))) {
        base::log(LogLevel::info, "auth", "using " + describe(candidate.attempt));
      }
      return headers;
    }
    attempts.push_back(failed_attempt(candidate, headers.error()));
    base::log(LogLevel::debug, "auth", describe(candidate.attempt) + ": " + attempts.back().reason);

    // A caller that ran out of time learns nothing about the strategies that follow.
    const bool caller_ended = !context.check("resolving credentials");
    const bool stop = candidate.stop_on_failure && headers.error().code != ErrorCode::no_credentials;
    if (!caller_ended && !stop) continue;
    Error error = std::move(headers).error();
    if (stop && !caller_ended) append_undecided(attempts, plan_.candidates, i + 1, candidate);
    error.message = base::redact(describe(candidate.attempt) + ": " + error.message);
    if (const std::string& fix = attempts[i].fix; !fix.empty()) error.message += ". To fix it: " + fix;
    error.attempts = attempts;
    publish(std::move(attempts));
    return error;
  }
  Error error = nothing_worked(attempts);
  publish(std::move(attempts));
  return error;
}

Error CredentialResolver::nothing_worked(std::vector<Attempt> attempts) const {
  std::vector<std::pair<int, const Attempt*>> misses;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const Attempt& attempt = attempts[i];
    // What was tried and refused is nearer than anything that lacks a part.
    const bool tried = attempt.verdict == AttemptVerdict::failed || attempt.verdict == AttemptVerdict::unavailable;
    // What was set aside without advice is complete: somebody asked for another one, which is the one to talk about.
    const bool set_aside = attempt.verdict == AttemptVerdict::ignored && attempt.fix.empty();
    misses.emplace_back(plan_.candidates[i].nearness + (tried ? 100 : 0) - (set_aside ? 100 : 0), &attempt);
  }
  std::stable_sort(misses.begin(), misses.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (misses.size() > nearest_misses_shown) misses.resize(nearest_misses_shown);

  std::string message = plan_.failure_prefix.empty() ? "no credentials found" : plan_.failure_prefix;
  if (!plan_.host.empty()) message += " for " + plan_.host;
  std::vector<std::string> parts;
  for (const auto& [rank, attempt] : misses) parts.push_back(miss(*attempt));
  if (!parts.empty()) message += ". Nearest misses: " + base::join(parts, "; ");
  if (!plan_.notes.empty()) message += ". Note: " + base::join(plan_.notes, "; ");
  Error error(ErrorCode::no_credentials, std::move(message));
  error.attempts = std::move(attempts);
  return error;
}

}  // namespace dbxauth::auth
