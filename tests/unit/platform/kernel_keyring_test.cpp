// SPDX-License-Identifier: Apache-2.0
#include "platform/kernel_keyring.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace dbxauth;
using platform::KernelKey;

namespace {

/// A key that no other run of the tests uses; gone at the end.
struct OwnKey {
  KernelKey key{"dbxauth:test:" + std::to_string(::getpid())};
  ~OwnKey() { static_cast<void>(key.remove()); }
};

/// True when the kernel allows keys; where it does not, the error is checked instead.
bool kernel_allows(const KernelKey& key) {
  const auto usable = key.usable();
  if (usable) return true;
  CHECK(usable.error().code == ErrorCode::storage_unavailable);
  CHECK_THAT(usable.error().message, Catch::Contains("the kernel's user keyring cannot be used") &&
                                         Catch::Contains("from a file or from a passphrase"));
  CHECK(key.read_or_make(32).error().code == ErrorCode::storage_unavailable);
  return false;
}

}  // namespace

TEST_CASE("a kernel key is made once, read again and removed", "[kernel-keyring]") {
  const OwnKey own;
  if (!kernel_allows(own.key)) return;
  CHECK(own.key.read().error().code == ErrorCode::not_found);
  const auto made = own.key.read_or_make(32);
  REQUIRE(made);
  CHECK(made->size() == 32);
  CHECK(own.key.read().value().equals(*made));
  CHECK(own.key.read_or_make(32).value().equals(*made));
  CHECK(own.key.usable());
  REQUIRE(own.key.remove());
  CHECK(own.key.read().error().code == ErrorCode::not_found);
  CHECK(own.key.remove());
}

TEST_CASE("processes that make the kernel key at once get the same", "[kernel-keyring]") {
  const OwnKey own;
  if (!kernel_allows(own.key)) return;
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto key = own.key.read_or_make(32);
      ::_exit(key && ::write(pipe_ends[1], key->reveal().data(), 32) == 32 ? 0 : 1);
    }
    REQUIRE(child > 0);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  ::close(pipe_ends[1]);
  const SecretString expected = own.key.read().value();
  std::string bytes(32, '\0');
  for (int i = 0; i < 8; ++i) {
    REQUIRE(::read(pipe_ends[0], bytes.data(), 32) == 32);
    CHECK(expected.equals(bytes));
  }
  ::close(pipe_ends[0]);
}
