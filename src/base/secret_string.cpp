// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/secret_string.hpp"

#include <string.h>

#include <algorithm>
#include <limits>
#include <new>

#include "base/secret_memory.hpp"

namespace dbxauth {

SecretString::SecretString(std::string_view bytes) {
  append(bytes);
}

SecretString::SecretString(SecretString&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this != &other) {
    clear();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

SecretString::~SecretString() {
  clear();
}

SecretString SecretString::take(std::string&& source) {
  SecretString secret{std::string_view(source)};
  // The spare capacity may hold earlier, longer contents.
  source.resize(source.capacity());
  ::explicit_bzero(source.data(), source.size());
  source.clear();
  return secret;
}

SecretString SecretString::clone() const {
  return SecretString(reveal());
}

void SecretString::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.size() > std::numeric_limits<std::size_t>::max() / 2 - size_) throw std::bad_alloc();
  const std::size_t size = size_ + bytes.size();
  if (size <= capacity_) {
    ::memmove(data_ + size_, bytes.data(), bytes.size());
    size_ = size;
    return;
  }
  // `bytes` may lie inside this object, so the old block lives until they are copied.
  const base::SecretBlock grown = base::allocate_secret(std::max(size, capacity_ * 2));
  if (size_ != 0) ::memcpy(grown.data, data_, size_);
  ::memcpy(grown.data + size_, bytes.data(), bytes.size());
  base::release_secret({data_, capacity_});
  data_ = grown.data;
  capacity_ = grown.capacity;
  size_ = size;
}

void SecretString::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  const base::SecretBlock grown = base::allocate_secret(capacity);
  if (size_ != 0) ::memcpy(grown.data, data_, size_);
  base::release_secret({data_, capacity_});
  data_ = grown.data;
  capacity_ = grown.capacity;
}

void SecretString::clear() noexcept {
  base::release_secret({data_, capacity_});
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

bool SecretString::equals(std::string_view other) const noexcept {
  if (size_ != other.size()) return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(data_[i]) ^ static_cast<unsigned char>(other[i])));
  }
  return difference == 0;
}

}  // namespace dbxauth
