// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/oauth/host_metadata.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

namespace {

bool is_plain(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto metadata = dbxauth::auth::parse_host_metadata({reinterpret_cast<const char*>(data), size});
  if (!metadata) {
    require(metadata.error().code == dbxauth::ErrorCode::protocol, "a damaged document is a protocol error");
    return 0;
  }
  for (const std::string* member : {&metadata->oidc_endpoint, &metadata->account_id, &metadata->workspace_id,
                                    &metadata->cloud, &metadata->host_type}) {
    require(is_plain(*member), "no member can break a URL or a header apart");
  }
  require(metadata->oidc_endpoint.empty() || metadata->oidc_endpoint.back() != '/', "no slash ends the OIDC root");
  for (const std::string& audience : metadata->audiences) {
    require(!audience.empty() && is_plain(audience), "no audience is empty or in pieces");
  }
  return 0;
}
