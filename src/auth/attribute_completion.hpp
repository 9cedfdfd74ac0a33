// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auth/credential_resolver.hpp"
#include "auth/strategy_table.hpp"
#include "config/config_sources.hpp"

namespace dbxauth::auth {

/// The layers a strategy may draw on, highest first.
struct LayerScope {
  std::vector<const config::AttributeLayer*> layers;
  /// A credential is not sent to a host when its own layer names a different one, and the host of a `.env` file takes
  /// no credential from outside of it. Off only for the rules of the official SDKs, which mix everything.
  bool guard_hosts = true;
};

/// The attributes of one strategy, drawn together from the layers.
struct Completion {
  const StrategyDescription* strategy = nullptr;
  std::map<std::string, const config::AttributeValue*, std::less<>> values;  ///< Borrowed from the layers.
  std::string host;          ///< Normalised; empty when no layer names one.
  std::string workspace_id;  ///< That a pasted host brought along.
  std::string account_id;    ///< Likewise.
  std::string layer_label;   ///< Layer of the credential itself.
  std::vector<UsedAttribute> used;
  std::vector<std::string> missing;  ///< Variables (or attributes without one) to set.
  std::string refusal;               ///< Why the parts may not be combined; empty when they may.
  int present = 0;                   ///< Credential attributes that were found.

  bool complete() const noexcept { return missing.empty() && refusal.empty(); }
  std::string_view text(std::string_view name) const;               ///< Empty when absent.
  const config::AttributeValue* find(std::string_view name) const;  ///< nullptr when absent.
};

/// Draws the attributes of `strategy` together. Credential attributes come from `origin` (a layer of the scope) or from
/// below it; the host from the highest layer that names one, unless `origin` or a layer above it names an Azure
/// workspace by its resource id; optional attributes from explicit options, `origin`, then anywhere, but ids that
/// belong to a host not from a layer of another one. What tells where a secret is sent never comes from a `.env` file,
/// nor from below the credential unless the host comes from there, too. What proves the identity of the machine
/// (StrategyDescription::of_machine) comes from the highest layer that states it, wherever `origin` is. `environment`
/// is where the strategy's variables must be set.
Completion complete_strategy(const StrategyDescription& strategy, const config::AttributeLayer& origin,
                             const LayerScope& scope, const platform::Environment& environment,
                             const std::vector<std::string_view>& also_required = {});

/// The variable that sets an attribute, or the attribute's name when there is none. Clone-Xs' names of the Azure
/// variables on request.
std::string variable_name(std::string_view attribute, bool clone_xs_names);

}  // namespace dbxauth::auth
