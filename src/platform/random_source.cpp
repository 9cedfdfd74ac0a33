// SPDX-License-Identifier: Apache-2.0
#include "platform/random_source.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdint>
#include <exception>

namespace dbxauth::platform {
namespace {

void fill_with_random_bytes(char* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::getrandom(data + done, size - done, 0);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (count < 0 && errno != EINTR) {
      // Only a kernel older than 3.17 or a broken sandbox refuses; a predictable secret would be worse than no program.
      std::terminate();
    }
  }
}

}  // namespace

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  fill_with_random_bytes(bytes.data(), bytes.size());
  return bytes;
}

double random_fraction() {
  std::uint64_t bits = 0;
  fill_with_random_bytes(reinterpret_cast<char*>(&bits), sizeof bits);
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace dbxauth::platform
