// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_CONFIG_HPP
#define DBXAUTH_CONFIG_HPP

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth {

/// Which rule set orders and combines the sources of credentials. See docs/authentication.md.
enum class ChainRules {
  layered,         ///< The default: the highest layer that names a credential decides.
  clone_xs,        ///< The seven steps of Clone-Xs, literally; a failing step is reported and the next is tried.
  databricks_sdk,  ///< Order, precedence and conflicts of the official Go SDK.
};

/// "layered", "clone-xs" or "databricks-sdk".
std::string_view to_string(ChainRules rules) noexcept;
/// The inverse of to_string(); an unknown name is ErrorCode::configuration and the message lists the valid ones.
Result<ChainRules> parse_chain_rules(std::string_view name);

/// Where a value came from, highest layer first.
enum class Layer {
  explicit_option,  ///< An option of the program: ClientOptions, a command-line flag.
  named_profile,    ///< A profile that was named explicitly.
  environment,      ///< The process environment.
  dotenv,           ///< A `.env` file.
  default_profile,  ///< The profile that applies when none was named.
  saved_session,    ///< The session file of Clone-Xs.
  notebook,         ///< The context of a Databricks notebook.
  derived,          ///< Worked out from another value or from the host's metadata.
  built_in,         ///< The documented default.
};

/// "explicit", "profile", "environment", ".env", "default profile", "saved session", "notebook", "derived", "default".
std::string_view to_string(Layer layer) noexcept;

/// The layer of a value and the exact place: `DATABRICKS_HOST`, `/home/a/.databrickscfg:12`, `--host`.
struct Provenance {
  Layer layer = Layer::built_in;
  std::string place;
};

/// One resolved attribute, fit for showing: a sensitive value is replaced by `********`.
struct ConfigValue {
  std::string name;   ///< The attribute's name as in `.databrickscfg`, for example "client_id".
  std::string value;  ///< Never a secret.
  Provenance provenance;
  bool sensitive = false;
  bool used = false;  ///< The winning strategy reads it.
};

/// The outcome of resolution, without secrets: what a program shows when it is asked "which workspace, as whom, why".
struct Config {
  std::string host;  ///< Normalised: `https://name[:port]`, no trailing slash.
  std::string account_id;
  std::string workspace_id;
  std::string profile;      ///< The profile that applied; empty when none did.
  std::string config_file;  ///< The profile file that was looked at, whether or not it exists.
  std::string auth_type;    ///< The winning strategy; empty until credentials were resolved.
  std::string warehouse_id;
  ChainRules rules = ChainRules::layered;
  std::vector<ConfigValue> values;    ///< Every attribute that is set, in table order.
  std::vector<std::string> warnings;  ///< For people: ignored lower-layer values, file modes, unknown keys.
};

}  // namespace dbxauth

#endif
