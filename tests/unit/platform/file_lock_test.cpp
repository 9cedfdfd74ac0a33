// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "platform/files.hpp"
#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using namespace std::chrono_literals;
using platform::FileLock;
using testing::TemporaryDirectory;

TEST_CASE("a lock excludes until it is released") {
  const TemporaryDirectory directory;
  const std::string path = directory / "lock";
  {
    auto held = FileLock::acquire(path, {}, 0ms);
    REQUIRE(held);
    const auto refused = FileLock::acquire(path, {}, 20ms);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::timed_out);
    CHECK(refused.error().retryable);
    CHECK(refused.error().message.find(path) != std::string::npos);
    FileLock moved = std::move(*held);
    CHECK_FALSE(FileLock::acquire(path, {}, 0ms));
  }
  CHECK(FileLock::acquire(path, {}, 0ms));
}

TEST_CASE("waiting for a lock ends with the context") {
  const TemporaryDirectory directory;
  const std::string path = directory / "lock";
  const auto held = FileLock::acquire(path, {}, 0ms);
  REQUIRE(held);
  CHECK(FileLock::acquire(path, CallContext::with_timeout(20ms), 1h).error().code == ErrorCode::timed_out);
  CancelSource source;
  CallContext context;
  context.cancel = source.token();
  std::thread canceller([&source] { source.cancel(); });
  const auto cancelled = FileLock::acquire(path, context, 1h);
  canceller.join();
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
}

TEST_CASE("threads take turns") {
  const TemporaryDirectory directory;
  const std::string path = directory / "lock";
  // Read and written in two steps that only the lock keeps together. Atomic, as no thread sanitizer knows of flock.
  std::atomic<int> counter{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) {
        auto held = FileLock::acquire(path, {}, 60s);
        if (!held) continue;
        const int before = counter.load();
        std::this_thread::yield();
        counter.store(before + 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(counter == 100);
}

TEST_CASE("a lock dies with its process, and a fork does not keep it") {
  const TemporaryDirectory directory;
  const std::string path = directory / "lock";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto held = FileLock::acquire(path, {}, 60s);
    ::_exit(held ? 0 : 1);  // No destructor runs.
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  auto held = FileLock::acquire(path, {}, 0ms);
  REQUIRE(held);

  int pipe_ends[2] = {-1, -1};
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t sleeper = ::fork();
  REQUIRE(sleeper >= 0);
  if (sleeper == 0) {
    ::close(pipe_ends[1]);
    char byte = 0;
    while (::read(pipe_ends[0], &byte, 1) > 0) {
    }
    ::_exit(0);
  }
  held = Error(ErrorCode::internal, "released");
  CHECK(FileLock::acquire(path, {}, 0ms));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  REQUIRE(::waitpid(sleeper, &status, 0) == sleeper);
}

TEST_CASE("a lock file that was removed meanwhile is not mistaken for the lock") {
  const TemporaryDirectory directory;
  const std::string path = directory / "lock";
  auto first = FileLock::acquire(path, {}, 0ms);
  REQUIRE(first);
  std::filesystem::remove(path);
  const auto second = FileLock::acquire(path, {}, 0ms);  // A new file, hence a new lock.
  REQUIRE(second);
  first = Error(ErrorCode::internal, "released");
  CHECK_FALSE(FileLock::acquire(path, {}, 0ms));
}

TEST_CASE("an unusable lock file is an error at once") {
  const TemporaryDirectory directory;
  CHECK(FileLock::acquire(directory / "absent/lock", {}, 1h).error().code == ErrorCode::io);
  CHECK(FileLock::acquire("", {}, 1h).error().code == ErrorCode::invalid_argument);
  std::filesystem::create_symlink("elsewhere", directory / "link");
  CHECK(FileLock::acquire(directory / "link", {}, 1h).error().code == ErrorCode::io);
}
