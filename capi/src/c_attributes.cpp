// SPDX-License-Identifier: Apache-2.0
#include "c_attributes.hpp"

namespace dbxauth::capi {

std::map<std::string, std::string> Attributes::revealed() const {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : values) texts.emplace(name, value.reveal());
  return texts;
}

Result<Attributes> read_attributes(const dbxauth_attribute* attributes, std::size_t count, const char* what) {
  if (attributes == nullptr && count > 0)
    return invalid_argument(std::string(what) + " is NULL but its count is not 0");
  Attributes read;
  for (std::size_t i = 0; i < count; ++i) {
    const dbxauth_attribute& attribute = attributes[i];
    if (attribute.name == nullptr || *attribute.name == '\0' ||
        (attribute.value.data == nullptr && attribute.value.size > 0)) {
      return invalid_argument(std::string(what) + "[" + std::to_string(i) + "] lacks a name or its value is NULL");
    }
    const std::string_view value(attribute.value.data == nullptr ? "" : attribute.value.data, attribute.value.size);
    read.values.insert_or_assign(attribute.name, SecretString(value));
    if (attribute.place != nullptr) read.places.insert_or_assign(attribute.name, attribute.place);
  }
  return read;
}

Result<std::optional<std::map<std::string, std::string>>> read_environment(const dbxauth_attribute* variables,
                                                                           std::size_t count, std::int32_t replace) {
  std::optional<std::map<std::string, std::string>> environment;
  if (replace == 0) return environment;
  const auto read = read_attributes(variables, count, "environment");
  if (!read) return read.error();
  environment = read->revealed();
  return environment;
}

Result<void> read_timeout(std::int32_t given_ms, const char* field, std::chrono::milliseconds& value) {
  if (given_ms < 0) return invalid_argument(std::string(field) + " must not be negative");
  if (given_ms > 0) value = std::chrono::milliseconds(given_ms);
  return {};
}

}  // namespace dbxauth::capi
