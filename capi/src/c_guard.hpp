// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "dbxauth.h"
#include "dbxauth/error.hpp"
#include "dbxauth/result.hpp"

struct dbxauth_error {
  dbxauth::Error value;
  std::string details_json;
};

namespace dbxauth::capi {

/// Gives `failure` to the caller and returns its status. Never throws: when the error object itself cannot be made, the
/// static out-of-memory error is given.
dbxauth_status fail(dbxauth_error** error, Error failure) noexcept;

inline Error invalid_argument(std::string message) {
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

/// Runs the body of an exported function. The body returns Result<void>; no exception passes.
template <class Body>
dbxauth_status guard(dbxauth_error** error, Body&& body) noexcept {
  try {
    Result<void> outcome = std::forward<Body>(body)();
    if (outcome) return DBXAUTH_OK;
    return fail(error, std::move(outcome.error()));
  } catch (const std::bad_alloc&) {
    return fail(error, Error{ErrorCode::out_of_memory, {}});
  } catch (const std::exception& exception) {
    try {
      return fail(error, Error{ErrorCode::internal, std::string("unexpected exception: ") + exception.what()});
    } catch (...) {
      return fail(error, Error{ErrorCode::out_of_memory, {}});
    }
  } catch (...) {
    return fail(error, Error{ErrorCode::internal, {}});
  }
}

/// Owns the `user_data` of a callback: `destroy` runs exactly once, when the last copy of the shared pointer goes.
class UserData {
 public:
  UserData(void* pointer, dbxauth_destroy_fn destroy) noexcept : pointer_(pointer), destroy_(destroy) {}
  UserData(const UserData&) = delete;
  UserData& operator=(const UserData&) = delete;
  ~UserData() {
    if (destroy_ != nullptr) destroy_(pointer_);
  }
  void* get() const noexcept { return pointer_; }

 private:
  void* pointer_;
  dbxauth_destroy_fn destroy_;
};

/// Takes ownership at once, so that `destroy` runs even when memory runs out.
inline std::shared_ptr<UserData> own(void* pointer, dbxauth_destroy_fn destroy) {
  struct Pending {
    void* pointer;
    dbxauth_destroy_fn destroy;
    ~Pending() {
      if (destroy != nullptr) destroy(pointer);
    }
  } pending{pointer, destroy};
  auto owner = std::make_shared<UserData>(pointer, destroy);
  pending.destroy = nullptr;
  return owner;
}

/// Gives a new object to the caller.
template <class Handle>
Result<void> give(Handle** out, std::unique_ptr<Handle> handle) {
  *out = handle.release();
  return {};
}

}  // namespace dbxauth::capi
