// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/secret_memory.hpp"
#include "dbxauth/secret_string.hpp"

using dbxauth::SecretString;

namespace {

// The VmFlags of the mapping that holds `address`, from /proc/self/smaps (proc(5)).
std::string mapping_flags(const void* address) {
  std::ifstream smaps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) inside = begin <= wanted && wanted < end;
    if (inside && line.rfind("VmFlags:", 0) == 0) return line + " ";
  }
  return {};
}

}  // namespace

TEST_CASE("SecretString is move-only and not convertible") {
  CHECK_FALSE(std::is_copy_constructible_v<SecretString>);
  CHECK_FALSE(std::is_copy_assignable_v<SecretString>);
  CHECK(std::is_nothrow_move_constructible_v<SecretString>);
  CHECK_FALSE(std::is_convertible_v<SecretString, std::string>);
  CHECK_FALSE(std::is_convertible_v<SecretString, std::string_view>);
  CHECK_FALSE(std::is_convertible_v<std::string, SecretString>);
}

TEST_CASE("SecretString keeps, moves, clones and clears its bytes") {
  SecretString a(std::string_view("pass\0word", 9));
  CHECK(a.size() == 9);
  CHECK(a.reveal() == std::string_view("pass\0word", 9));
  const SecretString copy = a.clone();
  CHECK(copy.reveal().data() != a.reveal().data());
  CHECK(copy.equals(a));

  const char* const before = a.reveal().data();
  SecretString b = std::move(a);
  CHECK(b.reveal().data() == before);
  CHECK(a.empty());  // NOLINT(bugprone-use-after-move): the moved-from state is documented
  SecretString& alias = b;
  b = std::move(alias);
  CHECK(b.size() == 9);
  a = std::move(b);
  CHECK(a.size() == 9);
  a.clear();
  CHECK(a.empty());
  CHECK(a.reveal().empty());
}

TEST_CASE("SecretString grows across every size class") {
  for (const std::size_t size : {0, 1, 63, 64, 65, 4095, 4096, 4097, 65536, 300000}) {
    std::string expected(size, '\0');
    for (std::size_t i = 0; i < size; ++i) expected[i] = static_cast<char>('a' + i % 26);
    SecretString whole(expected);
    SecretString grown;
    for (std::size_t at = 0; at < size; at += 997) grown.append(std::string_view(expected).substr(at, 997));
    CHECK(whole.reveal() == expected);
    CHECK(grown.equals(whole));
  }
}

TEST_CASE("append copes with its argument lying inside the object") {
  SecretString secret("abcdefghij");
  std::string expected = "abcdefghij";
  for (int i = 0; i < 12; ++i) {
    secret.append(secret.reveal());
    expected += std::string(expected);
    secret.append(secret.reveal().substr(3, 5));
    expected += expected.substr(3, 5);
  }
  CHECK(secret.reveal() == expected);
}

TEST_CASE("reserve keeps the contents in place while they fit") {
  SecretString secret("x");
  secret.reserve(10000);
  const char* const place = secret.reveal().data();
  for (int i = 0; i < 9999; ++i) secret.append("y");
  CHECK(secret.reveal().data() == place);
  CHECK(secret.size() == 10000);
}

TEST_CASE("take wipes its source, spare capacity included") {
  std::string source = "a secret that is too long for the small buffer of a string";
  source.reserve(200);
  const char* const bytes = source.data();
  const std::size_t capacity = source.capacity();
  const SecretString secret = SecretString::take(std::move(source));
  CHECK(secret.reveal() == "a secret that is too long for the small buffer of a string");
  CHECK(source.empty());  // NOLINT(bugprone-use-after-move)
  REQUIRE(source.data() == bytes);
  CHECK(source.capacity() == capacity);
  CHECK(std::string_view(bytes, capacity).find_first_not_of('\0') == std::string_view::npos);
  std::string small = "short";
  const char* const small_bytes = small.data();
  CHECK(SecretString::take(std::move(small)).reveal() == "short");
  CHECK(std::string_view(small_bytes, 5) == std::string_view("\0\0\0\0\0", 5));
}

TEST_CASE("equals compares contents and sizes") {
  const SecretString secret("correct horse");
  CHECK(secret.equals("correct horse"));
  CHECK_FALSE(secret.equals("correct horsf"));
  CHECK_FALSE(secret.equals("dorrect horse"));
  CHECK_FALSE(secret.equals("correct hors"));
  CHECK_FALSE(secret.equals(""));
  CHECK(SecretString().equals(SecretString("")));
}

TEST_CASE("released blocks are wiped before they are used again") {
  const auto block = dbxauth::base::allocate_secret(256);
  REQUIRE(block.capacity == 256);
  for (std::size_t i = 0; i < block.capacity; ++i) block.data[i] = 'S';
  dbxauth::base::release_secret(block);
  const auto again = dbxauth::base::allocate_secret(256);
  REQUIRE(again.data == block.data);
  // The allocator's own link is in front.
  CHECK(std::string_view(again.data + sizeof(void*), 256 - sizeof(void*)).find('S') == std::string_view::npos);
  dbxauth::base::release_secret(again);
}

TEST_CASE("secret memory is excluded from core dumps") {
  const SecretString small("token");
  const SecretString large(std::string(200000, 'x'));
  CHECK(mapping_flags(small.reveal().data()).find(" dd ") != std::string::npos);
  CHECK(mapping_flags(large.reveal().data()).find(" dd ") != std::string::npos);
  const std::string ordinary(200000, 'x');
  CHECK(mapping_flags(ordinary.data()).find(" dd ") == std::string::npos);
}

TEST_CASE("a forked child keeps its secrets and may make new ones") {
  const SecretString secret("inherited");
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) SecretString("churn").append(" more");
  });
  int failures = 0;
  for (int i = 0; i < 20; ++i) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::alarm(20);
      SecretString copy = secret.clone();
      copy.append(" and extended");
      ::_exit(copy.equals("inherited and extended") ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ++failures;
  }
  stop = true;
  busy.join();
  CHECK(failures == 0);
}

TEST_CASE("secrets may be made and destroyed on many threads") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&wrong, t] {
      const std::string mine(static_cast<std::size_t>(50 + 40 * t), static_cast<char>('a' + t));
      for (int i = 0; i < 2000; ++i) {
        SecretString secret(mine);
        SecretString copy = secret.clone();
        copy.append(mine);
        if (!secret.equals(mine) || !copy.equals(mine + mine)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
