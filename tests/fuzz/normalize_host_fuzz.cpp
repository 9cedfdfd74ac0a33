// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/config_sources.hpp"
#include "encoding/url.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto host = dbxauth::config::normalize_host(text);
  if (!host) return 0;
  const auto url = dbxauth::encoding::parse_url(host->host);
  require(url.has_value() && url->path.empty() && url->query.empty(), "a normalised host is an origin");
  require(url->scheme == "https" || url->is_loopback(), "plain http stays on this computer");
  const auto again = dbxauth::config::normalize_host(host->host);
  require(again.has_value() && again->host == host->host, "normalising twice changes nothing");
  require(host->host.find('@') == std::string::npos, "no user info is left");
  return 0;
}
