// SPDX-License-Identifier: Apache-2.0
#include "platform/environment.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

extern "C" {
extern char** environ;  // NOLINT: POSIX declares it only under _GNU_SOURCE
}

namespace dbxauth::platform {
namespace {

std::string home_from_passwd() {
  constexpr std::size_t kLargestEntry = 1u << 20;
  std::vector<char> buffer(4096);
  while (buffer.size() <= kLargestEntry) {
    passwd entry{};
    passwd* found = nullptr;
    const int code = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
    if (code == ERANGE) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    if (code == EINTR) continue;
    if (code != 0 || found == nullptr || entry.pw_dir == nullptr) return {};
    return entry.pw_dir;
  }
  return {};
}

}  // namespace

Environment Environment::of_process() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    // getenv() finds the first of two entries with one name; emplace keeps it as well.
    variables.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return Environment(std::move(variables));
}

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto found = variables_.find(std::string(name));
  if (found == variables_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::string Environment::home_directory() const {
  if (auto home = get("HOME"); home && home->front() == '/') return *home;
  std::string home = home_from_passwd();
  if (!home.empty() && home.front() == '/') return home;
  return {};
}

}  // namespace dbxauth::platform
