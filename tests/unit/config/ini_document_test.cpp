// SPDX-License-Identifier: Apache-2.0
#include "config/ini_document.hpp"

#include <random>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

namespace dbxauth::config {
namespace {

IniDocument parsed(std::string_view text) {
  Result<IniDocument> document = IniDocument::parse(SecretString(text), "cfg");
  if (!document) FAIL(document.error().message);
  return std::move(*document);
}

std::string value_of(std::string_view text, std::string_view section = "p", std::string_view key = "k") {
  const IniDocument document = parsed(text);
  const IniSection* found = document.find(section);
  if (!found) return "<no section>";
  const IniEntry* entry = found->find(key);
  return entry ? std::string(entry->value) : "<no key>";
}

std::string error_of(std::string_view text) {
  const Result<IniDocument> document = IniDocument::parse(SecretString(text), "cfg");
  if (document) return "<no error>";
  CHECK(document.error().code == ErrorCode::configuration);
  return document.error().message;
}

TEST_CASE("A value is what go-ini reads") {
  struct Case {
    const char* text;
    const char* value;
  };
  // Each row was observed with the official Go SDK.
  const Case cases[] = {
      {"[p]\nk = v\n", "v"},
      {"[p]\nk: v\n", "v"},
      {"[p]\nk=v", "v"},
      {"[p]\nk = a=b:c\n", "a=b:c"},
      {"[p]\r\nk = v\r\n", "v"},
      {"\xEF\xBB\xBF[p]\nk = v\n", "v"},
      {"[p]\n\tk = v  \n", "v"},
      {"[p]\nk = v # comment\n", "v"},
      {"[p]\nk = v ; comment\n", "v"},
      {"[p]\nk = v#data;data\n", "v#data;data"},
      {"[p]\nk = v\t# kept\n", "v\t# kept"},
      {"[p]\nk = \"v\"\n", "v"},
      {"[p]\nk = 'v'\n", "v"},
      {"[p]\nk = `v # literal`\n", "v # literal"},
      {"[p]\nk = \"a #b\"\n", "\"a"},
      {"[p]\nk = \"a\" \"b\"\n", "\"a\" \"b\""},
      {"[p]\nk = \"\"\"a\nb\"\"\"\n", "a\nb"},
      {"[p]\nk = `a\nb`\nj = w\n", "a\nb"},
      {"[p]\nk = one\nk = two\n", "two"},
      {"[p]\nk = one\n[q]\nk = x\n[p]\nk = two\n", "two"},
      {"[p]\nK = v\n", "<no key>"},
      {"[p]\nk =\n", ""},
      {"[p]\nk = %(x)s ${env:HOME}\n", "%(x)s ${env:HOME}"},
      {"[p] # note\nk = v\n", "v"},
      {"[p] # see [q]\nk = v\n", "v"},
      {"# c\n; c\n  # c\n[p]\nk = v\n", "v"},
      {"[p]\nk = a\\\n  b\n", "ab"},
      {"[p]\nk = a\\\n  b\\\nc # not a comment\nj = w\n", "abc # not a comment"},
      {"[p]\n\"k\" = v\n", "v"},
      {"[p]\nk = \xC3\xA9\n", "\xC3\xA9"},
  };
  for (const Case& row : cases) {
    INFO(row.text);
    CHECK(value_of(row.text) == row.value);
  }
}

TEST_CASE("Sections do not inherit and early keys belong to DEFAULT") {
  const char* text = "token = early\n[DEFAULT]\nhost = h\n[p]\nk = v\n";
  CHECK(value_of(text, "DEFAULT", "token") == "early");
  CHECK(value_of(text, "DEFAULT", "host") == "h");
  CHECK(value_of(text, "p", "host") == "<no key>");
  CHECK(value_of("[Default]\nk = v\n", "DEFAULT") == "<no section>");
  CHECK(value_of("[my profile]\nk = v\n", "my profile") == "v");
}

TEST_CASE("Errors name file and line and quote no value") {
  CHECK(error_of("[p]\ndapi-hunter2\n") ==
        "cfg:2: expected 'key = value', a [section] or a comment; the line has no '=' or ':'");
  CHECK(error_of("\n\n[p\nk = v\n") == "cfg:3: the section header has no closing ']'");
  CHECK(error_of("[]\n") == "cfg:1: the section header is empty");
  CHECK(error_of("[p]\n= v\n") == "cfg:2: the key before the delimiter is empty");
  CHECK(error_of("[p]\nk = `never\nclosed\n") == "cfg:2: the value that starts with ` is not closed");
  CHECK(error_of("[p]\nk = \"\"\"never\nclosed\n") == "cfg:2: the value that starts with \"\"\" is not closed");
  CHECK(error_of("[p]\n\"k = v\n") == "cfg:2: the quoted key is not closed");
  CHECK(error_of(std::string_view("\xFF\xFE[\0p\0", 6)) == "cfg:1: the file is UTF-16; save it as UTF-8");
}

TEST_CASE("Entries know their lines and byte ranges") {
  const std::string text = "\xEF\xBB\xBF# note\r\n[p]\r\na = 1\r\nb = x\\\r\n  y\r\n\r\n[q]\nc = `1\n2`\nd = 4";
  const IniDocument document = parsed(text);
  CHECK(document.text() == text);
  const IniSection* p = document.find("p");
  REQUIRE(p != nullptr);
  CHECK(p->line == 2);
  REQUIRE(p->headers.size() == 1);
  CHECK(text.substr(p->headers[0].begin, p->headers[0].end - p->headers[0].begin) == "[p]\r\n");
  CHECK(p->find("a")->line == 3);
  const IniEntry* b = p->find("b");
  CHECK(b->line == 4);
  CHECK(b->value == "xy");
  CHECK(text.substr(b->begin, b->end - b->begin) == "b = x\\\r\n  y\r\n");
  const IniSection* q = document.find("q");
  CHECK(q->find("c")->line == 8);
  CHECK(q->find("d")->line == 10);
  CHECK(text.substr(q->find("d")->begin) == "d = 4");
}

TEST_CASE("Moving a document keeps its views") {
  IniDocument first = parsed("[p]\nk = joined\\\n value\nj = plain\n");
  const IniDocument second = std::move(first);
  CHECK(second.find("p")->value("k") == "joinedvalue");
  CHECK(second.find("p")->value("j") == "plain");
  CHECK(second.find("p")->value("absent").empty());
}

TEST_CASE("Any bytes are parsed or refused, and ranges stay inside the text") {
  std::mt19937 random(20260101);
  const std::string alphabet = "[]=:#;'\"`\\ \t\r\n\0kv%\xEF\xBB\xBF";
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const std::size_t size = random() % 40;
    for (std::size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
    const Result<IniDocument> document = IniDocument::parse(SecretString(text), "cfg");
    if (!document) continue;
    ++accepted;
    REQUIRE(document->text() == text);
    for (const IniSection& section : document->sections()) {
      for (const IniEntry& entry : section.entries) {
        REQUIRE(entry.begin < entry.end);
        REQUIRE(entry.end <= text.size());
        REQUIRE_FALSE(entry.key.empty());
      }
    }
  }
  CHECK(accepted > 100);
}

}  // namespace
}  // namespace dbxauth::config
