// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <array>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.hpp"
#include "request_error.hpp"

namespace dbxauth::emulator {

namespace {

struct IntegerSetting {
  std::string_view name;
  std::atomic<std::int64_t> Settings::*member;
  std::int64_t least;
};

constexpr std::array<IntegerSetting, 11> integer_settings{{
    {"oauth_token_lifetime_s", &Settings::oauth_token_lifetime_s, 0},
    {"entra_token_lifetime_s", &Settings::entra_token_lifetime_s, 0},
    {"google_token_lifetime_s", &Settings::google_token_lifetime_s, 0},
    {"id_token_lifetime_s", &Settings::id_token_lifetime_s, 0},
    {"external_link_lifetime_s", &Settings::external_link_lifetime_s, 0},
    {"external_link_uses", &Settings::external_link_uses, 0},
    {"warehouse_start_ms", &Settings::warehouse_start_ms, 0},
    {"statement_delay_ms", &Settings::statement_delay_ms, 0},
    {"inline_limit_bytes", &Settings::inline_limit_bytes, 1},
    {"chunk_bytes", &Settings::chunk_bytes, 1},
    {"page_size", &Settings::page_size, 0},
}};

}  // namespace

std::string Settings::default_user() const {
  const std::lock_guard lock(mutex_);
  return default_user_;
}

void Settings::set_default_user(std::string name) {
  const std::lock_guard lock(mutex_);
  default_user_ = std::move(name);
}

std::string Settings::federation_audience() const {
  const std::lock_guard lock(mutex_);
  return federation_audience_;
}

void Settings::set_federation_audience(std::string audience) {
  const std::lock_guard lock(mutex_);
  federation_audience_ = std::move(audience);
}

void Settings::apply(base::JsonView object) {
  std::vector<std::function<void()>> changes;
  object.each_member([&](std::string_view key, base::JsonView value) {
    for (const IntegerSetting& setting : integer_settings) {
      if (setting.name != key) continue;
      const auto number = value.as_integer();
      if (!number || *number < setting.least)
        throw bad_parameter("setting '" + std::string(key) + "' expects an integer of at least " +
                            std::to_string(setting.least));
      changes.emplace_back([this, &setting, given = *number] { (this->*setting.member).store(given); });
      return;
    }
    if (key == "empty_pages" && value.as_boolean()) {
      changes.emplace_back([this, on = *value.as_boolean()] { empty_pages.store(on); });
    } else if (key == "external_link_headers" && value.as_boolean()) {
      changes.emplace_back([this, on = *value.as_boolean()] { external_link_headers.store(on); });
    } else if (key == "default_user" && value.as_string()) {
      changes.emplace_back([this, name = std::string(*value.as_string())] { set_default_user(name); });
    } else if (key == "federation_audience" && value.as_string()) {
      changes.emplace_back([this, name = std::string(*value.as_string())] { set_federation_audience(name); });
    } else {
      throw bad_parameter("setting '" + std::string(key) + "' is unknown or has a wrong value");
    }
  });
  for (const auto& change : changes) change();
}

std::string Settings::to_json() const {
  base::JsonWriter json;
  json.begin_object();
  for (const IntegerSetting& setting : integer_settings) json.member(setting.name, (this->*setting.member).load());
  json.member("external_link_headers", external_link_headers.load());
  json.member("empty_pages", empty_pages.load()).member("default_user", default_user());
  json.member("federation_audience", federation_audience());
  json.end_object();
  return json.take();
}

}  // namespace dbxauth::emulator
