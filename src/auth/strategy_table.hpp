// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_attributes.hpp"

namespace dbxauth::auth {

/// The strategies that are built in and read configuration attributes.
enum class Strategy : std::uint8_t { pat, basic, oauth_m2m, databricks_cli, azure_client_secret };

/// One strategy and its attributes: what the rule sets, the reports and the factory share.
struct StrategyDescription {
  Strategy strategy = Strategy::pat;
  std::string_view name;                             ///< As in auth_type.
  config::StaticArray<std::string_view> credential;  ///< Required besides the host; a layer names the strategy by them.
  config::StaticArray<std::string_view> optional;    ///< Read when set.
};

const StrategyDescription& describe_strategy(Strategy strategy) noexcept;
/// nullptr when `name` is not a strategy that is built in.
const StrategyDescription* find_strategy(std::string_view name) noexcept;

/// Every strategy, in the order of the reports.
config::StaticArray<Strategy> all_strategies() noexcept;

/// Strategies of the official SDKs that auth_type may name and that are not built here.
bool is_known_unsupported_strategy(std::string_view name) noexcept;

/// An attribute that asks for a strategy which is not built here.
struct UnsupportedTrigger {
  std::string_view attribute;
  std::string_view strategy;
};
config::StaticArray<UnsupportedTrigger> unsupported_triggers() noexcept;

/// "pat, basic, …", for messages.
std::string supported_strategy_names();

}  // namespace dbxauth::auth
