// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "config/config_sources.hpp"

namespace dbxauth::config {
namespace {

TEST_CASE("What a person pastes becomes the workspace's URL") {
  struct Case {
    const char* text;
    const char* host;
  };
  const Case cases[] = {
      {"x", "https://x"},
      {"https://x", "https://x"},
      {"https://x/", "https://x"},
      {"https://x///", "https://x"},
      {"  https://x \n", "https://x"},
      {"\"https://x\"", "https://x"},
      {"'https://x'", "https://x"},
      {"<https://x>", "https://x"},
      {"//x", "https://x"},
      {"https:/x", "https://x"},
      {"HTTPS://ADB-1.14.AzureDatabricks.NET/", "https://adb-1.14.azuredatabricks.net"},
      {"https://x:443", "https://x"},
      {"https://x:8443/a", "https://x:8443"},
      {"https://x:", "https://x"},
      {"https://x.", "https://x"},
      {"https://x/login.html?o=1", "https://x"},
      {"x/login.html", "https://x"},
      {"https://x?o=1", "https://x"},
      {"https://x#job/1", "https://x"},
      {"https://user@x", "https://x"},
      {"https://user:hunter2@x:8443/p", "https://x:8443"},
      {"127.0.0.1:8080", "https://127.0.0.1:8080"},
      {"http://127.0.0.1:8080/", "http://127.0.0.1:8080"},
      {"http://localhost:80", "http://localhost"},
      {"http://localhost:443", "http://localhost:443"},
      {"[::1]:8080", "https://[::1]:8080"},
      {"http://[::1]:8080", "http://[::1]:8080"},
      {"localhost:8080", "https://localhost:8080"},
  };
  for (const Case& row : cases) {
    INFO(row.text);
    const Result<NormalizedHost> host = normalize_host(row.text);
    if (!host) FAIL(host.error().message);
    CHECK(host->host == row.host);
  }
}

TEST_CASE("Ids in the query become ids") {
  const auto host = [](const char* text) { return normalize_host(text).value(); };
  CHECK(host("https://x/?o=123").workspace_id == "123");
  CHECK(host("https://x/?workspace_id=123").workspace_id == "123");
  CHECK(host("https://x/?o=abc").workspace_id.empty());
  CHECK(host("https://x/?o=123&w=abc").workspace_id == "abc");
  CHECK(host("https://x/?w=abc&o=123").workspace_id == "abc");
  CHECK(host("https://x/?a=6f-4").account_id == "6f-4");
  CHECK(host("https://x/login.html?account_id=6f-4&o=1#q").account_id == "6f-4");
  CHECK(host("https://x/#job/1?o=77").workspace_id == "77");
  CHECK(host("https://x/?w=a%0d%0aEvil:1").workspace_id.empty());
  CHECK(host("https://x/?w=a%2").workspace_id.empty());
}

TEST_CASE("What is no host is refused without repeating it") {
  for (const char* text : {"",
                           "   ",
                           "\"\"",
                           "https://",
                           "//",
                           "https:///?o=1",
                           "ftp://x",
                           "file:///etc/passwd",
                           "https://x y",
                           "https://x\ty",
                           "https://x\\@evil",
                           "https://x:0",
                           "https://x:65536",
                           "https://x:8a",
                           "https://[::1",
                           "https://[zz]",
                           "https://[::1]x",
                           "https://a..b",
                           "https://a..",
                           "https://.x",
                           "https//x",
                           "https:x",
                           "https://x%2e",
                           "https://\xC3\xA9.com",
                           "dapi0123456789abcdef0123456789abcdef",
                           "https://user:hunter2@",
                           "https://user:hunter2@:99x"}) {
    INFO(text);
    const Result<NormalizedHost> host = normalize_host(text);
    REQUIRE_FALSE(host.has_value());
    CHECK(host.error().code == ErrorCode::configuration);
    CHECK_THAT(host.error().message, !Catch::Contains("hunter2") && !Catch::Contains("0123456789abcdef"));
  }
}

TEST_CASE("Credentials do not travel over plain http") {
  for (const char* text : {"http://x.cloud.databricks.com", "HTTP://10.0.0.1:8080", "http://localhost.evil.com",
                           "http://127.0.0.1.evil.com", "http://localhost@evil.com"}) {
    INFO(text);
    const Result<NormalizedHost> host = normalize_host(text);
    REQUIRE_FALSE(host.has_value());
    CHECK_THAT(host.error().message, Catch::Contains("in the clear") && Catch::Contains("write https://"));
  }
}

}  // namespace
}  // namespace dbxauth::config
