// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/token_storage.hpp"

#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "dbxauth/client.hpp"
#include "dbxauth/description.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;

namespace {

using Variables = std::map<std::string, std::string>;

constexpr const char* kHost = "https://w.example";
constexpr const char* kSecret = "planted-secret";

Token token(std::string_view access, std::string_view refresh, std::chrono::seconds valid_for = 3600s) {
  Token made;
  made.access_token = SecretString(access);
  made.refresh_token = SecretString(refresh);
  made.expires_at = std::chrono::system_clock::now() + valid_for;
  return made;
}

/// A keyring that nobody can reach.
class LockedKeyring final : public TokenCache {
 public:
  std::string_view kind() const noexcept override { return "keyring"; }
  std::string location() const override { return "a locked keyring"; }
  Result<Token> get(std::string_view, const CallContext&) override { return error(); }
  Result<void> put(const std::vector<std::string>&, const Token&, const CallContext&) override { return error(); }
  Result<void> remove(std::string_view, const CallContext&) override { return error(); }
  Result<std::vector<std::string>> list(const CallContext&) override { return error(); }
  Result<void> availability(const CallContext&) override { return error(); }

 private:
  static Error error() { return {ErrorCode::storage_unavailable, "the keyring is locked"}; }
};

struct Fixture {
  testing::TemporaryDirectory home;
  Variables variables{{"HOME", home.path()}};
  std::shared_ptr<TokenCache> file = make_file_token_cache(home / ".databricks/token-cache.json").value();
  std::shared_ptr<TokenCache> keyring = make_memory_token_cache();

  TokenStorageOptions options() const {
    TokenStorageOptions options;
    options.environment = variables;
    options.keyring = keyring;
    return options;
  }
  Result<Client> client() const {
    ClientOptions options;
    options.environment = variables;
    options.keyring = keyring;
    return Client::create(std::move(options));
  }
  void profile(const std::string& settings = {}) const {
    home.write(".databrickscfg", settings + "[DEFAULT]\nhost = https://w.example\nauth_type = databricks-cli\n");
  }
  Result<MigrationReport> migrate(StorageMode to, bool remove_source = false, bool dry_run = false) const {
    StorageMigration migration;
    migration.to = to;
    migration.remove_source = remove_source;
    migration.dry_run = dry_run;
    return migrate_token_storage(migration, options());
  }
  static std::string in(const std::shared_ptr<TokenCache>& store, std::string_view key) {
    const auto found = store->get(key, {});
    return found ? std::string(found->access_token.reveal()) : std::string(to_string(found.error().code));
  }
};

const MigratedLogin& login_of(const MigrationReport& report, std::string_view key) {
  for (const MigratedLogin& login : report.logins) {
    if (login.key == key) return login;
  }
  FAIL("the report has no " << key);
  throw;
}

std::string bearer(const Client& client) {
  const auto headers = client.headers();
  return headers ? std::string((*headers)->headers.at(0).value.reveal()) : to_json(headers.error());
}

}  // namespace

TEST_CASE("a login of the keyring is found when the file has none", "[storage][client]") {
  Fixture f;
  f.profile();
  REQUIRE(f.keyring->put({"DEFAULT"}, token("from-keyring", "r"), {}));
  const auto client = f.client();
  REQUIRE(client);
  CHECK(bearer(*client) == "Bearer from-keyring");
  const Description description = describe(*client, false);
  REQUIRE(description.token_storage);
  CHECK(description.token_storage->mode == "legacy");
  CHECK(description.token_storage->source == "default");
  CHECK(description.token_storage->location == f.keyring->location());
}

TEST_CASE("the file's login is described by its place, with the mode's source", "[storage][client]") {
  Fixture f;
  f.profile("[__settings__]\nauth_storage = plaintext\n\n");
  REQUIRE(f.file->put({"DEFAULT"}, token("from-file", "r"), {}));
  const auto client = f.client();
  REQUIRE(client);
  CHECK(bearer(*client) == "Bearer from-file");
  const Description description = describe(*client, false);
  REQUIRE(description.token_storage);
  CHECK(description.token_storage->mode == "plaintext");
  CHECK(description.token_storage->location == "~/.databricks/token-cache.json");
  CHECK(description.token_storage->source == "auth_storage in [__settings__] section of " + f.home / ".databrickscfg");
}

TEST_CASE("in secure mode the keyring's login comes first", "[storage][client]") {
  Fixture f;
  f.profile();
  f.variables["DATABRICKS_AUTH_STORAGE"] = "secure";
  REQUIRE(f.file->put({"DEFAULT"}, token("from-file", "r"), {}));
  REQUIRE(f.keyring->put({"DEFAULT"}, token("from-keyring", "r"), {}));
  CHECK(bearer(f.client().value()) == "Bearer from-keyring");
  f.variables["DATABRICKS_AUTH_STORAGE"] = "legacy";
  CHECK(bearer(f.client().value()) == "Bearer from-file");
}

TEST_CASE("storage that is configured wrongly concerns only those who use it", "[storage][client]") {
  Fixture f;
  f.profile();
  f.variables["DATABRICKS_AUTH_STORAGE"] = "vault";
  REQUIRE(f.file->put({"DEFAULT"}, token(kSecret, "r"), {}));
  const auto client = f.client();
  REQUIRE(client);
  const std::string refusal = bearer(*client);
  CHECK(refusal.find("DATABRICKS_AUTH_STORAGE: unknown storage mode") != std::string::npos);
  CHECK(refusal.find(kSecret) == std::string::npos);
  f.home.write(".databrickscfg", "[DEFAULT]\nhost = https://w.example\ntoken = pat\n");
  CHECK(bearer(f.client().value()) == "Bearer pat");
}

TEST_CASE("below the minimum no login is read, not even one that is there", "[storage][client]") {
  Fixture f;
  f.profile();
  f.variables["DBXAUTH_STORAGE_MIN"] = "keyring";
  REQUIRE(f.file->put({"DEFAULT"}, token("from-file", "r"), {}));
  CHECK(bearer(f.client().value()).find("storage_min is keyring") != std::string::npos);
  CHECK(resolve_token_storage(f.options()).error().code == ErrorCode::storage_unavailable);
  f.variables["DATABRICKS_AUTH_STORAGE"] = "secure";
  CHECK(bearer(f.client().value()).find("Bearer") == std::string::npos);
  REQUIRE(f.keyring->put({"DEFAULT"}, token("from-keyring", "r"), {}));
  CHECK(bearer(f.client().value()) == "Bearer from-keyring");
}

TEST_CASE("the mode is resolved from options, variable and file", "[storage]") {
  Fixture f;
  CHECK(resolve_token_storage(f.options()).value().source == "default");
  f.profile("[__settings__]\nauth_storage =  Secure \n\n");
  CHECK(resolve_token_storage(f.options()).value().mode == StorageMode::secure);
  f.home.write("other.cfg", "[__settings__]\nauth_storage = wrong\n");
  TokenStorageOptions options = f.options();
  options.config_file = f.home / "other.cfg";
  const auto wrong = resolve_token_storage(options);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::configuration);
  CHECK(wrong.error().message.find("auth_storage in " + f.home / "other.cfg") == 0);
  options.mode = StorageMode::plaintext;
  CHECK(resolve_token_storage(options).value().source == "storage_mode option");
  f.home.write(".databrickscfg", "[broken\n");
  CHECK(resolve_token_storage(f.options()).error().code == ErrorCode::configuration);
  f.variables["DATABRICKS_AUTH_STORAGE"] = "plaintext";
  CHECK(resolve_token_storage(f.options()).value().mode == StorageMode::plaintext);
}

TEST_CASE("the status shows both stores, the first one first, and no secret", "[storage]") {
  Fixture f;
  REQUIRE(f.file->put({"DEFAULT", kHost}, token(kSecret, kSecret), {}));
  REQUIRE(f.keyring->put({"other"}, token(kSecret, {}), {}));
  auto status = token_storage_status(f.options());
  REQUIRE(status);
  CHECK(status->choice.mode == StorageMode::legacy);
  REQUIRE(status->stores.size() == 2);
  const StoreStatus& file = status->stores[0];
  CHECK(file.kind == "file");
  CHECK(file.location == "~/.databricks/token-cache.json");
  CHECK_FALSE(file.error);
  REQUIRE(file.logins.size() == 2);
  CHECK(file.logins[0].key == "DEFAULT");
  CHECK_FALSE(file.logins[0].host_key);
  CHECK(file.logins[0].renewable);
  CHECK(file.logins[1].key == kHost);
  CHECK(file.logins[1].host_key);
  REQUIRE(status->stores[1].logins.size() == 1);
  CHECK_FALSE(status->stores[1].logins[0].renewable);
  const std::string json = status->to_json();
  CHECK(json.find(kSecret) == std::string::npos);
  CHECK(json.find("\"reachable\": true") != std::string::npos);

  f.keyring = std::make_shared<LockedKeyring>();
  f.variables["DATABRICKS_AUTH_STORAGE"] = "secure";
  status = token_storage_status(f.options());
  REQUIRE(status);
  REQUIRE(status->stores[0].error);
  CHECK(status->stores[0].error->message == "the keyring is locked");
  CHECK(status->to_json().find("\"reachable\": false") != std::string::npos);
  CHECK(status->stores[1].logins.size() == 2);
}

TEST_CASE("logins move into the keyring without the keys of hosts", "[storage][migrate]") {
  Fixture f;
  REQUIRE(f.file->put({"DEFAULT", kHost}, token("a", "ra"), {}));
  REQUIRE(f.file->put({"old"}, token("b", "rb", 100s), {}));
  REQUIRE(f.keyring->put({"old"}, token("newer", "rn", 200s), {}));
  const auto dry = f.migrate(StorageMode::secure, true, true);
  REQUIRE(dry);
  CHECK(login_of(*dry, "DEFAULT").action == MigrationAction::copied);
  CHECK(f.keyring->list({}).value().size() == 1);
  CHECK(f.file->list({}).value().size() == 3);

  const auto report = f.migrate(StorageMode::secure);
  REQUIRE(report);
  CHECK(report->complete());
  CHECK(login_of(*report, "DEFAULT").action == MigrationAction::copied);
  CHECK(login_of(*report, "old").action == MigrationAction::kept);
  CHECK(login_of(*report, kHost).action == MigrationAction::skipped);
  CHECK(Fixture::in(f.keyring, "DEFAULT") == "a");
  CHECK(Fixture::in(f.keyring, "old") == "newer");
  CHECK(Fixture::in(f.keyring, kHost) == "not_found");
  CHECK(f.file->list({}).value().size() == 3);
}

TEST_CASE("the source is removed only when asked, with the aliases of what was copied", "[storage][migrate]") {
  Fixture f;
  REQUIRE(f.file->put({"DEFAULT", kHost}, token("a", "ra"), {}));
  REQUIRE(f.file->put({"https://somebody-else.example"}, token("c", "rc"), {}));
  const auto report = f.migrate(StorageMode::secure, true);
  REQUIRE(report);
  CHECK(login_of(*report, "DEFAULT").removed);
  CHECK(login_of(*report, kHost).removed);
  CHECK_FALSE(login_of(*report, "https://somebody-else.example").removed);
  CHECK(f.file->list({}).value() == std::vector<std::string>{"https://somebody-else.example"});
  CHECK(Fixture::in(f.keyring, "DEFAULT") == "a");
  CHECK(report->to_json().find("\"ra\"") == std::string::npos);
}

TEST_CASE("a login that comes back into the file heals what it replaces", "[storage][migrate]") {
  Fixture f;
  REQUIRE(f.file->put({"DEFAULT", kHost}, token("stale", "spent", 10s), {}));
  REQUIRE(f.file->put({"https://other.example"}, token("else", "r-else", 10s), {}));
  REQUIRE(f.keyring->put({"DEFAULT"}, token("fresh", "rf"), {}));
  const auto report = f.migrate(StorageMode::plaintext);
  REQUIRE(report);
  CHECK(login_of(*report, "DEFAULT").healed == std::vector<std::string>{kHost});
  CHECK(Fixture::in(f.file, "DEFAULT") == "fresh");
  CHECK(Fixture::in(f.file, kHost) == "fresh");
  CHECK(Fixture::in(f.file, "https://other.example") == "else");
  CHECK(Fixture::in(f.keyring, "DEFAULT") == "fresh");
}

TEST_CASE("a migration that cannot start changes nothing", "[storage][migrate]") {
  Fixture f;
  REQUIRE(f.file->put({"DEFAULT"}, token("a", "ra"), {}));
  SECTION("no keyring") {
    f.keyring = std::make_shared<LockedKeyring>();
    const auto report = f.migrate(StorageMode::secure, true);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == ErrorCode::storage_unavailable);
  }
  SECTION("below the minimum") {
    f.variables["DBXAUTH_STORAGE_MIN"] = "encrypted";
    REQUIRE(f.keyring->put({"p"}, token("b", "rb"), {}));
    const auto report = f.migrate(StorageMode::plaintext);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == ErrorCode::storage_unavailable);
    CHECK(Fixture::in(f.file, "p") == "not_found");
  }
  CHECK(Fixture::in(f.file, "DEFAULT") == "a");
}
