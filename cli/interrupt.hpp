// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "dbxauth/call_context.hpp"

namespace dbxauth::cli {

/// Turns the first SIGINT, SIGTERM or SIGHUP into a cancellation, so that running statements are cancelled on the
/// server and the report is still printed; the second ends the process at once. Create it before any other thread.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  CancelToken token() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a line from standard input, waiting for it no longer than until `cancel` is triggered. False at the end of
/// the input or when cancelled.
bool read_line(const CancelToken& cancel, std::string& line);

}  // namespace dbxauth::cli
