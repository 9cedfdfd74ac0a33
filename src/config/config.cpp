// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/config.hpp"

#include "base/text.hpp"

namespace dbxauth {

std::string_view to_string(ChainRules rules) noexcept {
  switch (rules) {
    case ChainRules::layered:
      return "layered";
    case ChainRules::clone_xs:
      return "clone-xs";
    case ChainRules::databricks_sdk:
      return "databricks-sdk";
  }
  return "unknown";
}

Result<ChainRules> parse_chain_rules(std::string_view name) {
  const std::string_view wanted = base::trim(name);
  for (ChainRules rules : {ChainRules::layered, ChainRules::clone_xs, ChainRules::databricks_sdk}) {
    if (wanted == to_string(rules)) return rules;
  }
  return Error(ErrorCode::configuration,
               "unknown chain rules; the valid names are layered, clone-xs and databricks-sdk");
}

std::string_view to_string(Layer layer) noexcept {
  switch (layer) {
    case Layer::explicit_option:
      return "explicit";
    case Layer::named_profile:
      return "profile";
    case Layer::environment:
      return "environment";
    case Layer::dotenv:
      return ".env";
    case Layer::default_profile:
      return "default profile";
    case Layer::saved_session:
      return "saved session";
    case Layer::notebook:
      return "notebook";
    case Layer::derived:
      return "derived";
    case Layer::built_in:
      return "default";
  }
  return "unknown";
}

}  // namespace dbxauth
