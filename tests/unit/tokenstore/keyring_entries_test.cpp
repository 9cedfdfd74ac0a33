// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/keyring_entries.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "support/log_capture.hpp"
#include "unit/tokenstore/sample_tokens.hpp"
#include "unit/tokenstore/scripted_secret_store.hpp"

namespace dbxauth::tokenstore {
namespace {

using testing::sample_token;
using testing::ScriptedKeyring;
using testing::ScriptedSecretStore;

struct Setting {
  std::shared_ptr<ScriptedKeyring> keyring = std::make_shared<ScriptedKeyring>();
  ScriptedSecretStore store{keyring};
  KeyringCall call{KeyringCall::Limits{}};
  KeyringEntries entries{store, call, {400, 100}};

  std::size_t chunks() const {
    std::size_t count = 0;
    for (const auto& item : keyring->items()) count += item.first.first == kChunkService ? 1 : 0;
    return count;
  }
  std::string stored(const std::string& key) const {
    const Result<Token> token = decode_keyring_payload(keyring->login(key), key);
    return token ? std::string(token->access_token.reveal()) : "none";
  }
};

Token large_token(char filling, std::size_t size = 1000) {
  return sample_token(std::string(size, filling), "r");
}

Error broken() {
  return {ErrorCode::storage_unavailable, "it broke"};
}

TEST_CASE("A login is one item of the official service") {
  Setting setting;
  CHECK(setting.entries.get("k").error().code == ErrorCode::not_found);
  REQUIRE(setting.entries.put({"k"}, sample_token()).has_value());
  REQUIRE(setting.keyring->items().size() == 1);
  CHECK(setting.keyring->items().begin()->first == ScriptedKeyring::Name("databricks-cli", "k"));
  CHECK(setting.entries.get("k").value().access_token.equals("eyJ.access"));
  REQUIRE(setting.entries.remove("k").has_value());
  REQUIRE(setting.entries.remove("k").has_value());
  CHECK(setting.keyring->items().empty());
}

TEST_CASE("A list is sorted and without duplicates of chunks and others") {
  Setting setting;
  REQUIRE(setting.entries.put({"b"}, large_token('x')).has_value());
  REQUIRE(setting.entries.put({"a"}, sample_token()).has_value());
  setting.keyring->set({"another", "c"}, "x");
  CHECK(setting.entries.list().value() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("Several keys are stored or none") {
  Setting setting;
  REQUIRE(setting.entries.put({"one"}, sample_token("old", "")).has_value());
  setting.keyring->before([](const std::string& operation, const SecretName& name) -> Result<void> {
    if (operation == "store" && name.username == "three") return broken();
    return {};
  });
  const Result<void> put = setting.entries.put({"one", "two", "three"}, sample_token("new", ""));
  REQUIRE_FALSE(put.has_value());
  CHECK(put.error().message == "it broke");
  CHECK(setting.stored("one") == "old");
  CHECK(setting.keyring->login("two") == "none");
  CHECK(setting.keyring->items().size() == 1);
}

TEST_CASE("What somebody else has stored meanwhile is not taken back") {
  Setting setting;
  setting.keyring->before([&](const std::string& operation, const SecretName& name) -> Result<void> {
    if (operation != "store" || name.username != "two") return {};
    setting.keyring->set({kKeyringService, "one"}, R"({"token":{"access_token":"theirs"}})");
    return broken();
  });
  REQUIRE_FALSE(setting.entries.put({"one", "two"}, sample_token()).has_value());
  CHECK(setting.stored("one") == "theirs");
}

TEST_CASE("A rollback that fails is reported and does not hide the reason") {
  Setting setting;
  testing::LogCapture log;
  setting.keyring->before([](const std::string& operation, const SecretName& name) -> Result<void> {
    if (operation == "erase" || name.username == "two") return broken();
    return {};
  });
  CHECK(setting.entries.put({"one", "two"}, sample_token()).error().message == "it broke");
  CHECK(log.mentions("'one' in the OS keyring could not be put back"));
  CHECK_FALSE(log.mentions("eyJ.access"));
}

TEST_CASE("A token that does not fit is cut, and its parts change hands with the manifest") {
  Setting setting;
  REQUIRE(setting.entries.put({"k"}, large_token('a')).has_value());
  const std::size_t parts = setting.chunks();
  CHECK(parts > 10);
  CHECK(decode_manifest(setting.keyring->login("k")).value().count == parts);
  CHECK(setting.entries.get("k").value().access_token.equals(std::string(1000, 'a')));

  REQUIRE(setting.entries.put({"k"}, large_token('b', 500)).has_value());
  CHECK(setting.chunks() < parts);
  CHECK(setting.chunks() == decode_manifest(setting.keyring->login("k")).value().count);
  CHECK(setting.entries.get("k").value().access_token.equals(std::string(500, 'b')));
  REQUIRE(setting.entries.put({"k"}, large_token('c')).has_value());
  CHECK(setting.entries.get("k").value().access_token.equals(std::string(1000, 'c')));

  REQUIRE(setting.entries.put({"k"}, sample_token()).has_value());
  CHECK(setting.chunks() == 0);
  REQUIRE(setting.entries.put({"k"}, large_token('d')).has_value());
  REQUIRE(setting.entries.remove("k").has_value());
  CHECK(setting.keyring->items().empty());
}

TEST_CASE("A put that ends before the manifest leaves the old login whole") {
  Setting setting;
  REQUIRE(setting.entries.put({"k"}, large_token('a')).has_value());
  const std::size_t parts = setting.chunks();
  int stores = 0;
  const int broken_store = GENERATE(1, 3, 5, 100);
  setting.keyring->before([&](const std::string& operation, const SecretName& name) -> Result<void> {
    if (operation != "store") return {};
    const bool fails = broken_store == 100 ? name.username == "k" : ++stores == broken_store;
    return fails ? Result<void>(broken()) : Result<void>();
  });
  CHECK_FALSE(setting.entries.put({"k"}, large_token('b')).has_value());
  setting.keyring->before({});
  CHECK(setting.entries.get("k").value().access_token.equals(std::string(1000, 'a')));
  CHECK(setting.chunks() == parts);
}

TEST_CASE("A part that does not come back as it was written keeps the manifest unpublished") {
  Setting setting;
  setting.keyring->before([&](const std::string& operation, const SecretName& name) -> Result<void> {
    if (operation == "lookup" && name.service == kChunkService) {
      setting.keyring->set({name.service, name.username}, "cut off");
    }
    return {};
  });
  CHECK(setting.entries.put({"k"}, large_token('a')).error().code == ErrorCode::protocol);
  CHECK(setting.keyring->items().empty());
}

TEST_CASE("Parts that are missing, foreign or too many are no login") {
  Setting setting;
  REQUIRE(setting.entries.put({"k"}, large_token('a')).has_value());
  const auto second = ScriptedKeyring::Name(kChunkService, "k#1");
  SECTION("missing") {
    setting.keyring->erase(second);
  }
  SECTION("of another secret") {
    setting.keyring->set(second, "ffff:1:" + std::string(90, 'z'));
  }
  SECTION("longer") {
    setting.keyring->set(second, setting.keyring->items().at(second) + "zz");
  }
  SECTION("shorter") {
    std::string part = setting.keyring->items().at(second);
    part.pop_back();
    setting.keyring->set(second, part);
  }
  const Result<Token> read = setting.entries.get("k");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == ErrorCode::protocol);
  CHECK(read.error().message.find("'k'") != std::string::npos);
  REQUIRE(setting.entries.put({"k"}, sample_token()).has_value());
  CHECK(setting.entries.get("k").has_value());
}

TEST_CASE("A login that is replaced while its parts are read is read again") {
  Setting setting;
  REQUIRE(setting.entries.put({"k"}, large_token('a')).has_value());
  bool replaced = false;
  setting.keyring->before([&](const std::string& operation, const SecretName& name) -> Result<void> {
    if (operation != "lookup" || name.username != "k#1" || std::exchange(replaced, true)) return {};
    KeyringCall other_call{KeyringCall::Limits{}};
    KeyringEntries other(setting.store, other_call, {400, 100});
    return other.put({"k"}, large_token('b'));
  });
  CHECK(setting.entries.get("k").value().access_token.equals(std::string(1000, 'b')));
}

TEST_CASE("Text is not cut inside a character") {
  Setting setting;
  Token token = sample_token();
  std::string text;
  for (int i = 0; i < 400; ++i) text += "\xE2\x82\xAC";
  token.token_type = text;
  REQUIRE(setting.entries.put({"k"}, token).has_value());
  for (const auto& item : setting.keyring->items()) {
    CHECK((static_cast<unsigned char>(item.second[item.second.rfind(':') + 1]) & 0xC0) != 0x80);
  }
  CHECK(setting.entries.get("k").value().token_type == text);
}

TEST_CASE("A token beyond all measure is refused and leaves nothing") {
  Setting setting;
  CHECK(setting.entries.put({"k"}, large_token('a', 100000)).error().code == ErrorCode::invalid_argument);
  CHECK(setting.keyring->items().empty());
}

TEST_CASE("The probe proves a login of real size and cleans up") {
  Setting setting;
  std::size_t largest = 0;
  setting.keyring->before([&](const std::string& operation, const SecretName&) -> Result<void> {
    if (operation == "lookup") largest = setting.keyring->items().begin()->second.size();
    return {};
  });
  REQUIRE(setting.entries.probe().has_value());
  CHECK(largest >= 4000);
  CHECK(setting.keyring->items().empty());
  setting.keyring->before([&](const std::string& operation, const SecretName& name) -> Result<void> {
    if (operation == "lookup") setting.keyring->set({name.service, name.username}, "x");
    return {};
  });
  CHECK(setting.entries.probe().error().code == ErrorCode::storage_unavailable);
  CHECK(setting.keyring->items().empty());
}

}  // namespace
}  // namespace dbxauth::tokenstore
