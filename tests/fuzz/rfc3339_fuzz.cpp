// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "encoding/timestamp.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::encoding;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto time = parse_rfc3339(text)) {
    const bool at_lower_end = *time == SystemTime::min();
    require(at_lower_end || parse_rfc3339(format_rfc3339(*time)) == *time,
            "a formatted time is read back as the same time");
  }
  static_cast<void>(parse_http_date(text));
  if (const auto delay = parse_retry_after(text, SystemTime{})) require(delay->count() >= 0, "a delay is not negative");
  return 0;
}
