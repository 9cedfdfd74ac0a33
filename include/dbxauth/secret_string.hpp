// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_SECRET_STRING_HPP
#define DBXAUTH_SECRET_STRING_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dbxauth {

/// Bytes that must not leak: a token, a password, a client secret.
///
/// Heap-only (there is no small-buffer copy inside the object), move-only, wiped with `explicit_bzero` before the
/// memory is released, kept out of core dumps where the system allows it. It cannot be formatted, streamed or compared
/// with
/// `==`; call reveal() where the bytes are really needed. Not synchronised: share a const object freely, do not modify
/// one from two threads.
class SecretString {
 public:
  SecretString() noexcept = default;
  /// Copies `bytes`. Throws std::bad_alloc only.
  explicit SecretString(std::string_view bytes);
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString();

  /// Copies the bytes of `source` and wipes them there.
  static SecretString take(std::string&& source);

  /// An explicit copy.
  SecretString clone() const;

  /// The bytes. Valid until the object is modified, moved from or destroyed. Do not log, print or concatenate them into
  /// an ordinary string.
  std::string_view reveal() const noexcept { return {data_, size_}; }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Appends `bytes`; outgrown memory is wiped.
  void append(std::string_view bytes);
  /// Makes room for `capacity` bytes in all, so that later append() calls do not move the contents.
  void reserve(std::size_t capacity);
  /// Wipes the contents and releases the memory.
  void clear() noexcept;

  /// Compares in time that depends on the sizes only.
  bool equals(const SecretString& other) const noexcept { return equals(other.reveal()); }
  bool equals(std::string_view other) const noexcept;

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace dbxauth

#endif
