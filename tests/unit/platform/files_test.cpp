// SPDX-License-Identifier: Apache-2.0
#include "platform/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using namespace dbxauth::platform;
using testing::TemporaryDirectory;

namespace {

std::size_t entries(const TemporaryDirectory& directory) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.path())) ++count;
  return count;
}

}  // namespace

TEST_CASE("a file is read whole, within the limit, and only when it is a file") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("a", std::string(100000, 'x') + std::string("\0y", 2));
  CHECK(read_file(path)->size() == 100002);
  CHECK(read_file(path, 100002)->reveal().back() == 'y');
  CHECK(read_file(path, 100001).error().code == ErrorCode::io);
  CHECK(read_file(directory.write("empty", ""), 0)->empty());

  const auto absent = read_file(directory / "absent");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == ErrorCode::not_found);
  CHECK(absent.error().message.find(directory / "absent") != std::string::npos);
  CHECK(read_file(path + "/below").error().code == ErrorCode::not_found);
  CHECK(read_file(directory.path()).error().code == ErrorCode::io);
  CHECK(read_file("").error().code == ErrorCode::invalid_argument);
  CHECK(read_file(std::string("a\0b", 3)).error().code == ErrorCode::invalid_argument);
  REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  CHECK(read_file(directory / "fifo").error().code == ErrorCode::io);  // And does not wait for a writer.
  CHECK(read_file("/proc/self/status")->size() > 0);                   // Claims to have no size.
}

TEST_CASE("a file is replaced with the mode asked for, whatever the umask") {
  const TemporaryDirectory directory;
  const std::string path = directory / "token.json";
  const mode_t previous = ::umask(0077);
  REQUIRE(write_file_atomically(path, "one", 0644));
  ::umask(previous);
  CHECK(file_status(path)->mode == 0644u);
  REQUIRE(write_file_atomically(path, "two"));
  CHECK(file_status(path)->mode == 0600u);
  CHECK(file_status(path)->owned_by_me);
  CHECK(file_status(path)->size == 3);
  CHECK(directory.read("token.json") == "two");
  CHECK(entries(directory) == 1);
}

TEST_CASE("links are followed and stay") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "real");
  directory.write("real/file", "old");
  std::filesystem::create_symlink("real/file", directory / "second");
  std::filesystem::create_symlink(directory / "second", directory / "first");
  REQUIRE(write_file_atomically(directory / "first", "new"));
  CHECK(std::filesystem::is_symlink(directory / "first"));
  CHECK(std::filesystem::is_symlink(directory / "second"));
  CHECK(directory.read("real/file") == "new");

  std::filesystem::create_symlink("real/made", directory / "dangling");
  REQUIRE(write_file_atomically(directory / "dangling", "made"));
  CHECK(directory.read("real/made") == "made");

  std::filesystem::create_symlink("loop-b", directory / "loop-a");
  std::filesystem::create_symlink("loop-a", directory / "loop-b");
  const auto looped = write_file_atomically(directory / "loop-a", "x");
  REQUIRE_FALSE(looped);
  CHECK(looped.error().code == ErrorCode::io);
}

TEST_CASE("a failed replacement leaves the old contents and nothing beside") {
  const TemporaryDirectory directory;
  CHECK(write_file_atomically(directory.path(), "x").error().code == ErrorCode::io);
  CHECK(write_file_atomically(directory / "absent/file", "x").error().code == ErrorCode::io);
  REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  CHECK(write_file_atomically(directory / "fifo", "x").error().code == ErrorCode::io);
  CHECK(entries(directory) == 1);
  CHECK(write_file_atomically("/proc/dbxauth-test", "x").error().code == ErrorCode::io);
}

TEST_CASE("temporary files of a crashed writer do no harm, and long names fit") {
  const TemporaryDirectory directory;
  directory.write(".file.0123456789abcdef01234567.tmp", "torn");
  REQUIRE(write_file_atomically(directory / "file", "whole"));
  CHECK(directory.read("file") == "whole");
  CHECK(directory.read(".file.0123456789abcdef01234567.tmp") == "torn");
  const std::string longest(255, 'n');
  REQUIRE(write_file_atomically(directory / longest, "x"));
  CHECK(directory.read(longest) == "x");
}

TEST_CASE("readers see the old or the new contents and never a mixture") {
  const TemporaryDirectory directory;
  const std::string path = directory / "file";
  const std::string a(50000, 'a');
  const std::string b(70000, 'b');
  REQUIRE(write_file_atomically(path, a));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 50; ++i) {
      if (!write_file_atomically(path, i % 2 == 0 ? b : a)) break;
    }
    done = true;
  });
  int torn = 0;
  while (!done) {
    const auto contents = read_file(path);
    if (!contents || (contents->reveal() != a && contents->reveal() != b)) ++torn;
  }
  writer.join();
  CHECK(torn == 0);
}

TEST_CASE("directories are made with their parents") {
  const TemporaryDirectory directory;
  REQUIRE(make_directories(directory / "a/b/c"));
  CHECK(file_status(directory / "a/b/c")->directory);
  CHECK(file_status(directory / "a/b")->mode == 0700u);
  REQUIRE(make_directories(directory / "a/b/c/"));
  directory.write("file", "");
  CHECK(make_directories(directory / "file").error().code == ErrorCode::io);
  CHECK(make_directories(directory / "file/x").error().code == ErrorCode::io);
  CHECK(make_directories("").error().code == ErrorCode::invalid_argument);
}

TEST_CASE("paths") {
  CHECK(parent_directory("/a/b") == "/a");
  CHECK(parent_directory("/a/b/") == "/a");
  CHECK(parent_directory("/a") == "/");
  CHECK(parent_directory("/") == "/");
  CHECK(parent_directory("a") == ".");
  CHECK(parent_directory("a/b") == "a");
  CHECK(parent_directory("a//b") == "a");
  CHECK(parent_directory("") == ".");
  CHECK(join_path("/a", "b") == "/a/b");
  CHECK(join_path("/a/", "b") == "/a/b");
  CHECK(join_path("/a", "/b") == "/b");
  CHECK(join_path("", "b") == "b");
  CHECK(expand_home("~", "/home/me") == "/home/me");
  CHECK(expand_home("~/x", "/home/me/") == "/home/me/x");
  CHECK(expand_home("~/", "/") == "/");
  CHECK(expand_home("~other/x", "/home/me") == "~other/x");
  CHECK(expand_home("/x/~", "/home/me") == "/x/~");
  CHECK(expand_home("~/x", "") == "~/x");
  CHECK_FALSE(file_status("/no/such/file"));
}
