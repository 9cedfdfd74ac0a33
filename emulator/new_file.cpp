// SPDX-License-Identifier: Apache-2.0
#include "new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dbxauth::emulator {

bool write_new_file(const std::string& path, const std::string& text, mode_t mode, std::string& failure) {
  ::unlink(path.c_str());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  bool ok = file >= 0;
  std::size_t written = 0;
  while (ok && written < text.size()) {
    const ssize_t count = ::write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    ok = count > 0;
    if (ok) written += static_cast<std::size_t>(count);
  }
  if (!ok) failure = "cannot write " + path + ": " + std::strerror(errno);
  if (file >= 0) ::close(file);
  return ok;
}

}  // namespace dbxauth::emulator
