// SPDX-License-Identifier: Apache-2.0
#include "net/network_settings.hpp"

#include <string>

#include "support/temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace dbxauth;
using net::CertificateAuthorities;
using net::ProxySettings;
using platform::Environment;
using Variables = std::map<std::string, std::string>;

namespace {

encoding::Url url(const std::string& text) {
  return *encoding::parse_url(text);
}

std::string proxy(const std::map<std::string, std::string>& variables, const std::string& address,
                  const std::string& option = {}) {
  HttpOptions options;
  options.proxy = option;
  return ProxySettings::resolve(options, Environment(variables)).proxy_for(url(address));
}

}  // namespace

TEST_CASE("certificate authorities come from the first setting in order") {
  const testing::TemporaryDirectory directory;
  std::map<std::string, std::string> variables{{"REQUESTS_CA_BUNDLE", directory.write("requests.pem", "")},
                                               {"CURL_CA_BUNDLE", directory.write("curl.pem", "")},
                                               {"SSL_CERT_FILE", directory.write("ssl.pem", "")},
                                               {"DATABRICKS_CA_BUNDLE", directory.write("databricks.pem", "")}};
  HttpOptions options;
  options.ca_bundle = directory.write("option.pem", "");
  auto found = CertificateAuthorities::resolve(options, Environment(variables));
  CHECK(found.file == directory / "option.pem");
  options.ca_bundle.clear();
  for (const char* name : {"DATABRICKS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    found = CertificateAuthorities::resolve(options, Environment(variables));
    CHECK(found.file == variables[name]);
    CHECK(found.file_origin == name);
    CHECK(found.check());
    variables.erase(name);
  }
  found = CertificateAuthorities::resolve(options, Environment(variables));
  CHECK(found.file.empty());
  CHECK(found.directory.empty());
  CHECK(found.check());
}

TEST_CASE("authorities may be directories, and what does not exist is named") {
  const testing::TemporaryDirectory directory;
  auto found = CertificateAuthorities::resolve({}, Environment(Variables{{"REQUESTS_CA_BUNDLE", directory.path()}}));
  CHECK(found.file.empty());
  CHECK(found.directory == directory.path());
  CHECK(found.check());
  found = CertificateAuthorities::resolve({}, Environment(Variables{{"SSL_CERT_DIR", "/no/such:" + directory.path()}}));
  CHECK(found.check());
  found = CertificateAuthorities::resolve({}, Environment(Variables{{"SSL_CERT_DIR", "/no/such:/nor/this"}}));
  const auto checked = found.check();
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ErrorCode::configuration);
  CHECK(checked.error().message.find("SSL_CERT_DIR names /no/such:/nor/this") == 0);
}

TEST_CASE("what is named replaces the system's authorities; SSL_CERT_* replace one half each") {
  const testing::TemporaryDirectory directory;
  const std::string file = directory.write("a.pem", "");
  const auto exclusive = [](const std::string& option, const Variables& variables) {
    HttpOptions options;
    options.ca_bundle = option;
    return CertificateAuthorities::resolve(options, Environment(variables)).exclusive;
  };
  CHECK(exclusive(file, {}));
  CHECK(exclusive(directory.path(), {}));
  CHECK(exclusive(file, {{"SSL_CERT_DIR", directory.path()}}));
  for (const char* name : {"DATABRICKS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    INFO(name);
    CHECK(exclusive({}, {{name, file}}));
  }
  CHECK_FALSE(exclusive({}, {}));
  CHECK_FALSE(exclusive({}, {{"SSL_CERT_FILE", file}}));
  CHECK_FALSE(exclusive({}, {{"SSL_CERT_DIR", directory.path()}}));
}

TEST_CASE("the proxy is chosen by option, scheme, spelling and exception") {
  const std::string host = "https://adb-1.azuredatabricks.net/api";
  CHECK(proxy({}, host).empty());
  CHECK(proxy({{"HTTPS_PROXY", "http://upper:1"}}, host) == "http://upper:1");
  CHECK(proxy({{"HTTPS_PROXY", "http://upper:1"}, {"https_proxy", "http://lower:1"}}, host) == "http://lower:1");
  CHECK(proxy({{"HTTP_PROXY", "http://plain:1"}}, host).empty());
  CHECK(proxy({{"ALL_PROXY", "socks5://all:1"}}, host) == "socks5://all:1");
  CHECK(proxy({{"ALL_PROXY", "socks5://all:1"}, {"HTTPS_PROXY", "http://upper:1"}}, host) == "http://upper:1");
  CHECK(proxy({{"HTTPS_PROXY", "http://upper:1"}}, host, "http://option:1") == "http://option:1");
  CHECK(proxy({{"HTTPS_PROXY", "http://upper:1"}, {"NO_PROXY", "a.b, .azuredatabricks.net"}}, host).empty());
  CHECK(proxy({{"HTTPS_PROXY", "http://upper:1"}, {"no_proxy", "a.b"}, {"NO_PROXY", "*"}}, host) == "http://upper:1");
}

TEST_CASE("loopback goes through a proxy by option only, and a client cannot choose the proxy of a CGI program") {
  CHECK(proxy({{"HTTP_PROXY", "http://p:1"}, {"HTTPS_PROXY", "http://p:1"}, {"ALL_PROXY", "http://p:1"}},
              "http://localhost:8080")
            .empty());
  CHECK(proxy({}, "http://[::1]:8080", "http://option:1") == "http://option:1");
  CHECK(proxy({{"HTTP_PROXY", "http://p:1"}}, "http://remote.example") == "http://p:1");
  CHECK(proxy({{"HTTP_PROXY", "http://p:1"}, {"REQUEST_METHOD", "GET"}}, "http://remote.example").empty());
  CHECK(proxy({{"http_proxy", "http://p:1"}, {"REQUEST_METHOD", "GET"}}, "http://remote.example") == "http://p:1");
}

TEST_CASE("link-local addresses never go through a proxy") {
  for (const char* address :
       {"http://169.254.169.254/metadata", "http://metadata.google.internal/", "http://[fe80::1]/"}) {
    CHECK(proxy({{"HTTP_PROXY", "http://p:1"}, {"ALL_PROXY", "http://p:1"}}, address, "http://option:1").empty());
  }
}

TEST_CASE("the setting that chose the proxy, or ruled it out, is known") {
  const auto choose = [](const Variables& variables, const std::string& option = {}) {
    HttpOptions options;
    options.proxy = option;
    return ProxySettings::resolve(options, Environment(variables)).choose(url("https://w.example/"));
  };
  CHECK(choose({{"HTTPS_PROXY", "http://p:1"}}).origin == "HTTPS_PROXY");
  CHECK(choose({{"https_proxy", "http://p:1"}}).origin == "https_proxy");
  CHECK(choose({{"all_proxy", "http://p:1"}}).origin == "all_proxy");
  CHECK(choose({{"HTTPS_PROXY", "http://p:1"}}, "http://o:1").origin == "the option proxy");
  CHECK(choose({{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "w.example"}}).origin == "no_proxy");
  CHECK(choose({{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "w.example"}}).url.empty());
  CHECK(choose({{"NO_PROXY", "w.example"}}).origin.empty());
  CHECK(choose({}).origin.empty());
}

TEST_CASE("NO_PROXY may be separated by white space of any kind, and spelled in any case") {
  const std::string host = "https://W.Example/";
  for (const char* list : {"a.b w.example", "a.b,\tW.EXAMPLE", "a.b;w.example", " , ,w.example,", "a.b\nw.example"}) {
    INFO(list);
    CHECK(proxy({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", list}}, host).empty());
  }
  CHECK(proxy({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", " , "}}, host) == "http://p:1");
}

TEST_CASE("NO_PROXY entries") {
  using net::matches_no_proxy_entry;
  CHECK(matches_no_proxy_entry("*", "any.host", 443));
  CHECK(matches_no_proxy_entry("example.com", "example.com", 443));
  CHECK(matches_no_proxy_entry("example.com", "a.example.com", 443));
  CHECK(matches_no_proxy_entry(".example.com", "a.example.com", 443));
  CHECK(matches_no_proxy_entry("*.example.com", "a.example.com", 443));
  CHECK_FALSE(matches_no_proxy_entry("example.com", "badexample.com", 443));
  CHECK_FALSE(matches_no_proxy_entry("a.example.com", "example.com", 443));
  CHECK(matches_no_proxy_entry("example.com:8443", "example.com", 8443));
  CHECK_FALSE(matches_no_proxy_entry("example.com:8443", "example.com", 443));
  CHECK(matches_no_proxy_entry("10.0.0.0/8", "10.1.2.3", 443));
  CHECK_FALSE(matches_no_proxy_entry("10.0.0.0/8", "11.1.2.3", 443));
  CHECK(matches_no_proxy_entry("10.16.0.0/12", "10.31.0.1", 443));
  CHECK_FALSE(matches_no_proxy_entry("10.16.0.0/12", "10.32.0.1", 443));
  CHECK(matches_no_proxy_entry("0.0.0.0/0", "8.8.8.8", 443));
  CHECK_FALSE(matches_no_proxy_entry("10.0.0.0/33", "10.0.0.0", 443));
  CHECK_FALSE(matches_no_proxy_entry("10.0.0.0/x", "10.0.0.0", 443));
  CHECK_FALSE(matches_no_proxy_entry("10.0.0.0/8", "host.example", 443));
  CHECK(matches_no_proxy_entry("fd00::/8", "fd12::1", 443));
  CHECK_FALSE(matches_no_proxy_entry("fd00::/8", "10.0.0.1", 443));
  CHECK(matches_no_proxy_entry("[fd12::1]:443", "fd12::1", 443));
  CHECK_FALSE(matches_no_proxy_entry("[fd12::1]:80", "fd12::1", 443));
  CHECK(matches_no_proxy_entry("[fd12::]/16", "fd12::1", 443));
  CHECK_FALSE(matches_no_proxy_entry("[fd12::]/16", "fd13::1", 443));
  CHECK(matches_no_proxy_entry("[fd12::]/16:443", "fd12::1", 443));
  CHECK_FALSE(matches_no_proxy_entry("[fd12::]/16:80", "fd12::1", 443));
  CHECK(matches_no_proxy_entry("FD12::1", "fd12::1", 443));
  CHECK(matches_no_proxy_entry("fd12:0:0::1", "fd12::1", 443));
  CHECK(matches_no_proxy_entry("10.0.0.0/8:8443", "10.1.2.3", 8443));
  CHECK_FALSE(matches_no_proxy_entry("10.0.0.0/8:8443", "10.1.2.3", 443));
  CHECK(matches_no_proxy_entry("10.0.0.0/8", "::ffff:10.1.2.3", 443));
  CHECK(matches_no_proxy_entry("::ffff:10.0.0.0/104", "10.1.2.3", 443));
  CHECK_FALSE(matches_no_proxy_entry("::ffff:10.0.0.0/104", "11.1.2.3", 443));
  CHECK_FALSE(matches_no_proxy_entry("::/0", "10.1.2.3", 443));
  CHECK(matches_no_proxy_entry("*:8443", "any.host", 8443));
  CHECK_FALSE(matches_no_proxy_entry("*:8443", "any.host", 443));
  CHECK(matches_no_proxy_entry("https://example.com", "a.example.com", 443));
  CHECK(matches_no_proxy_entry("example.com.", "example.com", 443));
  CHECK(matches_no_proxy_entry("example.com", "example.com.", 443));
  CHECK(matches_no_proxy_entry("EXAMPLE.com", "a.example.COM", 443));
  CHECK_FALSE(matches_no_proxy_entry("example.com:x", "example.com", 443));
  CHECK_FALSE(matches_no_proxy_entry("[", "host", 443));
  CHECK_FALSE(matches_no_proxy_entry("", "host", 443));
  CHECK_FALSE(matches_no_proxy_entry(".", "host", 443));
}

TEST_CASE("credentials of a proxy are not shown") {
  CHECK(net::without_user_info("http://me:pw@proxy:3128") == "http://proxy:3128");
  CHECK(net::without_user_info("me:p@w@proxy:3128") == "proxy:3128");
  CHECK(net::without_user_info("http://proxy:3128") == "http://proxy:3128");
  CHECK(net::without_user_info("").empty());
  CHECK(net::has_user_info("http://me:pw@proxy:3128"));
  CHECK(net::has_user_info("me@proxy"));
  CHECK_FALSE(net::has_user_info("http://proxy:3128"));
}

TEST_CASE("the user agent names the product first") {
  CHECK(net::user_agent("").find("dbxauth/") == 0);
  CHECK(net::user_agent("my-tool/1.2").find("my-tool/1.2 dbxauth/") == 0);
  CHECK(net::user_agent("a\r\nb(c)").find("a--b-c- dbxauth/") == 0);
}
