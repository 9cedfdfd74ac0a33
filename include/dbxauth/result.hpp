// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_RESULT_HPP
#define DBXAUTH_RESULT_HPP

#include <utility>

#include <tl/expected.hpp>

#include "dbxauth/error.hpp"

namespace dbxauth {

/// A value or the Error that prevented it. Every fallible function of the library returns one; no exception leaves it.
/// The compiler warns when a Result is dropped. An Error converts implicitly, so `return Error{...};` works.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;

 public:
  using Base::Base;
  Result() = default;
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)
  Result(Base base) : Base(std::move(base)) {}                   // NOLINT(google-explicit-constructor)
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
  using Base = tl::expected<void, Error>;

 public:
  using Base::Base;
  Result() = default;
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)
  Result(Base base) : Base(std::move(base)) {}                   // NOLINT(google-explicit-constructor)
};

}  // namespace dbxauth

#endif
