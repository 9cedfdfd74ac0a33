// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/config.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "platform/environment.hpp"

namespace dbxauth::config {

struct AttributeValue {
  SecretString value;  ///< Every value is kept as a secret: whether it is one depends on the attribute.
  Provenance provenance;
};

/// What one layer states, by attribute name of the table in config_attributes.hpp.
struct AttributeLayer {
  Layer layer = Layer::built_in;
  std::string label;  ///< For reports: "environment", "profile staging", ".env".
  std::map<std::string, AttributeValue, std::less<>> values;

  const AttributeValue* find(std::string_view name) const;  ///< nullptr when absent or empty.
  std::string_view text(std::string_view name) const;       ///< Empty when absent.
};

/// Inputs of load_sources(); the pointers are borrowed for the call.
struct SourceOptions {
  const std::map<std::string, SecretString>* attributes = nullptr;
  const std::map<std::string, std::string>* attribute_places = nullptr;
  std::optional<std::string> profile;
  std::string config_file;
  std::optional<ChainRules> rules;
  bool load_dotenv = false;
  std::string dotenv_file;
  platform::Environment environment;
};

/// Everything that is configured, per layer and not merged: the chain decides what may be combined.
struct ConfigSources {
  std::vector<AttributeLayer> layers;  ///< Highest first; a layer that states nothing is left out.
  ChainRules rules = ChainRules::layered;
  std::string profile;         ///< Name of the profile that was read; empty when none.
  bool profile_named = false;  ///< By the program (Layer::named_profile), not by variable or default.
  std::string config_file;
  /// `[__settings__] auth_storage` of the profile file, trimmed; empty when it is not set. Unset: the file was not
  /// read.
  std::optional<std::string> auth_storage;
  platform::Environment environment;  ///< As given; `.env` is a layer of its own and not mixed in.
  std::vector<std::string> warnings;
  std::vector<std::string> hints;  ///< What matters only when no credentials are found.

  const AttributeLayer* find(Layer layer) const;
  /// The first layer from the top that states `name`.
  const AttributeValue* find_attribute(std::string_view name) const;
};

/// Reads options, environment, `.env`, the profile file and the saved session of Clone-Xs. No network, no programs.
Result<ConfigSources> load_sources(const SourceOptions& options);

/// What a person pasted as a host: adds `https://`, drops user info, path, query and fragment; `?o=`, `?w=`, `?a=`
/// become ids.
struct NormalizedHost {
  std::string host;  ///< `https://name[:port]`; http only for loopback.
  std::string workspace_id;
  std::string account_id;
};
Result<NormalizedHost> normalize_host(std::string_view text);

}  // namespace dbxauth::config
