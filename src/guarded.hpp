// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "base/redaction.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth {

/// Runs `work` and turns what it throws into an Error: no exception leaves the library.
template <class T, class Work>
Result<T> guarded(Work&& work) noexcept {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::out_of_memory, "out of memory");
  } catch (const std::exception& failure) {
    return Error(ErrorCode::internal, base::redact(std::string("unexpected exception: ") + failure.what()));
  } catch (...) {
    return Error(ErrorCode::user_callback, "a callback threw an exception");
  }
}

}  // namespace dbxauth
