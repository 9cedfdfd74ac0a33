// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "dbxauth/operation.hpp"

namespace dbxauth::cli {

/// One line on standard error that is redrawn in place, at most ten times a second; nothing when it is not a terminal
/// that can do that.
/// Not thread-safe: progress callbacks do not overlap.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(const Progress& progress);
  /// Removes the line, so that other text can follow.
  void clear();

 private:
  void draw(const Progress& progress) const;

  bool terminal_;
  bool drawn_ = false;
  std::string last_phase_;
  std::chrono::steady_clock::time_point last_draw_{};
};

}  // namespace dbxauth::cli
