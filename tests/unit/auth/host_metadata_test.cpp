// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "auth/oauth/host_metadata.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"
#include "support/temporary_directory.hpp"

using namespace dbxauth;
using namespace std::chrono_literals;
using testing::ScriptedTransport;

namespace {

const std::string host = "https://unified.cloud.databricks.com";
const std::string document =
    R"({"oidc_endpoint":"https://unified.cloud.databricks.com/oidc/accounts/{account_id}/","account_id":"acc-1",)"
    R"("workspace_id":1234567890123456,"cloud":"aws","host_type":"UNIFIED",)"
    R"("token_federation_default_oidc_audiences":["aud-1","aud-2"],"later":{"more":true}})";

struct Fixture {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  testing::TemporaryDirectory home;
  std::string directory = home / "cache";

  std::shared_ptr<auth::HostMetadataSource> source() const {
    return auth::make_host_metadata_source(wire, clock, directory);
  }
  std::string file() const {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      REQUIRE(found.empty());
      found = entry.path().string();
    }
    return found;
  }
};

void check_document(const auth::HostMetadata& metadata) {
  CHECK(metadata.oidc_endpoint == "https://unified.cloud.databricks.com/oidc/accounts/{account_id}");
  CHECK(metadata.account_id == "acc-1");
  CHECK(metadata.workspace_id == "1234567890123456");
  CHECK(metadata.cloud == "AWS");
  CHECK(metadata.host_type == "unified");
  CHECK(metadata.audiences == std::vector<std::string>{"aud-1", "aud-2"});
}

}  // namespace

TEST_CASE("a metadata document is read", "[host-metadata]") {
  const auto metadata = auth::parse_host_metadata(document);
  REQUIRE(metadata);
  check_document(*metadata);
}

TEST_CASE("members of the wrong type or with blanks count as absent", "[host-metadata]") {
  const auto metadata = auth::parse_host_metadata(
      R"({"oidc_endpoint":7,"account_id":"a b","workspace_id":null,"cloud":["AWS"],"host_type":"work\nspace",)"
      R"("token_federation_default_oidc_audiences":["",5,"with blank","good"]})");
  REQUIRE(metadata);
  CHECK(metadata->oidc_endpoint.empty());
  CHECK(metadata->account_id.empty());
  CHECK(metadata->workspace_id.empty());
  CHECK(metadata->cloud.empty());
  CHECK(metadata->host_type.empty());
  CHECK(metadata->audiences == std::vector<std::string>{"good"});
  for (const char* text : {"", "[]", "null", "7", "{", "<html>"}) {
    const auto refused = auth::parse_host_metadata(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::protocol);
  }
}

TEST_CASE("a host is asked once, and again after an hour", "[host-metadata]") {
  Fixture f;
  SECTION("in memory") {
    f.directory.clear();
  }
  SECTION("and on disk") {}
  f.wire->reply(200, document);
  const auto source = f.source();
  const auto first = source->metadata(host, {});
  REQUIRE(first);
  check_document(*first);
  f.clock->advance(59min);
  const auto second = source->metadata(host, {});
  REQUIRE(second);
  check_document(*second);
  CHECK(f.wire->request_count() == 1);
  CHECK(f.wire->request(0).method == net::HttpMethod::get);
  CHECK(f.wire->request(0).url == host + "/.well-known/databricks-config");
  CHECK(f.wire->request(0).header("Accept") == "application/json");
  CHECK(f.wire->request(0).secret_headers.empty());
  CHECK(f.wire->request(0).attempt_timeout == 5s);
  f.clock->advance(61s);
  f.wire->reply(200, R"({"account_id":"acc-2"})");
  CHECK(source->metadata(host, {})->account_id == "acc-2");
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("processes share what one of them has read", "[host-metadata]") {
  Fixture f;
  f.wire->reply(200, document);
  REQUIRE(f.source()->metadata(host, {}));
  const auto other = f.source()->metadata(host, {});
  REQUIRE(other);
  check_document(*other);
  CHECK(f.wire->request_count() == 1);
  struct stat status {};
  REQUIRE(::stat(f.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(::stat(f.directory.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  // printf 'https://unified.cloud.databricks.com' | sha256sum
  CHECK(std::filesystem::path(f.file()).filename() ==
        "076d0cfa4003cddecb390fbeb4c352ee6a0c2301c7d26bc61eb65bca90e79b8d.json");
  // Each host has its own answer.
  f.wire->reply(200, R"({"account_id":"other"})");
  CHECK(f.source()->metadata("https://other.cloud.databricks.com", {})->account_id == "other");
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("a failure is remembered for a minute", "[host-metadata]") {
  Fixture f;
  SECTION("404") {
    f.wire->reply(404, "");
  }
  SECTION("503") {
    f.wire->reply(503, "busy", {}, "text/plain");
  }
  SECTION("a page") {
    f.wire->reply(200, "<html>Sign in</html>", {}, "text/html");
  }
  SECTION("no JSON") {
    f.wire->reply(200, "{\"oidc_endpoint\":");
  }
  SECTION("no object") {
    f.wire->reply(200, "[1]");
  }
  SECTION("no network") {
    f.wire->fail(Error(ErrorCode::network, "no route"));
  }
  SECTION("no answer within the source's own limit") {
    f.wire->fail(Error(ErrorCode::timed_out, "slow"));
  }
  const auto source = f.source();
  const auto metadata = source->metadata(host, {});
  REQUIRE(metadata);
  CHECK(metadata->oidc_endpoint.empty());
  CHECK(metadata->audiences.empty());
  f.clock->advance(59s);
  REQUIRE(source->metadata(host, {}));
  REQUIRE(f.source()->metadata(host, {}));  // Another process.
  CHECK(f.wire->request_count() == 1);
  f.clock->advance(1s);
  f.wire->reply(200, document);
  CHECK(source->metadata(host, {})->account_id == "acc-1");
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("the caller's cancellation and deadline are errors and not remembered", "[host-metadata]") {
  Fixture f;
  const auto source = f.source();
  CancelSource cancel;
  CallContext context;
  ErrorCode expected = ErrorCode::cancelled;
  SECTION("cancelled") {
    cancel.cancel();
    context.cancel = cancel.token();
  }
  SECTION("past the deadline") {
    context.deadline = CallContext::Clock::now() - 1s;
    expected = ErrorCode::timed_out;
  }
  SECTION("the transport gives up just before a deadline that comes sooner than the limit") {
    context = CallContext::with_timeout(4500ms);
    f.wire->fail(Error(ErrorCode::timed_out, "slow"));
    expected = ErrorCode::timed_out;
  }
  SECTION("the transport is cancelled") {
    f.wire->fail(Error(ErrorCode::cancelled, "stop"));
  }
  const auto metadata = source->metadata(host, context);
  REQUIRE_FALSE(metadata);
  CHECK(metadata.error().code == expected);
  f.wire->reply(200, document);
  CHECK(source->metadata(host, {})->account_id == "acc-1");
}

TEST_CASE("files that cannot be trusted are ignored and replaced", "[host-metadata]") {
  Fixture f;
  f.wire->reply(200, document);
  REQUIRE(f.source()->metadata(host, {}));
  const std::string path = f.file();
  const std::string name = "cache/" + std::filesystem::path(path).filename().string();
  const std::string good = f.home.read(name);
  const auto replaced = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  SECTION("empty") {
    f.home.write(name, "");
  }
  SECTION("cut") {
    f.home.write(name, good.substr(0, good.size() / 2));
  }
  SECTION("binary") {
    f.home.write(name, std::string("\0\xff\x80{", 4));
  }
  SECTION("an array") {
    f.home.write(name, "[]");
  }
  SECTION("of another host") {
    f.home.write(name, replaced("https://unified", "https://attacker"));
  }
  SECTION("of another schema") {
    f.home.write(name, replaced("\"schema\": 1", "\"schema\": 2"));
  }
  SECTION("without a time") {
    f.home.write(name, replaced("fetched_at_s", "fetched"));
  }
  SECTION("of a time that no clock has") {
    f.home.write(name, replaced("1767225600", "9223372036854775807"));
  }
  SECTION("of a negative time") {
    f.home.write(name, replaced("1767225600", "-1767225600"));
  }
  SECTION("from the future") {
    f.home.write(name, replaced("1767225600", "1767225601"));
  }
  SECTION("too old") {
    f.clock->advance(1h);
  }
  SECTION("writable by others") {
    f.home.write(name, good, 0666);
  }
  SECTION("not readable as a file") {
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
  }
  SECTION("far too large") {
    f.home.write(name, good + std::string(1u << 20, ' '));
  }
  f.wire->reply(200, R"({"account_id":"asked again"})");
  f.wire->reply(200, R"({"account_id":"fresh"})");
  const auto metadata = f.source()->metadata(host, {});
  REQUIRE(metadata);
  CHECK(f.wire->request_count() == 2);
  // "asked again" holds a blank, so it is no id; what counts is that the host was asked.
  CHECK(metadata->account_id.empty());
  if (!std::filesystem::is_directory(path)) {
    REQUIRE(f.source()->metadata(host, {}));
    CHECK(f.wire->request_count() == 2);
  }
}

TEST_CASE("a file that belongs to somebody else is ignored", "[host-metadata]") {
  Fixture f;
  f.wire->reply(200, document);
  REQUIRE(f.source()->metadata(host, {}));
  if (::geteuid() != 0) {
    WARN("only root can give files away; the case of a directory of root's is checked instead");
    f.directory = "/";
  } else {
    REQUIRE(::chown(f.file().c_str(), 65534, 65534) == 0);
  }
  f.wire->reply(200, R"({"account_id":"fresh"})");
  CHECK(f.source()->metadata(host, {})->account_id == "fresh");
  CHECK(f.wire->request_count() == 2);
}

TEST_CASE("without a usable directory memory serves", "[host-metadata]") {
  Fixture f;
  SECTION("others may write to it") {
    std::filesystem::create_directory(f.directory);
    REQUIRE(::chmod(f.directory.c_str(), 0777) == 0);
  }
  SECTION("it cannot be made") {
    f.directory = f.home.write("file", "x") + "/cache";
  }
  SECTION("it is not a directory") {
    f.home.write("cache", "x");
  }
  f.wire->reply(200, document);
  const auto source = f.source();
  REQUIRE(source->metadata(host, {}));
  const auto again = source->metadata(host, {});
  REQUIRE(again);
  check_document(*again);
  CHECK(f.wire->request_count() == 1);
  f.wire->reply(200, document);
  REQUIRE(f.source()->metadata(host, {}));
  CHECK(f.wire->request_count() == 2);
  if (std::filesystem::is_directory(f.directory)) CHECK(std::filesystem::is_empty(f.directory));
}
