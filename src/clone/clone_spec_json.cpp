// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "base/edit_distance.hpp"
#include "base/text.hpp"
#include "clone/clone_json.hpp"
#include "clone/plan_request.hpp"

namespace dbxauth {
namespace clone {
namespace {

constexpr std::array<std::string_view, 18> spec_keys = {
    "schema",          "source",           "destination",    "mode",         "if_exists",     "include_schemas",
    "exclude_schemas", "copy_views",       "copy_functions", "copy_volumes", "copy_comments", "copy_tags",
    "copy_grants",     "managed_location", "location_map",   "warehouse_id", "parallelism",   "$schema"};

Error wrong(std::string message) {
  return {ErrorCode::invalid_argument, std::move(message)};
}

/// `text` in quotes, cut short, fit for a message.
std::string shown(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, 60)) clean += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return "\"" + clean + (text.size() > 60 ? "...\"" : "\"");
}

Error unknown_key(std::string_view key) {
  std::vector<std::string> near;
  std::vector<std::string> all;
  const std::string_view compared = key.substr(0, 64);
  for (const std::string_view known : spec_keys) {
    if (known == "$schema") continue;
    all.emplace_back(known);
    const bool contains =
        key.size() >= 4 && (known.find(key) != std::string_view::npos || key.find(known) != std::string_view::npos);
    const std::size_t limit = std::max<std::size_t>(1, compared.size() / 4);
    if (contains || base::edit_distance(compared, known, limit) <= limit) near.emplace_back(known);
  }
  const std::string hint =
      near.empty() ? "It may have: " + base::join(all, ", ") : "Did you mean " + base::join(near, " or ") + "?";
  return wrong(fmt::format("The clone spec has no member {}. {}", shown(key), hint));
}

class SpecReader {
 public:
  explicit SpecReader(base::JsonView json) : json_(json) {}

  Result<CloneSpec> read() {
    if (!json_.is_object())
      return wrong("A clone spec is a JSON object such as {\"schema\": 1, \"source\": \"production\", ...}.");
    std::set<std::string> seen;
    json_.each_member([&](std::string_view key, base::JsonView) {
      const bool known = std::find(spec_keys.begin(), spec_keys.end(), key) != spec_keys.end();
      if (!known) fail(unknown_key(key));
      if (!seen.emplace(key).second) fail(wrong(fmt::format("The clone spec has {} twice.", shown(key))));
    });
    const base::JsonView version = json_["schema"];
    if (!version.is_missing() && version.as_integer() != 1) {
      fail(wrong("\"schema\" of the clone spec must be 1: this version knows no other form."));
    }
    text("source", spec_.source);
    text("destination", spec_.destination);
    choice("mode", spec_.mode, &clone_mode_from, "deep, shallow or schema_only");
    choice("if_exists", spec_.if_exists, &if_exists_from, "skip, replace or fail");
    texts("include_schemas", spec_.include_schemas);
    texts("exclude_schemas", spec_.exclude_schemas);
    flag("copy_views", spec_.copy_views);
    flag("copy_functions", spec_.copy_functions);
    flag("copy_volumes", spec_.copy_volumes);
    flag("copy_comments", spec_.copy_comments);
    flag("copy_tags", spec_.copy_tags);
    flag("copy_grants", spec_.copy_grants);
    text("managed_location", spec_.managed_location);
    locations();
    text("warehouse_id", spec_.warehouse_id);
    parallelism();
    if (error_) return *error_;
    return std::move(spec_);
  }

 private:
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }
  void wrong_type(std::string_view key, std::string_view expected) {
    fail(wrong(fmt::format("\"{}\" of the clone spec must be {}.", key, expected)));
  }

  void text(std::string_view key, std::string& value) {
    const base::JsonView member = json_[key];
    if (member.is_missing()) return;
    if (!member.is_string()) return wrong_type(key, "a string");
    value = member.string_or();
  }

  void flag(std::string_view key, bool& value) {
    const base::JsonView member = json_[key];
    if (member.is_missing()) return;
    if (!member.as_boolean()) return wrong_type(key, "true or false");
    value = *member.as_boolean();
  }

  void texts(std::string_view key, std::vector<std::string>& values) {
    const base::JsonView member = json_[key];
    if (member.is_missing()) return;
    if (!member.is_array()) return wrong_type(key, "an array of strings");
    member.each_element([&](base::JsonView element) {
      if (!element.is_string()) return wrong_type(key, "an array of strings");
      values.emplace_back(element.string_or());
    });
  }

  template <class Value>
  void choice(std::string_view key, Value& value, std::optional<Value> (*parse)(std::string_view) noexcept,
              std::string_view expected) {
    const base::JsonView member = json_[key];
    if (member.is_missing()) return;
    const std::optional<Value> parsed = member.is_string() ? parse(member.string_or()) : std::nullopt;
    if (!parsed) return wrong_type(key, expected);
    value = *parsed;
  }

  void locations() {
    const base::JsonView member = json_["location_map"];
    if (member.is_missing()) return;
    if (!member.is_object()) return wrong_type("location_map", "an object of source prefixes and destination prefixes");
    member.each_member([&](std::string_view from, base::JsonView to) {
      if (!to.is_string()) return wrong_type("location_map", "an object of strings");
      const bool fresh = spec_.location_map.emplace(from, to.string_or()).second;
      if (!fresh) fail(wrong(fmt::format("\"location_map\" has {} twice.", shown(from))));
    });
  }

  void parallelism() {
    const base::JsonView member = json_["parallelism"];
    if (member.is_missing()) return;
    const std::optional<std::int64_t> value = member.as_integer();
    if (!value || *value < 1 || *value > 64) return wrong_type("parallelism", "a whole number between 1 and 64");
    spec_.parallelism = static_cast<std::int32_t>(*value);
  }

  base::JsonView json_;
  CloneSpec spec_;
  std::optional<Error> error_;
};

}  // namespace

void write_spec(base::JsonWriter& json, const CloneSpec& spec) {
  json.begin_object();
  json.member("schema", 1);
  json.member("source", spec.source);
  json.member("destination", spec.destination);
  json.member("mode", to_string(spec.mode));
  json.member("if_exists", to_string(spec.if_exists));
  json.member("include_schemas", spec.include_schemas);
  json.member("exclude_schemas", spec.exclude_schemas);
  json.member("copy_views", spec.copy_views);
  json.member("copy_functions", spec.copy_functions);
  json.member("copy_volumes", spec.copy_volumes);
  json.member("copy_comments", spec.copy_comments);
  json.member("copy_tags", spec.copy_tags);
  json.member("copy_grants", spec.copy_grants);
  json.member("managed_location", spec.managed_location);
  json.key("location_map").begin_object();
  for (const auto& mapping : spec.location_map) json.member(mapping.first, mapping.second);
  json.end_object();
  json.member("warehouse_id", spec.warehouse_id);
  json.member("parallelism", static_cast<std::int64_t>(spec.parallelism));
  json.end_object();
}

Result<CloneSpec> read_spec(base::JsonView json) {
  return SpecReader(json).read();
}

}  // namespace clone

std::string CloneSpec::to_json() const {
  base::JsonWriter json(2);
  clone::write_spec(json, *this);
  return json.take();
}

Result<CloneSpec> CloneSpec::from_json(std::string_view json) {
  auto document = base::JsonDocument::parse(json, "the clone spec");
  if (!document) {
    Error error = document.error();
    error.code = ErrorCode::invalid_argument;
    return error;
  }
  return clone::read_spec(document->root());
}

}  // namespace dbxauth
