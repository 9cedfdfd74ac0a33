// SPDX-License-Identifier: Apache-2.0
#include "config/profile_store.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "platform/files.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::config {
namespace {

using dbxauth::ErrorCode;
using testing::TemporaryDirectory;

Result<void> set_key(const std::string& path, const std::string& key, const std::string& value) {
  return edit_profile_file(path, [&](IniEditor& editor) { return editor.set("p", key, value); }, {});
}

unsigned mode_of(const std::string& path) {
  return platform::file_status(path).value().mode;
}

std::set<std::string> files_of(const TemporaryDirectory& directory) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) files.insert(entry.path().filename());
  return files;
}

TEST_CASE("A new profile file is private and has no backup") {
  const TemporaryDirectory directory;
  const std::string path = directory / ".databrickscfg";
  REQUIRE(set_key(path, "host", "h").has_value());
  CHECK(directory.read(".databrickscfg") == "[p]\nhost = h\n");
  CHECK(mode_of(path) == 0600);
  CHECK_FALSE(directory.exists(".databrickscfg.bak"));
}

TEST_CASE("A directory that is not there is not made") {
  const TemporaryDirectory directory;
  const std::string path = directory / "below/.databrickscfg";
  const auto refused = set_key(path, "host", "h");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::configuration);
  CHECK(refused.error().message.find(directory / "below") != std::string::npos);
  CHECK(files_of(directory).empty());
}

TEST_CASE("The previous bytes go to a private backup and the mode stays") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("cfg", "# mine\r\n[p]\r\nhost = old\r\n", 0640);
  REQUIRE(set_key(path, "host", "new").has_value());
  CHECK(directory.read("cfg") == "# mine\r\n[p]\r\nhost = new\r\n");
  CHECK(directory.read("cfg.bak") == "# mine\r\n[p]\r\nhost = old\r\n");
  CHECK(mode_of(path) == 0640);
  CHECK(mode_of(path + ".bak") == 0600);
  CHECK(files_of(directory) == std::set<std::string>{"cfg", "cfg.bak", "cfg.lock"});
}

TEST_CASE("Nothing is written when nothing changed or the change failed") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("cfg", "[p]\nhost = h\n");
  REQUIRE(set_key(path, "host", "h").has_value());
  const Result<void> failed = edit_profile_file(path,
                                                [](IniEditor& editor) -> Result<void> {
                                                  if (auto set = editor.set("p", "host", "other"); !set) return set;
                                                  return Error(ErrorCode::not_found, "no such profile");
                                                },
                                                {});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message == "no such profile");
  CHECK(directory.read("cfg") == "[p]\nhost = h\n");
  CHECK(files_of(directory) == std::set<std::string>{"cfg", "cfg.lock"});
}

TEST_CASE("A symbolic link stays and the file that it names is changed") {
  const TemporaryDirectory directory;
  directory.write("dotfiles/cfg", "[p]\nhost = old\n", 0644);
  REQUIRE(::symlink("dotfiles/cfg", (directory / "cfg").c_str()) == 0);
  REQUIRE(set_key(directory / "cfg", "host", "new").has_value());
  CHECK(std::filesystem::is_symlink(directory / "cfg"));
  CHECK(directory.read("dotfiles/cfg") == "[p]\nhost = new\n");
  CHECK(mode_of(directory / "dotfiles/cfg") == 0644);
}

TEST_CASE("A file that cannot be parsed or is no file is refused and left alone") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("cfg", "[p\nhost = dapi-planted\n");
  const Result<void> malformed = set_key(path, "host", "h");
  REQUIRE_FALSE(malformed.has_value());
  CHECK(malformed.error().code == ErrorCode::configuration);
  CHECK(malformed.error().message.find("cfg:1: the section header") != std::string::npos);
  CHECK(malformed.error().message.find("planted") == std::string::npos);
  CHECK(directory.read("cfg") == "[p\nhost = dapi-planted\n");
  CHECK_FALSE(directory.exists("cfg.bak"));
  CHECK(set_key("/dev/null", "host", "h").error().code == ErrorCode::configuration);
  CHECK(set_key("", "host", "h").error().code == ErrorCode::configuration);
  CHECK(set_key(directory.path(), "host", "h").error().code == ErrorCode::io);
}

TEST_CASE("A cancelled edit does not wait for the lock") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("cfg", "[p]\nhost = h\n");
  const auto held = platform::FileLock::acquire(path + ".lock", {}, std::chrono::milliseconds{1000});
  REQUIRE(held.has_value());
  CancelSource cancel;
  cancel.cancel();
  CallContext context;
  context.cancel = cancel.token();
  const Result<void> edited = edit_profile_file(
      path, [](IniEditor& editor) { return editor.set("p", "host", "x"); }, context);
  REQUIRE_FALSE(edited.has_value());
  CHECK(edited.error().code == ErrorCode::cancelled);
  CHECK(directory.read("cfg") == "[p]\nhost = h\n");
}

/// Runs `body` in a child that leaves by _exit() with its result: no test framework runs twice.
template <class Body>
pid_t in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  return child;
}

TEST_CASE("Processes that edit different keys at once lose nothing") {
  constexpr int processes = 6;
  constexpr int edits = 20;
  const TemporaryDirectory directory;
  const std::string path = directory.write("cfg", "# kept\n[other]\nhost = h\n");
  std::vector<pid_t> children;
  for (int process = 0; process < processes; ++process) {
    children.push_back(in_child([&] {
      for (int edit = 0; edit < edits; ++edit) {
        const std::string key = "k" + std::to_string(process) + "_" + std::to_string(edit);
        if (!set_key(path, key, key)) return 1;
      }
      return 0;
    }));
    REQUIRE(children.back() > 0);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  }
  const std::string text = directory.read("cfg");
  CHECK(text.substr(0, 25) == "# kept\n[other]\nhost = h\n\n");
  const IniDocument document = IniDocument::parse(SecretString(text), "cfg").value();
  CHECK(document.find("p")->entries.size() == processes * edits);
  for (const IniEntry& entry : document.find("p")->entries) CHECK(entry.key == entry.value);
  CHECK(files_of(directory) == std::set<std::string>{"cfg", "cfg.bak", "cfg.lock"});
}

TEST_CASE("A process that is killed while it edits leaves the old file or the new one") {
  const TemporaryDirectory directory;
  const std::string kept = "# kept\n[p]\nhost = h\n# end\n";
  const std::string path = directory.write("cfg", kept);
  const std::string values[] = {std::string(3000, 'a'), std::string(3000, 'b')};
  std::set<std::string> whole = {kept};
  for (const std::string& value : values) whole.insert("# kept\n[p]\nhost = h\ntoken = " + value + "\n# end\n");
  for (int round = 0; round < 20; ++round) {
    int progress[2];
    REQUIRE(::pipe(progress) == 0);
    const pid_t child = in_child([&] {
      for (int edit = 0;; ++edit) {
        if (!set_key(path, "token", values[edit % 2])) return 1;
        if (::write(progress[1], "x", 1) != 1) return 2;
      }
    });
    REQUIRE(child > 0);
    ::close(progress[1]);
    // Killed after a varying number of edits, at whatever point the next one has reached.
    char byte = 0;
    for (int i = 0; i <= round % 3; ++i) REQUIRE(::read(progress[0], &byte, 1) == 1);
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    ::close(progress[0]);
    REQUIRE(whole.count(directory.read("cfg")) == 1);
    if (directory.exists("cfg.bak")) REQUIRE(whole.count(directory.read("cfg.bak")) == 1);
  }
  // The dead processes' locks are free.
  REQUIRE(set_key(path, "token", values[0]).has_value());
}

}  // namespace
}  // namespace dbxauth::config
