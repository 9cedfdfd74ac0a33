// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "encoding/timestamp.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::encoding;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const SystemTime now = std::chrono::system_clock::from_time_t(1767225600);
  const auto delay = parse_retry_after(text, now);
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    require(delay.has_value(), "any number of seconds is understood");
    require(text.size() > 9 || delay->count() == 1000 * std::stoll(std::string(text)), "seconds become milliseconds");
  }
  if (!delay) return 0;
  require(delay->count() >= 0, "a delay is not negative");
  require(parse_retry_after("  " + std::string(text) + "\t", now) == delay, "white space around it does not matter");
  if (const auto date = parse_http_date(text)) {
    require((delay->count() == 0) == (*date < now + std::chrono::milliseconds(1)), "only a past date is no delay");
    require(parse_retry_after(text, SystemTime::max())->count() == 0, "at the end of time every date is past");
  }
  return 0;
}
