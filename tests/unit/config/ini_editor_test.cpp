// SPDX-License-Identifier: Apache-2.0
#include "config/ini_editor.hpp"

#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace dbxauth::config {
namespace {

IniEditor opened(std::string_view text) {
  Result<IniEditor> editor = IniEditor::open(SecretString(text), "cfg");
  if (!editor) FAIL(editor.error().message);
  return std::move(*editor);
}

std::string after_set(std::string_view text, std::string_view section, std::string_view key, std::string_view value) {
  IniEditor editor = opened(text);
  const Result<void> set = editor.set(section, key, value);
  if (!set) return "<" + set.error().message + ">";
  CHECK(editor.document().find(section)->value(key) == value);
  CHECK(editor.document().text() == editor.text().reveal());
  return std::string(editor.text().reveal());
}

std::string after_remove(std::string_view text, std::string_view section, std::string_view key) {
  IniEditor editor = opened(text);
  REQUIRE(editor.remove(section, key).has_value());
  return std::string(editor.text().reveal());
}

std::string after_remove_section(std::string_view text, std::string_view section) {
  IniEditor editor = opened(text);
  REQUIRE(editor.remove_section(section).has_value());
  return std::string(editor.text().reveal());
}

TEST_CASE("A key that is there keeps everything but its value") {
  struct Case {
    const char* text;
    const char* value;
    const char* expected;
  };
  const Case cases[] = {
      {"[p]\nk = v\n", "w", "[p]\nk = w\n"},
      {"[p]\nk=v", "w", "[p]\nk=w"},
      {"[p]\n\tk  :  v  \n", "w", "[p]\n\tk  :  w  \n"},
      {"[p]\r\nk = v\r\n\r\nj = x", "w", "[p]\r\nk = w\r\n\r\nj = x"},
      {"\xEF\xBB\xBF[p]\nk = v\n", "w", "\xEF\xBB\xBF[p]\nk = w\n"},
      {"[p]\nk = v # note\n", "w", "[p]\nk = w # note\n"},
      {"[p]\nk = v ; note\n", "w", "[p]\nk = w ; note\n"},
      {"[p]\nk = \"v\"\n", "w", "[p]\nk = \"w\"\n"},
      {"[p]\nk = 'v' # note\n", "w", "[p]\nk = 'w' # note\n"},
      {"[p]\nk = `v`\n", "w", "[p]\nk = `w`\n"},
      {"[p]\nk = \"\"\"a\nb\"\"\"\nj = x\n", "c\nd", "[p]\nk = \"\"\"c\nd\"\"\"\nj = x\n"},
      {"[p]\nk = a\\\n  b\nj = x\n", "w", "[p]\nk = w\nj = x\n"},
      {"[p]\nk = 100%\n", "50%(x)s", "[p]\nk = 50%(x)s\n"},
      {"[p]\nk =\n", "w", "[p]\nk = w\n"},
      {"[p]\nk=\n", "w", "[p]\nk=w\n"},
      {"[p]\nk = \n", "w", "[p]\nk = w\n"},
      {"[p]\nk = one\nk = two\n", "w", "[p]\nk = one\nk = w\n"},
      {"[p]\nk = one\n[q]\n[p]\nk = two\n", "w", "[p]\nk = one\n[q]\n[p]\nk = w\n"},
      {"# only this\n[p]\nk = v\n# end", "v", "# only this\n[p]\nk = v\n# end"},
  };
  for (const Case& row : cases) {
    INFO(row.text);
    CHECK(after_set(row.text, "p", "k", row.value) == row.expected);
  }
}

TEST_CASE("A value is quoted only when it must be") {
  struct Case {
    const char* value;
    const char* written;
  };
  const Case cases[] = {
      {"plain", "plain"},
      {"a#b;c", "a#b;c"},
      {"a=b:c", "a=b:c"},
      {"50% of %(x)s", "50% of %(x)s"},
      {"it's", "it's"},
      {"\"half", "\"half"},
      {" outer ", "\" outer \""},
      {"\"whole\"", "'\"whole\"'"},
      {"'\"'", "`'\"'`"},
      {"a #b", "`a #b`"},
      {"C:\\dir\\", "\"C:\\dir\\\""},
      {"two\nlines", "`two\nlines`"},
      {"two\nlines`", "\"\"\"two\nlines`\"\"\""},
  };
  for (const Case& row : cases) {
    INFO(row.value);
    CHECK(after_set("[p]\nk = v\n", "p", "k", row.value) == "[p]\nk = " + std::string(row.written) + "\n");
    CHECK(after_set("[p]\nj = v\n", "p", "k", row.value) == "[p]\nj = v\nk = " + std::string(row.written) + "\n");
  }
  // Its own quotes stay where they can, and give way where they cannot.
  CHECK(after_set("[p]\nk = 'v'\nj = 'x'\n", "p", "k", "it's") == "[p]\nk = it's\nj = 'x'\n");
  // A comment that no quoting can live beside moves above the key.
  CHECK(after_set("[p]\nk = v # a ` tick\n", "p", "k", "x #y") == "[p]\nk = \"\"\"x #y\"\"\" # a ` tick\n");
  CHECK(after_set("[p]\r\n k = v # ` \"\"\"\r\n", "p", "k", "x #y") == "[p]\r\n # ` \"\"\"\r\n k = `x #y`\r\n");
}

TEST_CASE("A new key follows its neighbours and their style") {
  CHECK(after_set("[p]\nhost = h\n\n[q]\nk = v\n", "p", "token", "t") == "[p]\nhost = h\ntoken = t\n\n[q]\nk = v\n");
  CHECK(after_set("[p]\nhost=h\n", "p", "token", "t") == "[p]\nhost=h\ntoken=t\n");
  CHECK(after_set("[p]\nhost: h\n", "p", "token", "t") == "[p]\nhost: h\ntoken: t\n");
  CHECK(after_set("[p]\nhost      = h\nauth_type = pat\n", "p", "token", "t") ==
        "[p]\nhost      = h\nauth_type = pat\ntoken     = t\n");
  CHECK(after_set("[p]\nhost      = h\nauth_type = pat\n", "p", "azure_client_id", "t") ==
        "[p]\nhost      = h\nauth_type = pat\nazure_client_id = t\n");
  CHECK(after_set("[p]\n  host = h\n", "p", "token", "t") == "[p]\n  host = h\n  token = t\n");
  CHECK(after_set("[p]\nhost = h\n  user = u\n", "p", "token", "t") == "[p]\nhost = h\n  user = u\ntoken = t\n");
  CHECK(after_set("[p]\r\nhost = h", "p", "token", "t") == "[p]\r\nhost = h\r\ntoken = t");
  CHECK(after_set("[p]\n[q]\nk = v\n", "p", "token", "t") == "[p]\ntoken = t\n[q]\nk = v\n");
  CHECK(after_set("host = early\n# about p\n[p]\n", "DEFAULT", "token", "t") ==
        "host = early\ntoken = t\n# about p\n[p]\n");
  // A line that goes on must not swallow the new one.
  CHECK(after_set("[p]\nk = a\\", "p", "token", "t") == "[p]\nk = a\\\n\ntoken = t");
}

TEST_CASE("A new section goes to the end") {
  CHECK(after_set("", "p", "host", "h") == "[p]\nhost = h\n");
  CHECK(after_set("\xEF\xBB\xBF", "p", "host", "h") == "\xEF\xBB\xBF[p]\nhost = h\n");
  CHECK(after_set("[q]\nk=v\n", "p", "host", "h") == "[q]\nk=v\n\n[p]\nhost=h\n");
  CHECK(after_set("[q]\r\nk = v", "p", "host", "h") == "[q]\r\nk = v\r\n\r\n[p]\r\nhost = h\r\n");
  CHECK(after_set("# note\n\n", "p", "host", "h") == "# note\n\n[p]\nhost = h\n");
  CHECK(after_set("", "a ] b", "k", "v") == "[a ] b]\nk = v\n");
  CHECK(after_set("", "p", "a=b", "v") == "[p]\n\"a=b\" = v\n");
}

TEST_CASE("Removing takes the lines of the key and no more") {
  CHECK(after_remove("[p]\n# about k\nk = v # x\nj = w\n", "p", "k") == "[p]\n# about k\nj = w\n");
  CHECK(after_remove("[p]\nk = 1\nj = w\nk = 2\n", "p", "k") == "[p]\nj = w\n");
  CHECK(after_remove("[p]\nk = a\\\n b\nj = w", "p", "k") == "[p]\nj = w");
  CHECK(after_remove("\xEF\xBB\xBFk = 1\nj = w\n", "DEFAULT", "k") == "\xEF\xBB\xBFj = w\n");
  CHECK(after_remove("[p]\nK = v\n", "p", "k") == "[p]\nK = v\n");
  IniEditor editor = opened("[p]\nk = v\n");
  REQUIRE(editor.remove("q", "k").has_value());
  REQUIRE(editor.remove_section("q").has_value());
  REQUIRE(editor.set("p", "k", "v").has_value());
  CHECK_FALSE(editor.changed());
}

TEST_CASE("Removing a section takes what belongs to it") {
  const char* text =
      "# file\n\n# about a\n[a]\nk = 1\n# inside\n\n# about b\n[b]\nk = 2\n\n[a]\nk = 3\n# trailing\n\n[c]\nk = 4\n";
  CHECK(after_remove_section(text, "a") == "# file\n\n# about b\n[b]\nk = 2\n\n[c]\nk = 4\n");
  CHECK(after_remove_section(text, "c") ==
        "# file\n\n# about a\n[a]\nk = 1\n# inside\n\n# about b\n[b]\nk = 2\n\n[a]\nk = 3\n# trailing\n");
  CHECK(after_remove_section("k = 1\n; why\n[DEFAULT]\nj = 2\n\n[p]\nk = 3\n", "DEFAULT") ==
        "; why\n[DEFAULT]\n[p]\nk = 3\n");
  // What looks like a comment is a part of a value.
  CHECK(after_remove_section("[a]\nk = `\n# not a comment\n`\n[b]\nk = 1\n", "b") ==
        "[a]\nk = `\n# not a comment\n`\n");
  // Added and removed again is as it was.
  const std::string before = "[a]\nk = 1\n";
  CHECK(after_remove_section(after_set(before, "p", "host", "h"), "p") == before);
}

TEST_CASE("What cannot be written is refused and changes nothing") {
  IniEditor editor = opened("[p]\nk = v\n");
  const std::pair<std::string, std::string> names[] = {{"", "k"},   {"p", ""},  {"p", "a\nb"},   {"x\ny", "k"},
                                                       {" p", "k"}, {"p", "-"}, {"a ] # b", "k"}};
  for (const auto& [section, key] : names) {
    INFO(section << "|" << key);
    const Result<void> set = editor.set(section, key, "planted-secret-value");
    REQUIRE_FALSE(set.has_value());
    CHECK(set.error().code == ErrorCode::invalid_argument);
    CHECK(set.error().message.find("planted") == std::string::npos);
  }
  const Result<void> set = editor.set("p", "k", std::string_view("a\0b", 3));
  REQUIRE_FALSE(set.has_value());
  CHECK(set.error().code == ErrorCode::invalid_argument);
  CHECK_FALSE(editor.changed());
  CHECK(editor.text().equals("[p]\nk = v\n"));
  CHECK(IniEditor::open(SecretString("[p\n"), "cfg").error().message == "cfg:1: the section header has no closing ']'");
}

using Readings = std::vector<std::tuple<std::string, std::string, std::string>>;

Readings readings_without(const IniDocument& document, const std::string& section, const std::string& key) {
  Readings all;
  for (const IniSection& one : document.sections()) {
    for (const IniEntry& entry : one.entries) {
      if (one.name == section && entry.key == key) continue;
      all.emplace_back(one.name, std::string(entry.key), std::string(entry.value));
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return std::get<0>(a) < std::get<0>(b); });
  return all;
}

TEST_CASE("Any edits of any text that parses leave every other entry alone") {
  std::mt19937 random(20260701);
  const std::vector<std::string> lines = {"[p]",           "[q]",
                                          "[DEFAULT]",     "[p] # again",
                                          "host = h",      "token=t",
                                          "host: \"q\"",   "k = 'v' # c",
                                          "k = `a\nb` x",  "k = a\\",
                                          "  k = 1",       "# note",
                                          "; note ` '",    "",
                                          "token = %(x)s", "k = v ; ` c",
                                          "k =",           "\"k\" = v",
                                          "k = \\",        "host = a #b",
                                          "\tk\t=\tv\t#",  "k = \"\"\"\n[p]\n\"\"\""};
  const std::vector<std::string> values = {"v",   "",       " v ",  "a #b", "x ;y",      "\"q\"",
                                           "'q'", "tail\\", "a\nb", "`",    "it's # \"", "%"};
  int edits = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::string line_end = random() % 4 == 0 ? "\r\n" : "\n";
    std::string text = random() % 8 == 0 ? "\xEF\xBB\xBF" : "";
    for (auto i = random() % 12; i > 0; --i) text += lines[random() % lines.size()] + line_end;
    if (random() % 4 == 0) text += lines[random() % lines.size()];
    Result<IniEditor> editor = IniEditor::open(SecretString(text), "cfg");
    if (!editor) continue;
    for (int step = 0; step < 4; ++step) {
      const std::string section = std::vector<std::string>{"p", "q", "DEFAULT", "r"}[random() % 4];
      const std::string key = std::vector<std::string>{"k", "host", "token", "new"}[random() % 4];
      const Readings before = readings_without(editor->document(), section, key);
      INFO(text << "\n--- now\n" << editor->text().reveal() << "\n--- " << section << " " << key);
      if (random() % 3 != 0) {
        const std::string value = values[random() % values.size()];
        REQUIRE(editor->set(section, key, value).has_value());
        REQUIRE(editor->document().find(section)->value(key) == value);
      } else {
        REQUIRE(editor->remove(section, key).has_value());
        const IniSection* left = editor->document().find(section);
        REQUIRE((left == nullptr || left->find(key) == nullptr));
      }
      REQUIRE(readings_without(editor->document(), section, key) == before);
      ++edits;
    }
  }
  CHECK(edits > 5000);
}

}  // namespace
}  // namespace dbxauth::config
