// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "auth/chain_rules.hpp"
#include "auth/strategies/azure_environment.hpp"
#include "auth/strategy_error.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view failure_text =
    "default auth: cannot configure default credentials, please check "
    "https://docs.databricks.com/en/dev-tools/auth.html#databricks-client-unified-authentication to configure "
    "credentials "
    "for your preferred authentication method";

constexpr Strategy sdk_order[] = {Strategy::pat, Strategy::basic, Strategy::oauth_m2m, Strategy::databricks_cli,
                                  Strategy::azure_client_secret};

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
    if (pin.empty() && !check_conflict()) return;
    if (!pin.empty() && find_strategy(pin) == nullptr) {
      writer_.add_unusable_auth_type(merged_, true);
      return;
    }
    for (const Strategy strategy : sdk_order) write_strategy(describe_strategy(strategy), pin);
    if (pin.empty()) writer_.add_notebook();
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

  void write_strategy(const StrategyDescription& strategy, const std::string& pin) {
    const bool pinned = pin == strategy.name;
    const bool login = strategy.strategy == Strategy::databricks_cli;
    if (!names_credential(merged_, strategy) && !login && !pinned) return;
    if (login && !pinned && (!writer_.inputs().token_cache || merged_.find("host") == nullptr)) return;
    std::vector<std::string_view> also_required;
    if (strategy.strategy == Strategy::azure_client_secret) also_required.push_back("azure_tenant_id");
    Completion completion = complete_strategy(strategy, merged_, scope_, also_required);
    completion.layer_label = layer_of_credential(completion);
    if (!pin.empty() && !pinned) {
      writer_.add_ignored(completion, "auth_type " + pin + " selects another strategy");
      return;
    }
    if (strategy.strategy == Strategy::azure_client_secret && completion.complete() && !is_azure(completion)) {
      completion.refusal = "the host " + completion.host + " is not an Azure workspace";
    }
    writer_.add_strategy(completion, !pin.empty());
  }

  bool is_azure(const Completion& completion) const {
    return is_azure_host(completion.host) || merged_.find("azure_workspace_resource_id") != nullptr ||
           merged_.find("azure_authority_host") != nullptr ||
           base::equals_ignoring_case(merged_.text("cloud"), "azure");
  }

  std::string layer_of_credential(const Completion& completion) const {
    for (const std::string_view name : completion.strategy->credential) {
      const config::AttributeValue* value = merged_.find(name);
      if (value == nullptr) continue;
      const config::AttributeLayer* layer = writer_.sources().find(value->provenance.layer);
      return layer == nullptr ? std::string(to_string(value->provenance.layer)) : layer->label;
    }
    return completion.strategy->strategy == Strategy::databricks_cli ? "shared login" : std::string();
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
