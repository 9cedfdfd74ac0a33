// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_sources.hpp"
#include "config/ini_document.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth::config {

/// The section of settings that are not a profile: `default_profile`, `auth_storage`.
inline constexpr std::string_view kSettingsSection = "__settings__";

/// A larger file is refused.
inline constexpr std::size_t kLargestProfileFile = 4u << 20;

/// Reads a profile file. ErrorCode::not_found when it does not exist, configuration when it is malformed or not a file;
/// `/dev/null` is an empty file. The errors name the path.
Result<IniDocument> read_profile_file(const std::string& path);

/// Sections that hold at least one key and are profiles, in the order of the file.
std::vector<std::string> profile_names(const IniDocument& document);

/// True when a profile of that name exists: a section with at least one key that is not reserved.
bool has_profile(const IniDocument& document, std::string_view name);

/// The attributes that a section states; keys that are no attributes become warnings. `path` names the file in places.
AttributeLayer read_profile(const IniSection& section, Layer layer, std::string_view path,
                            std::vector<std::string>& warnings);

/// `[__settings__] auth_storage`, trimmed; empty when it is not set.
std::string read_auth_storage(const IniDocument& document);

/// True when any section states a secret.
bool holds_secrets(const IniDocument& document);

}  // namespace dbxauth::config
