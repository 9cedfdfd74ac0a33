// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <string>

#include "encoding/url.hpp"

using namespace dbxauth::encoding;

TEST_CASE("percent encoding keeps unreserved characters only") {
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode(" /?&=+%ä") == "%20%2F%3F%26%3D%2B%25%C3%A4");
  CHECK(percent_encode(std::string_view("\0\xFF", 2)) == "%00%FF");
}

TEST_CASE("percent decoding") {
  CHECK(percent_decode("%20%2f%C3%a4+x") == " /ä+x");
  CHECK(percent_decode("a+b", true) == "a b");
  CHECK(percent_decode("%2B", true) == "+");
  for (const std::string_view text : {"%", "%2", "%2G", "%G2", "a%"}) CHECK_FALSE(percent_decode(text));
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  CHECK(percent_decode(percent_encode(bytes)) == bytes);
}

TEST_CASE("forms") {
  CHECK(form_encode({}).empty());
  CHECK(form_encode({{"grant_type", "client_credentials"}, {"scope", "all-apis x"}, {"empty", ""}}).reveal() ==
        "grant_type=client_credentials&scope=all-apis%20x&empty=");
  CHECK(form_encode({{"a&b", "c=d+e"}}).reveal() == "a%26b=c%3Dd%2Be");
}

TEST_CASE("the parts of a URL") {
  const auto url = parse_url("HTTPS://Adb-123.4.AzureDatabricks.net:8443/api/2.0/x%2Fy?q=%20&r#fragment");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "adb-123.4.azuredatabricks.net");
  CHECK(url->port == 8443);
  CHECK(url->path == "/api/2.0/x%2Fy");
  CHECK(url->query == "q=%20&r");
  CHECK(url->origin() == "https://adb-123.4.azuredatabricks.net:8443");

  CHECK(parse_url("https://h")->path.empty());
  CHECK(parse_url("https://h?x=1")->query == "x=1");
  CHECK(parse_url("https://h/?x=http://y/?z")->query == "x=http://y/?z");
  CHECK(parse_url("https://h:443/")->origin() == "https://h");
  CHECK(parse_url("http://h:80/")->origin() == "http://h");
  CHECK(parse_url("http://h:443/")->origin() == "http://h:443");
  CHECK(parse_url("https://h:/")->port == 0);
  CHECK(parse_url("https://h:65535")->port == 65535);
}

TEST_CASE("IPv6 hosts") {
  const auto url = parse_url("http://[::1]:8080/x");
  REQUIRE(url);
  CHECK(url->host == "::1");
  CHECK(url->port == 8080);
  CHECK(url->origin() == "http://[::1]:8080");
  CHECK(url->is_loopback());
  CHECK(parse_url("http://[2001:DB8::1]")->host == "2001:db8::1");
  for (const std::string_view text :
       {"http://[::1", "http://[]", "http://[::1]x", "http://[not]", "http://[127.0.0.1]", "http://::1/"}) {
    INFO(text);
    CHECK_FALSE(parse_url(text));
  }
}

TEST_CASE("loopback is decided by the address, not by the look of the name") {
  CHECK(parse_url("http://localhost:1")->is_loopback());
  CHECK(parse_url("http://LOCALHOST")->is_loopback());
  CHECK(parse_url("http://127.0.0.1")->is_loopback());
  CHECK(parse_url("http://127.255.0.9")->is_loopback());
  CHECK_FALSE(parse_url("http://127.0.0.1.example.com")->is_loopback());
  CHECK_FALSE(parse_url("http://localhost.example.com")->is_loopback());
  CHECK_FALSE(parse_url("http://128.0.0.1")->is_loopback());
  CHECK_FALSE(parse_url("http://127.1")->is_loopback());
  CHECK_FALSE(parse_url("http://[::2]")->is_loopback());
}

TEST_CASE("URLs that are refused, and never quoted") {
  for (const std::string& text : {std::string(),
                                  std::string("h"),
                                  std::string("//h"),
                                  std::string("ftp://h"),
                                  std::string("https:/h"),
                                  std::string("https://"),
                                  std::string("https:///x"),
                                  std::string("https://:443"),
                                  std::string("https://hunter2:hunter2@h/"),
                                  std::string("https://hunter2@h"),
                                  std::string("https://h:0"),
                                  std::string("https://h:65536"),
                                  std::string("https://h:99999999999999999999"),
                                  std::string("https://h:-1"),
                                  std::string("https://h:8a"),
                                  std::string("https://h h"),
                                  std::string("https://h/a b"),
                                  std::string("https://h\n"),
                                  std::string("https://h/\x7F"),
                                  std::string("https://h\0x", 11),
                                  std::string("https://h\\@evil"),
                                  std::string("https://a..b"),
                                  std::string("https://.h"),
                                  std::string("https://h%41"),
                                  std::string("https://h,i"),
                                  std::string("https://größe"),
                                  "https://" + std::string(254, 'a'),
                                  std::string(" https://h")}) {
    const auto url = parse_url(text);
    INFO(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == dbxauth::ErrorCode::invalid_argument);
    CHECK(url.error().message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("link-local hosts are those of a cloud's services for its own machines") {
  for (const char* text : {"http://169.254.169.254/metadata", "http://169.254.0.1", "http://[fe80::1]",
                           "http://[FEBF::1]", "http://metadata.google.internal/", "http://Metadata.Google.Internal"}) {
    INFO(text);
    CHECK(parse_url(text)->is_link_local());
    CHECK_FALSE(parse_url(text)->is_loopback());
  }
  for (const char* text : {"http://169.255.0.1", "http://168.254.169.254", "http://[fec0::1]", "http://127.0.0.1",
                           "http://metadata.google.internal.example.com", "http://169.254.169.254.example.com",
                           "http://a.metadata.google.internal"}) {
    INFO(text);
    CHECK_FALSE(parse_url(text)->is_link_local());
  }
}
