// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/session_bus.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include <fmt/format.h>

#include "platform/files.hpp"
#include "tokenstore/keyring_error.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr std::string_view kAutolaunch = "autolaunch:";

// The addresses of a list that only connect.
std::string without_autolaunch(std::string_view addresses) {
  std::string kept;
  while (!addresses.empty()) {
    const std::size_t end = addresses.find(';');
    const std::string_view address = addresses.substr(0, end);
    addresses.remove_prefix(end == std::string_view::npos ? addresses.size() : end + 1);
    if (address.empty() || address.substr(0, kAutolaunch.size()) == kAutolaunch) continue;
    if (!kept.empty()) kept += ';';
    kept += address;
  }
  return kept;
}

// A value of an address, D-Bus specification, "Server Addresses".
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       std::string_view("-_/.*\\").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

bool is_own_socket(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && status.st_uid == ::geteuid();
}

}  // namespace

Result<std::string> find_session_bus(const platform::Environment& environment) {
  std::string address = without_autolaunch(environment.get("DBUS_SESSION_BUS_ADDRESS").value_or(""));
  if (!address.empty()) return address;
  const std::string directory = environment.get("XDG_RUNTIME_DIR").value_or(fmt::format("/run/user/{}", ::geteuid()));
  const std::string socket = platform::join_path(directory, "bus");
  if (is_own_socket(socket)) return "unix:path=" + escaped(socket);
  return keyring_unusable(
      fmt::format("there is no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set, and {} is no socket of this "
                  "user)",
                  socket),
      "start the program from a desktop session, or under dbus-run-session together with a keyring service");
}

}  // namespace dbxauth::tokenstore
