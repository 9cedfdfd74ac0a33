// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/session_bus.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include <catch2/catch.hpp>

#include "dbxauth/token_cache.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::tokenstore {
namespace {

class Socket {
 public:
  explicit Socket(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size());
    REQUIRE(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(descriptor_); }

 private:
  int descriptor_;
};

TEST_CASE("The bus of the environment comes first, without what would start a daemon") {
  const auto found = [](std::string address) {
    return find_session_bus(
        platform::Environment({{"DBUS_SESSION_BUS_ADDRESS", std::move(address)}, {"XDG_RUNTIME_DIR", "/nonexistent"}}));
  };
  CHECK(found("unix:path=/x,guid=1").value() == "unix:path=/x,guid=1");
  CHECK(found("autolaunch:;unix:path=/x;;autolaunch:scope=*user;tcp:host=h,port=1").value() ==
        "unix:path=/x;tcp:host=h,port=1");
  CHECK(found("autolaunch:").error().code == ErrorCode::storage_unavailable);
}

TEST_CASE("Else the socket in the runtime directory") {
  testing::TemporaryDirectory directory;
  const std::string runtime = directory / "a b;c";
  const platform::Environment environment({{"XDG_RUNTIME_DIR", runtime}});
  directory.write("a b;c/bus", "not a socket");
  const Result<std::string> none = find_session_bus(environment);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == ErrorCode::storage_unavailable);
  CHECK(none.error().message.find(runtime + "/bus") != std::string::npos);
  CHECK(none.error().message.find("DATABRICKS_AUTH_STORAGE=plaintext") != std::string::npos);
  REQUIRE(::unlink((runtime + "/bus").c_str()) == 0);
  const Socket socket(runtime + "/bus");
  CHECK(find_session_bus(environment).value() == "unix:path=" + (directory / "a%20b%3bc/bus"));
}

TEST_CASE("A keyring cache looks in the environment that it is given") {
  KeyringOptions options;
  options.environment = std::map<std::string, std::string>{{"XDG_RUNTIME_DIR", "/nonexistent"}};
  const Error error = make_keyring_token_cache(options)->get("k", {}).error();
  CHECK(error.code == ErrorCode::storage_unavailable);
  CHECK(error.message.find("/nonexistent/bus") != std::string::npos);
}

}  // namespace
}  // namespace dbxauth::tokenstore
