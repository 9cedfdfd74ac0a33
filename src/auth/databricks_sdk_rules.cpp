// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "auth/chain_rules.hpp"
#include "auth/strategy_error.hpp"
#include "auth/strategy_signs.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view failure_text =
    "default auth: cannot configure default credentials, please check "
    "https://docs.databricks.com/en/dev-tools/auth.html#databricks-client-unified-authentication to configure "
    "credentials "
    "for your preferred authentication method";

/// One configuration, merged attribute by attribute (explicit, environment, file), and the Go SDK's order over it.
class DatabricksSdkRules {
 public:
  explicit DatabricksSdkRules(PlanWriter& writer) : writer_(writer) {
    merged_.layer = Layer::explicit_option;
    merged_.label = "merged";
    scope_.guard_hosts = false;
    // The SDK reads the environment before the file, also when a profile was named.
    for (const Layer kind :
         {Layer::explicit_option, Layer::environment, Layer::named_profile, Layer::default_profile}) {
      const config::AttributeLayer* layer = writer.sources().find(kind);
      if (layer != nullptr) scope_.layers.push_back(layer);
    }
  }

  void write() {
    writer_.set_failure_prefix(std::string(failure_text));
    merge();
    scope_.layers.assign(1, &merged_);
    const std::string pin(base::trim(merged_.text("auth_type")));
    if (!check_booleans() || (pin.empty() && !check_conflict())) return;
    if (is_notebook_strategy(pin)) {
      writer_.add_notebook(true);
    } else if (!pin.empty() && find_strategy(pin) == nullptr) {
      merged_.label = label_of(*merged_.find("auth_type"));
      writer_.add_unusable_auth_type(merged_, true);
      return;
    }
    for (const Strategy strategy : all_strategies()) write_strategy(describe_strategy(strategy), pin);
    if (pin.empty()) writer_.add_notebook(false);
    writer_.add_accounts_of_the_rest();
  }

 private:
  void merge() {
    for (const config::AttributeLayer* layer : scope_.layers) {
      for (const auto& [name, value] : layer->values) {
        if (value.value.empty() || merged_.values.count(name) != 0) continue;
        config::AttributeValue copy;
        copy.value = value.value.clone();
        copy.provenance = value.provenance;
        merged_.values.emplace(name, std::move(copy));
      }
    }
  }

  /// The SDK refuses a malformed value while it reads the configuration, before it looks at any strategy.
  bool check_booleans() {
    for (const auto& [name, value] : merged_.values) {
      const config::ConfigAttribute* attribute = config::find_config_attribute(name);
      if (attribute == nullptr || attribute->group.empty()) continue;
      if (attribute->kind != config::AttributeKind::boolean) continue;
      auto set = config::parse_boolean(value.value.reveal(), value.provenance.place);
      if (set) continue;
      writer_.refuse(with_fix(std::move(set).error(), "correct or remove " + value.provenance.place));
      return false;
    }
    return true;
  }

  bool check_conflict() {
    std::set<std::string> groups;
    std::vector<std::string> places;
    for (const auto& [name, value] : merged_.values) {
      const config::ConfigAttribute* attribute = config::find_config_attribute(name);
      if (attribute == nullptr || attribute->group.empty()) continue;
      if (attribute->kind == config::AttributeKind::boolean) {
        const auto set = config::parse_boolean(value.value.reveal(), value.provenance.place);
        if (set && !*set) continue;
      }
      groups.insert(std::string(attribute->group));
      places.push_back(name + " from " + value.provenance.place);
    }
    if (groups.size() < 2) return true;
    const std::vector<std::string> names(groups.begin(), groups.end());
    writer_.refuse(
        with_fix(Error(ErrorCode::configuration,
                       "validate: more than one authorization method configured: " + base::join(names, " and ") + " (" +
                           base::join(places, ", ") + "); set auth_type (DATABRICKS_AUTH_TYPE) to choose one"),
                 "set auth_type (DATABRICKS_AUTH_TYPE)"));
    return false;
  }

  /// Whether the SDK would get as far as trying: it asks each strategy, and the strategy declines without a part.
  bool applies(const StrategyDescription& strategy) const {
    switch (strategy.strategy) {
      case Strategy::databricks_cli:
        return merged_.find("host") != nullptr &&
               (writer_.inputs().token_cache || merged_.find("databricks_cli_path") != nullptr);
      case Strategy::azure_cli:
        return merged_.find("host") != nullptr || merged_.find("azure_workspace_resource_id") != nullptr;
      case Strategy::azure_msi:
        return names_strategy(merged_, strategy, writer_.sources());
      case Strategy::github_oidc:
      case Strategy::azure_devops_oidc:
      case Strategy::env_oidc:
      case Strategy::model_serving:
        return is_ambient(strategy, writer_.sources());
      default:
        return std::any_of(strategy.credential.begin(), strategy.credential.end(),
                           [this](std::string_view name) { return merged_.find(name) != nullptr; });
    }
  }

  void write_strategy(const StrategyDescription& strategy, const std::string& pin) {
    const bool pinned = pin == strategy.name;
    if (!applies(strategy) && !pinned) return;
    std::vector<std::string_view> also_required;
    if (strategy.strategy == Strategy::azure_client_secret || strategy.strategy == Strategy::github_oidc_azure) {
      also_required.push_back("azure_tenant_id");
    }
    Completion completion = writer_.complete(strategy, merged_, scope_, also_required);
    completion.layer_label = layer_of_credential(completion);
    if (!pin.empty() && !pinned) {
      writer_.add_ignored(completion, "auth_type " + pin + " selects another strategy");
      return;
    }
    writer_.add_strategy(completion, !pin.empty(), {}, strategy.cloud);
  }

  std::string label_of(const config::AttributeValue& value) const {
    const config::AttributeLayer* layer = writer_.sources().find(value.provenance.layer);
    return layer == nullptr ? std::string(to_string(value.provenance.layer)) : layer->label;
  }

  std::string layer_of_credential(const Completion& completion) const {
    for (const std::string_view name : completion.strategy->credential) {
      if (const config::AttributeValue* value = merged_.find(name)) return label_of(*value);
    }
    if (completion.strategy->strategy == Strategy::databricks_cli) return "shared login";
    return completion.strategy->of_machine ? "this machine" : std::string();
  }

  PlanWriter& writer_;
  LayerScope scope_;
  config::AttributeLayer merged_;
};

}  // namespace

void write_databricks_sdk_plan(PlanWriter& writer) {
  DatabricksSdkRules(writer).write();
}

}  // namespace dbxauth::auth
