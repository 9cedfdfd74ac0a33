// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "dbxauth/clone.hpp"

namespace dbxauth::clone {

/// Knows which steps of a plan can run now. Not thread-safe: its owner locks. A step is ready when everything that it
/// depends on has succeeded; among ready ones the plan's order decides. A grant is ready only when no other step is
/// left or running, so that nobody can read what is still being made.
class StepScheduler {
 public:
  /// The plan must have passed check_plan().
  explicit StepScheduler(const std::vector<CloneStep>& steps);

  /// The next step to run, now counted as running; nothing when none is ready at the moment.
  std::optional<std::size_t> take();

  /// A step that take() gave has ended. When it did not succeed, the steps that needed it, directly or not, are
  /// returned: they will never be ready.
  std::vector<std::size_t> finish(std::size_t step, bool succeeded);

  /// Gives up all steps that are neither running nor ended, and returns them.
  std::vector<std::size_t> abandon();

  /// No step is left: all have ended, are blocked or abandoned.
  bool done() const noexcept { return left_ == 0 && running_ == 0; }

 private:
  enum class State { waiting, ready, running, ended };
  void release(std::size_t step);

  std::vector<State> states_;
  std::vector<bool> is_grant_;
  std::vector<std::size_t> open_;  ///< Dependencies that have not succeeded yet.
  std::vector<std::vector<std::size_t>> dependants_;
  std::set<std::size_t> ready_;
  std::set<std::size_t> ready_grants_;
  std::size_t left_ = 0;         ///< Waiting or ready.
  std::size_t others_left_ = 0;  ///< Steps that are no grants and have not ended.
  std::size_t running_ = 0;
};

}  // namespace dbxauth::clone
