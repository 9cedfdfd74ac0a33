// SPDX-License-Identifier: Apache-2.0
#include "config/profile_file.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/config_attributes.hpp"
#include "platform/files.hpp"

namespace dbxauth::config {
namespace {

// Keys that other tools keep in profiles and that mean nothing here.
constexpr std::string_view kForeignKeys[] = {"insecure",
                                             "jobs-api-version",
                                             "oauth_browser_auth_timeout",
                                             "disable_retries",
                                             "org_id",
                                             "authorization_details",
                                             "max_connection_pools",
                                             "max_connections_per_pool",
                                             "product",
                                             "product_version",
                                             "port",
                                             "databricks_connect_version",
                                             "refresh_token",
                                             "sql_http_path",
                                             "http_path",
                                             "experimental_is_unified_host",
                                             "disable_experimental_files_api_client"};

bool is_foreign(std::string_view key) {
  return std::find(std::begin(kForeignKeys), std::end(kForeignKeys), key) != std::end(kForeignKeys);
}

const IniEntry* find_entry(const IniSection& section, const ConfigAttribute& attribute) {
  const IniEntry* entry = section.find(attribute.name);
  for (std::size_t i = 0; i < attribute.file_aliases.size() && (!entry || entry->value.empty()); ++i) {
    entry = section.find(attribute.file_aliases[i]);
  }
  return entry && !entry->value.empty() ? entry : nullptr;
}

void warn_of_unknown_keys(const IniSection& section, std::string_view path, std::vector<std::string>& warnings) {
  std::set<std::string_view> seen;
  for (const IniEntry& entry : section.entries) {
    if (find_config_attribute(entry.key) || is_foreign(entry.key) || !seen.insert(entry.key).second) continue;
    const std::vector<std::string> similar = similar_attribute_names(entry.key);
    const std::string hint = similar.empty() ? std::string() : fmt::format("; did you mean {}?", similar.front());
    // A line such as `dapi0123: …` has a secret where a key belongs.
    const bool presentable = entry.key.size() <= 40 && base::is_valid_utf8(entry.key) &&
                             entry.key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_- .") ==
                                 std::string_view::npos;
    warnings.push_back(fmt::format("{}:{}: the key{}{} is not known and was ignored{}", path, entry.line,
                                   presentable ? " " : "", presentable ? entry.key : std::string_view(), hint));
  }
}

}  // namespace

Result<IniDocument> read_profile_file(const std::string& path) {
  if (path == "/dev/null") return IniDocument::parse(SecretString(), path);
  Result<SecretString> text = platform::read_file(path, kLargestProfileFile);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return std::move(text).error();
    return Error(ErrorCode::configuration, fmt::format("the profile file cannot be read: {}", text.error().message));
  }
  return IniDocument::parse(std::move(*text), path);
}

bool has_profile(const IniDocument& document, std::string_view name) {
  if (name == kSettingsSection) return false;
  const IniSection* section = document.find(name);
  return section && !section->entries.empty();
}

std::vector<std::string> profile_names(const IniDocument& document) {
  std::vector<std::string> names;
  for (const IniSection& section : document.sections()) {
    if (has_profile(document, section.name)) names.push_back(section.name);
  }
  return names;
}

AttributeLayer read_profile(const IniSection& section, Layer layer, std::string_view path,
                            std::vector<std::string>& warnings) {
  AttributeLayer values;
  values.layer = layer;
  values.label = fmt::format("profile {}", section.name);
  for (const ConfigAttribute& attribute : config_attributes()) {
    // A profile cannot name another profile or file.
    if (attribute.name == "profile" || attribute.name == "config_file") continue;
    const IniEntry* entry = find_entry(section, attribute);
    if (!entry) continue;
    AttributeValue value;
    value.value = SecretString(entry->value);
    value.provenance = {layer, fmt::format("{}:{}", path, entry->line)};
    values.values.emplace(std::string(attribute.name), std::move(value));
  }
  warn_of_unknown_keys(section, path, warnings);
  return values;
}

std::string read_auth_storage(const IniDocument& document) {
  const IniSection* settings = document.find(kSettingsSection);
  return settings ? std::string(base::trim(settings->value("auth_storage"))) : std::string();
}

bool holds_secrets(const IniDocument& document) {
  for (const IniSection& section : document.sections()) {
    for (const IniEntry& entry : section.entries) {
      const ConfigAttribute* attribute = find_config_attribute(entry.key);
      if (attribute && attribute->sensitive && !entry.value.empty()) return true;
    }
  }
  return false;
}

}  // namespace dbxauth::config
