// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "encoding/url.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::encoding;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(percent_decode(percent_encode(text)) == text, "percent encoding is reversible");
  static_cast<void>(percent_decode(text, true));
  const auto url = parse_url(text);
  if (!url) return 0;
  require(!url->host.empty() && url->port >= 0 && url->port <= 65535, "a parsed URL has a host and a port in range");
  std::string again = url->origin() + url->path;
  if (!url->query.empty()) again += "?" + url->query;
  const auto reparsed = parse_url(again);
  require(reparsed.has_value(), "what was taken apart can be put together");
  require(reparsed->host == url->host && reparsed->path == url->path && reparsed->query == url->query,
          "the parts stay the same");
  require(reparsed->is_loopback() == url->is_loopback(), "loopback stays loopback");
  return 0;
}
