// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

namespace dbxauth::platform {

/// Reads functions of a library that was opened with dlopen(), or of those it was linked with, and remembers the first
/// that is missing. Borrows the library.
class LibrarySymbols {
 public:
  explicit LibrarySymbols(void* library) noexcept : library_(library) {}

  template <class Function>
  void read(const char* name, Function& target) noexcept {
    void* const symbol = ::dlsym(library_, name);
    if (symbol == nullptr && missing_ == nullptr) missing_ = name;
    target = reinterpret_cast<Function>(symbol);
  }
  /// Null when all were there.
  const char* missing() const noexcept { return missing_; }

 private:
  void* const library_;
  const char* missing_ = nullptr;
};

}  // namespace dbxauth::platform
