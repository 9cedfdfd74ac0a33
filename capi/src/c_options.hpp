// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "c_guard.hpp"

namespace dbxauth::capi {

static_assert(sizeof(void*) == 8, "the first-version sizes below are those of LP64 systems");

/// Size of the struct in the first release that had it: a smaller one was never valid. They grow by appending only, so
/// these numbers are literal and stay as they are.
template <class Options>
struct FirstVersion;

/// Copies a caller's option struct of any version: an older one is shorter (its missing fields are zero), a newer one
/// is longer and refused only when it sets a field that this library does not know.
template <class Options>
Result<Options> read_options(const Options* options, const char* name) {
  Options known;
  std::memset(&known, 0, sizeof known);
  known.struct_size = sizeof known;
  if (options == nullptr) return known;
  std::size_t size = 0;
  std::memcpy(&size, options, sizeof size);
  if (size < FirstVersion<Options>::size) {
    return invalid_argument(std::string(name) + ".struct_size is " + std::to_string(size) + "; fill the struct with " +
                            name + "_init(&options, sizeof options)");
  }
  std::memcpy(&known, options, std::min(size, sizeof known));
  known.struct_size = sizeof known;
  const auto* bytes = reinterpret_cast<const unsigned char*>(options);
  for (std::size_t i = sizeof known; i < size; ++i) {
    if (bytes[i] != 0) {
      return Error{ErrorCode::unsupported, std::string(name) + " sets a field that this version of libdbxauth (" +
                                               dbxauth_version_string() + ") does not know; use a newer library"};
    }
  }
  return known;
}

/// Body of the `_init` functions: zero bytes, then the size.
template <class Options>
void init_options(Options* options, std::size_t struct_size) noexcept {
  if (options == nullptr || struct_size < sizeof(std::size_t)) return;
  std::memset(options, 0, struct_size);
  std::memcpy(options, &struct_size, sizeof struct_size);
}

template <>
struct FirstVersion<dbxauth_call_options> {
  static constexpr std::size_t size = 24;
};
template <>
struct FirstVersion<dbxauth_operation_options> {
  static constexpr std::size_t size = 40;
};
template <>
struct FirstVersion<dbxauth_client_options> {
  static constexpr std::size_t size = 144;
};
template <>
struct FirstVersion<dbxauth_profile_options> {
  static constexpr std::size_t size = 64;
};
template <>
struct FirstVersion<dbxauth_token_cache_callbacks> {
  static constexpr std::size_t size = 64;
};
template <>
struct FirstVersion<dbxauth_encrypted_file_options> {
  static constexpr std::size_t size = 56;
};

}  // namespace dbxauth::capi
