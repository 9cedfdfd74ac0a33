// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/ini_document.hpp"
#include "property.hpp"

using dbxauth::SecretString;
using dbxauth::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dbxauth::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = IniDocument::parse(SecretString(text), "fuzz");
  if (!document) {
    require(document.error().message.substr(0, 5) == "fuzz:", "an error names its place");
    return 0;
  }
  require(document->text() == text, "the bytes are kept");
  for (const IniSection& section : document->sections()) {
    require(document->find(section.name) == &section, "every section is found");
    std::size_t last = 0;
    for (const IniEntry& entry : section.entries) {
      require(entry.begin >= last && entry.begin < entry.end && entry.end <= size, "entries are ordered and inside");
      require(!entry.key.empty() && section.find(entry.key) != nullptr, "every entry is found");
      last = entry.end;
    }
    for (const IniSection::Header& header : section.headers) {
      require(header.begin < header.end && header.end <= size, "headers are inside");
    }
  }
  return 0;
}
