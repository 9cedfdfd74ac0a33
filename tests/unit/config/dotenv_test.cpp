// SPDX-License-Identifier: Apache-2.0
#include "config/dotenv.hpp"

#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace dbxauth::config {
namespace {

std::string value_of(std::string_view text, std::string_view name = "A") {
  const DotenvDocument document = parse_dotenv(text, ".env");
  const DotenvEntry* entry = document.find(name);
  return entry ? std::string(entry->value.reveal()) : "<unset>";
}

TEST_CASE("A .env value is what python-dotenv reads") {
  struct Case {
    const char* text;
    const char* value;
  };
  const Case cases[] = {
      {"A=b", "b"},
      {"A = b \n", "b"},
      {"export A=b\n", "b"},
      {"export\tA=b\n", "b"},
      {"  A=b\n", "b"},
      {"'A'=b\n", "b"},
      {"A=\n", ""},
      {"A=''\n", ""},
      {"A=b # comment\n", "b"},
      {"A=b#data\n", "b#data"},
      {"A=#comment\n", ""},
      {"A='b # c' # comment\n", "b # c"},
      {"A=\"b\\nc\\t\\\"d\\\"\"\n", "b\nc\t\"d\""},
      {"A='b\\nc\\'d'\n", "b\\nc'd"},
      {"A=\"b\\qc\"\n", "b\\qc"},
      {"A=\"b\nc\"\nB=d\n", "b\nc"},
      {"A=b c d\n", "b c d"},
      {"A=b\r\nB=c\r\n", "b"},
      {"A=${HOME}\n", "${HOME}"},
      {"A=one\nA=two\n", "two"},
      {"\xEF\xBB\xBF"
       "A=b\n",
       "b"},
      {"# A=c\nA=b\n", "b"},
      {"A\n", "<unset>"},
      {"A=a=b\n", "a=b"},
      {"exportA=b\n", "<unset>"},
      {"A=\"b\" trailing\n", "<unset>"},
      {"A='b\n", "<unset>"},
  };
  for (const Case& row : cases) {
    INFO(row.text);
    CHECK(value_of(row.text) == row.value);
  }
}

TEST_CASE("A line that cannot be read costs only itself and is reported without its contents") {
  const DotenvDocument document = parse_dotenv("A=1\n=hunter2\n\"quoted\nB=2\nC=\"x\ny\"\nD=4\n", "/x/.env");
  CHECK(document.find("A")->value.reveal() == "1");
  CHECK(document.find("B")->value.reveal() == "2");
  CHECK(document.find("B")->line == 4);
  CHECK(document.find("D")->line == 7);
  REQUIRE(document.warnings.size() == 1);
  CHECK(document.warnings[0] == "/x/.env:2: the line was skipped: expected NAME=value");
}

TEST_CASE("Any bytes are read as a .env file without harm") {
  std::mt19937 random(7);
  const std::string alphabet = "A=#'\"\\ \t\r\n\0export${}";
  std::size_t entries = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const std::size_t size = random() % 40;
    for (std::size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
    for (const DotenvEntry& entry : parse_dotenv(text, ".env").entries) {
      REQUIRE_FALSE(entry.name.empty());
      REQUIRE(entry.line >= 1);
      ++entries;
    }
  }
  CHECK(entries > 100);
}

}  // namespace
}  // namespace dbxauth::config
