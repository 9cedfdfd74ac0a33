// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/dotenv.hpp"
#include "property.hpp"

using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  const DotenvDocument document = parse_dotenv(text, "fuzz");
  int last = 1;
  for (const DotenvEntry& entry : document.entries) {
    require(entry.line >= last && entry.line <= lines, "lines are ordered and inside");
    require(!entry.name.empty() && document.find(entry.name) != nullptr, "every entry is found");
    last = entry.line;
  }
  return 0;
}
