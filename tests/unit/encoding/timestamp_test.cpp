// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <chrono>
#include <random>
#include <string>

#include "encoding/timestamp.hpp"

using namespace dbxauth::encoding;
using namespace std::chrono_literals;

namespace {

SystemTime at(std::time_t seconds) {
  return std::chrono::system_clock::from_time_t(seconds);
}

}  // namespace

TEST_CASE("RFC 3339 times as Go writes them") {
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == at(0));
  CHECK(parse_rfc3339("2023-11-14T22:13:20Z") == at(1700000000));
  CHECK(parse_rfc3339("2023-11-14T22:13:20.5Z") == at(1700000000) + 500ms);
  CHECK(parse_rfc3339("2023-11-14T22:13:20.123456789Z") == at(1700000000) + 123456789ns);
  CHECK(parse_rfc3339("2023-11-14T23:13:20.379927+01:00") == at(1700000000) + 379927us);
  CHECK(parse_rfc3339("2023-11-14T16:43:20-05:30") == at(1700000000));
  CHECK(parse_rfc3339("2023-11-15T00:13:20+02:00") == at(1700000000));
  CHECK(parse_rfc3339("2024-02-29t12:00:00z") == at(1709208000));
  CHECK(parse_rfc3339("1969-12-31T23:59:59.75Z") == at(0) - 250ms);
  CHECK(parse_rfc3339("2016-12-31T23:59:60Z") == at(1483228800));
}

TEST_CASE("Go's zero time is no expiry, and other times outside the clock's range are its ends") {
  CHECK(parse_rfc3339("0001-01-01T00:00:00Z") == SystemTime::max());
  CHECK(parse_rfc3339("9999-12-31T23:59:59Z") == SystemTime::max());
  CHECK(parse_rfc3339("1500-01-01T00:00:00Z") == SystemTime::min());
  CHECK(parse_rfc3339("0000-01-01T00:00:00Z") == SystemTime::min());
  CHECK(parse_rfc3339("2262-04-11T23:47:16.9Z") == SystemTime::max());
  CHECK(format_rfc3339(SystemTime::min()) == "1677-09-21T00:12:43.145224192Z");
  CHECK(format_rfc3339(SystemTime::max()) == "0001-01-01T00:00:00Z");
}

TEST_CASE("what is not RFC 3339 is refused") {
  for (const std::string_view text : {"",
                                      "2023",
                                      "2023-11-14",
                                      "2023-11-14T22:13:20",
                                      "2023-11-14 22:13:20Z",
                                      "2023-11-14T22:13:20.Z",
                                      "2023-11-14T22:13:20.1234567890Z",
                                      "2023-02-29T00:00:00Z",
                                      "2023-13-01T00:00:00Z",
                                      "2023-00-01T00:00:00Z",
                                      "2023-01-00T00:00:00Z",
                                      "2023-01-01T24:00:00Z",
                                      "2023-01-01T00:60:00Z",
                                      "2023-01-01T00:00:61Z",
                                      "2023-01-01T00:00:00+24:00",
                                      "2023-01-01T00:00:00+00:60",
                                      "2023-01-01T00:00:00+0100",
                                      "2023-01-01T00:00:00Zx",
                                      " 2023-01-01T00:00:00Z",
                                      "-023-01-01T00:00:00Z",
                                      "2023-1-01T00:00:00Z",
                                      "2023-01-01T00:00:00,5Z"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

TEST_CASE("format_rfc3339 has no more digits than needed and can be read back") {
  CHECK(format_rfc3339(at(1700000000)) == "2023-11-14T22:13:20Z");
  CHECK(format_rfc3339(at(1700000000) + 379927us) == "2023-11-14T22:13:20.379927Z");
  CHECK(format_rfc3339(at(1700000000) + 1ns) == "2023-11-14T22:13:20.000000001Z");
  CHECK(format_rfc3339(at(0) - 250ms) == "1969-12-31T23:59:59.75Z");
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const SystemTime time{SystemTime::duration(static_cast<std::int64_t>(random()) / 2)};
    CHECK(parse_rfc3339(format_rfc3339(time)) == time);
  }
}

TEST_CASE("HTTP dates") {
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == at(784111777));
  for (const std::string_view text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    INFO(text);
    CHECK_FALSE(parse_http_date(text));
  }
}

TEST_CASE("Retry-After is seconds or a date") {
  const SystemTime now = at(784111777);
  CHECK(parse_retry_after("0", now) == 0ms);
  CHECK(parse_retry_after(" 120 ", now) == 120s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now) == 10s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:27 GMT", now) == 0ms);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:38 GMT", now + 1ns) == 1s);
  const auto huge = parse_retry_after(std::string(500, '9'), now);
  REQUIRE(huge);
  CHECK(*huge > std::chrono::hours(24 * 365 * 1000));
  CHECK(parse_retry_after("9223372036854775807", now) == huge);
  CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now).value() > std::chrono::hours(24 * 365));
  for (const std::string_view text : {"", "-1", "1.5", "PT24H", "1.5s", "soon", "+5", "5 s"}) {
    INFO(text);
    CHECK_FALSE(parse_retry_after(text, now));
  }
}
