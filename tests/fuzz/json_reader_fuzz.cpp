// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"
#include "property.hpp"

using dbxauth::base::JsonDocument;
using dbxauth::base::JsonKind;
using dbxauth::base::JsonView;
using dbxauth::base::JsonWriter;
using dbxauth::fuzz::require;

namespace {

void write(JsonWriter& json, JsonView value) {
  switch (value.kind()) {
    case JsonKind::object:
      json.begin_object();
      value.each_member([&](std::string_view key, JsonView member) {
        require(!value[key].is_missing(), "every key that is visited can be found");
        json.key(key);
        write(json, member);
      });
      json.end_object();
      break;
    case JsonKind::array:
      json.begin_array();
      value.each_element([&](JsonView element) { write(json, element); });
      json.end_array();
      break;
    case JsonKind::string:
      json.string(*value.as_string());
      break;
    case JsonKind::boolean:
      json.boolean(*value.as_boolean());
      break;
    case JsonKind::number:
      json.number(*value.as_number());
      break;
    case JsonKind::integer:
      json.raw(*value.as_text());
      break;
    case JsonKind::null:
      json.null();
      break;
    case JsonKind::missing:
      require(false, "a visited value is not missing");
      break;
  }
}

std::string rewrite(std::string_view text, bool& parsed) {
  const auto document = JsonDocument::parse(text, "the input");
  parsed = document.has_value();
  JsonWriter json(2);
  if (parsed) write(json, document->root());
  return json.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bool parsed = false;
  const std::string once = rewrite({reinterpret_cast<const char*>(data), size}, parsed);
  if (!parsed) return 0;
  const std::string twice = rewrite(once, parsed);
  require(parsed, "what was written can be parsed");
  require(once == twice, "writing what was parsed is stable");
  return 0;
}
