// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/redaction.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::base;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string once = redact(text);
  require(redact(once) == once, "redaction is idempotent");
  require(redact_excerpt(text, 50).size() <= 50, "an excerpt keeps its limit");

  constexpr std::string_view planted = "dapi0123456789abcdef0123456789abcdef";
  std::string around(text);
  around += ' ';
  around += planted;
  require(redact(around).find(planted) == std::string::npos, "a token behind any text is hidden");
  static_cast<void>(is_sensitive_name(text));
  return 0;
}
