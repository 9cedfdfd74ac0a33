// SPDX-License-Identifier: Apache-2.0
// Credentials that many use at once, that end in the middle of the work, and that a stranger's file wants to divert.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "component/client_fixture.hpp"
#include "encoding/base64url.hpp"
#include "encoding/sha256.hpp"
#include "encoding/url.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using dbxauth::testing::ClientFixture;

namespace {

constexpr const char* me_route = "GET /api/2.0/preview/scim/v2/Me";
constexpr const char* token_route = "POST /oidc/v1/token";

/// What `databricks auth login` does, without a browser: the answer of the token endpoint.
base::JsonDocument log_in(const ClientFixture& f) {
  const std::string verifier(64, 'v');
  const auto digest = encoding::sha256(verifier);
  REQUIRE(digest);
  const std::string challenge = encoding::base64url({reinterpret_cast<const char*>(digest->data()), digest->size()});
  const std::string redirect = encoding::percent_encode("http://localhost:8020");
  const auto approved = f.request(
      net::HttpMethod::get, "/oidc/v1/authorize?client_id=databricks-cli&response_type=code&state=s&scope=" +
                                encoding::percent_encode("all-apis offline_access") + "&redirect_uri=" + redirect +
                                "&code_challenge_method=S256&code_challenge=" + challenge);
  const std::string location(approved.header("location"));
  const std::size_t start = location.find("code=");
  REQUIRE(start != std::string::npos);
  const std::string code = location.substr(start + 5, location.find('&', start) - start - 5);
  const auto answer = f.request(net::HttpMethod::post, "/oidc/v1/token",
                                "grant_type=authorization_code&client_id=databricks-cli&code=" + code +
                                    "&redirect_uri=" + redirect + "&code_verifier=" + verifier,
                                "application/x-www-form-urlencoded");
  auto json = base::JsonDocument::parse(answer.body.reveal(), "the token");
  REQUIRE(json);
  return std::move(*json);
}

std::string refused_text(const Result<Client>& client) {
  if (!client) return client.error().message;
  const auto headers = client->headers(0s, CallContext::with_timeout(10s));
  return headers ? std::string() : to_json(headers.error());
}

}  // namespace

TEST_CASE("twenty threads share one token request", "[credentials][threads]") {
  ClientFixture f;
  const Client client = f.client(f.service_principal());
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      const auto workspace = client.workspace(CallContext::with_timeout(30s));
      if (workspace && workspace->current_user(CallContext::with_timeout(30s))) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 20);
  CHECK(f.requests(token_route) == 1);
  CHECK(f.requests(me_route) == 20);

  // Revoked under their feet: they renew it once, not twenty times.
  f.control(net::HttpMethod::post, "/_emulator/tokens/expire", R"({"kind":"oauth"})");
  threads.clear();
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      if (f.workspace(client).current_user(CallContext::with_timeout(30s))) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 40);
  CHECK(f.requests(token_route) == 2);
}

TEST_CASE("two threads with twenty clients of their own", "[credentials][threads]") {
  ClientFixture f;
  std::atomic<int> good{0};
  const auto work = [&](bool as_principal) {
    for (int i = 0; i < 20; ++i) {
      const auto client = Client::create(f.options(as_principal ? f.service_principal() : f.administrator()));
      if (!client) continue;
      const auto workspace = client->workspace(CallContext::with_timeout(30s));
      const auto me = workspace ? workspace->current_user(CallContext::with_timeout(30s)) : workspace.error();
      if (me && (me->user_name == f.emulator.client_id()) == as_principal) ++good;
    }
  };
  std::thread first(work, true);
  std::thread second(work, false);
  first.join();
  second.join();
  CHECK(good == 40);
  CHECK(f.requests(token_route) == 20);
}

TEST_CASE("a clone that takes longer than a token lives finishes", "[credentials]") {
  ClientFixture f("demo");
  f.settings(R"({"oauth_token_lifetime_s":2,"statement_delay_ms":100})");
  const Client client = f.client(f.service_principal());
  CloneSpec spec;
  spec.source = "production";
  spec.destination = "staging";
  spec.parallelism = 2;
  const auto report = client.clone(spec, CallContext::with_timeout(180s));
  REQUIRE(report);
  for (const StepReport& step : report->steps) {
    INFO(step.id << ": " << step.error);
    CHECK(step.outcome == StepOutcome::succeeded);
  }
  CHECK(f.requests(token_route) > 2);
}

TEST_CASE("tokens that are revoked during a clone are renewed", "[credentials]") {
  ClientFixture f("demo");
  const Client client = f.client(f.service_principal());
  CloneSpec spec;
  spec.source = "production";
  spec.destination = "staging";
  std::atomic<int> revocations{0};
  const auto report = client.clone(spec, CallContext::with_timeout(180s), [&](const Progress& progress) {
    if (progress.done % 10 != 5) return;
    f.control(net::HttpMethod::post, "/_emulator/tokens/expire", R"({"kind":"oauth"})");
    ++revocations;
  });
  REQUIRE(report);
  CHECK(report->complete());
  CHECK(revocations > 1);
}

TEST_CASE("processes meet before they renew a login that a program keeps in a store of the library", "[credentials]") {
  ClientFixture f;
  const base::JsonDocument login = log_in(f);
  Token token;
  token.access_token = SecretString(login["access_token"].string_or());
  token.refresh_token = SecretString(login["refresh_token"].string_or());
  token.expires_at = std::chrono::system_clock::now() - 1h;
  const bool in_file = GENERATE(true, false);
  ClientOptions options =
      f.options({{"DATABRICKS_HOST", f.emulator.url()}, {"DATABRICKS_AUTH_TYPE", "databricks-cli"}});
  options.token_cache = in_file ? *make_file_token_cache(f.home / "elsewhere/tokens.json") : make_memory_token_cache();
  REQUIRE(options.token_cache->put({f.emulator.url()}, token, {}));
  const auto client = Client::create(std::move(options));
  REQUIRE(client);
  REQUIRE(client->headers(0s, CallContext::with_timeout(60s)));
  // The memory of one process is nobody else's, and no directory is made for it.
  CHECK(f.home.exists(".databricks/locks") == in_file);
}

TEST_CASE("eight processes share a login whose refresh token rotates", "[credentials][processes]") {
  ClientFixture f;
  f.settings(R"({"oauth_token_lifetime_s":60})");  // Shorter than the lead of a renewal: every process renews.
  const base::JsonDocument login = log_in(f);
  const std::string entry = R"({"access_token":")" + std::string(login["access_token"].string_or()) +
                            R"(","refresh_token":")" + std::string(login["refresh_token"].string_or()) +
                            R"(","token_type":"Bearer","expiry":"2020-01-01T00:00:00Z"})";
  f.home.write(".databricks/token-cache.json",
               R"({"version":1,"tokens":{"dev":)" + entry + ",\"" + f.emulator.url() + "\":" + entry + "}}");
  f.home.write(".databrickscfg", "[dev]\nhost = " + f.emulator.url() + "\nauth_type = databricks-cli\n");

  const auto use_login = [&f](bool by_profile) {
    for (int i = 0; i < 4; ++i) {
      auto client =
          Client::create(f.options(by_profile ? ClientFixture::Variables{{"DATABRICKS_CONFIG_PROFILE", "dev"}}
                                              : ClientFixture::Variables{{"DATABRICKS_HOST", f.emulator.url()},
                                                                         {"DATABRICKS_CONFIG_FILE", "/nonexistent"},
                                                                         {"DATABRICKS_AUTH_TYPE", "databricks-cli"}}));
      if (!client) return 1;
      const auto headers = client->headers(0s, CallContext::with_timeout(60s));
      if (!headers) {
        ::dprintf(STDERR_FILENO, "%s\n", to_json(headers.error()).c_str());
        return 2;
      }
    }
    return 0;
  };
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(use_login(i % 2 == 0));
    REQUIRE(child > 0);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  // Nobody was logged out: what is stored now still works, under both keys.
  CHECK(use_login(true) == 0);
  CHECK(use_login(false) == 0);
}

TEST_CASE("a .env file takes no credential from outside of it to its own host", "[credentials]") {
  ClientFixture victim;
  ClientFixture attacker;
  const std::string file = victim.home.write("project/.env", "DATABRICKS_HOST=" + attacker.emulator.url() + "\n");
  const auto try_with = [&](ClientFixture::Variables environment, const std::string& more = {}) {
    victim.home.write("project/.env", "DATABRICKS_HOST=" + attacker.emulator.url() + "\n" + more);
    ClientOptions options = victim.options(std::move(environment));
    options.load_dotenv = true;
    options.dotenv_file = file;
    const auto client = Client::create(std::move(options));
    if (!client) return;
    const auto workspace = client->workspace(CallContext::with_timeout(10s));
    if (workspace) (void)workspace->current_user(CallContext::with_timeout(10s));
  };
  auto principal = victim.service_principal();
  principal.erase("DATABRICKS_HOST");
  for (const char* rules : {"layered", "clone-xs", "databricks-sdk"}) {
    INFO(rules);
    try_with({{"DBXAUTH_CHAIN", rules}, {"DATABRICKS_TOKEN", victim.emulator.token()}});
    principal["DBXAUTH_CHAIN"] = rules;
    try_with(principal);
    // Half of the credential in the file does not make the other half the file's.
    try_with(principal, "DATABRICKS_CLIENT_ID=" + victim.emulator.client_id() + "\n");
    // With a host of its own in the environment, the file cannot move the token endpoint either.
    auto whole = victim.service_principal();
    whole["DBXAUTH_CHAIN"] = rules;
    try_with(whole,
             "DATABRICKS_DISCOVERY_URL=" + attacker.emulator.url() + "/oidc/.well-known/oauth-authorization-server\n");
    CHECK(attacker.requests(me_route) == 0);
    CHECK(attacker.requests(token_route) == 0);
    attacker.reset_counters();
  }
}

TEST_CASE("a token of the environment does not go to the host of a profile when it has its own", "[credentials]") {
  ClientFixture own;
  ClientFixture other;
  own.home.write(".databrickscfg", "[other]\nhost = " + other.emulator.url() + "\n");
  auto environment = own.administrator();
  environment["DATABRICKS_CONFIG_PROFILE"] = "other";
  const auto client = Client::create(own.options(environment));
  if (client) {
    const auto workspace = client->workspace(CallContext::with_timeout(10s));
    if (workspace) (void)workspace->current_user(CallContext::with_timeout(10s));
  }
  CHECK(other.requests(me_route) == 0);
}

TEST_CASE("credentials that no header can carry are refused before anything is sent", "[credentials]") {
  ClientFixture f;
  for (const std::string& token : {std::string("abc\r\nX-Evil: 1"), std::string("abc\0def", 7), std::string("a\x7f"),
                                   std::string("a\nb"), std::string("tab\tin it")}) {
    auto options = f.options({{"DATABRICKS_HOST", f.emulator.url()}});
    options.set("token", token);
    const std::string refused = refused_text(Client::create(std::move(options)));
    CHECK_FALSE(refused.empty());
    CHECK(refused.find("X-Evil") == std::string::npos);
  }
  CHECK(f.requests(me_route) == 0);
}

TEST_CASE("values and files of absurd size or kind end in an answer", "[credentials]") {
  ClientFixture f;
  const std::string huge(1 << 20, 'x');
  for (const char* name : {"DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CONFIG_FILE", "DBXAUTH_CHAIN",
                           "DATABRICKS_AUTH_TYPE", "HTTPS_PROXY", "NO_PROXY", "DATABRICKS_CA_BUNDLE"}) {
    INFO(name);
    auto environment = f.service_principal();
    environment[name] = huge;
    const auto client = Client::create(f.options(environment));
    if (!client) {
      CHECK(client.error().message.size() < 4096);
      continue;
    }
    const auto headers = client->headers(0s, CallContext::with_timeout(30s));
    if (!headers) CHECK(to_json(headers.error()).size() < 16384);
  }
  auto environment = f.administrator();
  environment["DATABRICKS_TOKEN"] = huge;
  const auto me = f.workspace(f.client(environment)).current_user(CallContext::with_timeout(30s));
  REQUIRE_FALSE(me);
  CHECK(to_json(me.error()).size() < 16384);

  std::error_code code;
  std::filesystem::create_symlink(f.home / ".databrickscfg", f.home / "loop", code);
  std::filesystem::create_symlink(f.home / "loop", f.home / ".databrickscfg", code);
  std::filesystem::create_directory(f.home / "directory", code);
  std::filesystem::create_symlink("/dev/zero", f.home / "endless", code);
  REQUIRE(::mkfifo((f.home / "fifo").c_str(), 0600) == 0);
  for (const std::string& file : {f.home / ".databrickscfg", f.home / "directory", f.home / "endless", f.home / "fifo",
                                  f.home.write("large", std::string(64 << 20, '\n'))}) {
    INFO(file);
    const auto client =
        Client::create(f.options({{"DATABRICKS_CONFIG_FILE", file}, {"DATABRICKS_CONFIG_PROFILE", "dev"}}));
    const std::string refused = refused_text(client);
    CHECK_FALSE(refused.empty());
    CHECK(refused.size() < 16384);
    // As the shared login's store, too.
    std::filesystem::create_directory(f.home / ".databricks", code);
    std::filesystem::remove(f.home / ".databricks/token-cache.json", code);
    std::filesystem::create_symlink(file, f.home / ".databricks/token-cache.json", code);
    CHECK_FALSE(refused_text(Client::create(f.options({{"DATABRICKS_HOST", f.emulator.url()},
                                                       {"DATABRICKS_CONFIG_FILE", "/nonexistent"},
                                                       {"DATABRICKS_AUTH_TYPE", "databricks-cli"}})))
                    .empty());
  }
  // With everything that it needs in the environment, a client does not mind the state of the files.
  CHECK(refused_text(Client::create(f.options(f.administrator()))).empty());
}
