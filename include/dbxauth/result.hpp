// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_RESULT_HPP
#define DBXAUTH_RESULT_HPP

#include <functional>
#include <type_traits>
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

  /// `next(value)`, which returns a Result; or this error.
  template <class Next>
  auto and_then(Next&& next) const& -> std::invoke_result_t<Next, const T&> {
    if (!*this) return this->error();
    return std::invoke(std::forward<Next>(next), **this);
  }
  template <class Next>
  auto and_then(Next&& next) && -> std::invoke_result_t<Next, T&&> {
    if (!*this) return std::move(this->error());
    return std::invoke(std::forward<Next>(next), std::move(**this));
  }
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
  using Base = tl::expected<void, Error>;

 public:
  using Base::Base;
  Result() = default;
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)
  Result(Base base) : Base(std::move(base)) {}                   // NOLINT(google-explicit-constructor)

  template <class Next>
  auto and_then(Next&& next) const -> std::invoke_result_t<Next> {
    if (!*this) return this->error();
    return std::invoke(std::forward<Next>(next));
  }
};

}  // namespace dbxauth

#endif
