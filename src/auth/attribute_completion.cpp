// SPDX-License-Identifier: Apache-2.0
#include "auth/attribute_completion.hpp"

#include <algorithm>
#include <utility>

#include "config/config_attributes.hpp"

namespace dbxauth::auth {

namespace {

using config::AttributeLayer;
using config::AttributeValue;

struct Found {
  const AttributeLayer* layer = nullptr;
  const AttributeValue* value = nullptr;
};

config::NormalizedHost host_of(const AttributeLayer& layer) {
  const std::string_view text = layer.text("host");
  if (text.empty()) return {};
  auto normalized = config::normalize_host(text);
  if (normalized) return std::move(*normalized);
  config::NormalizedHost as_it_is;
  as_it_is.host = std::string(text);
  return as_it_is;
}

/// From `origin`, then from the layers below it.
Found find_at_or_below(std::string_view name, const AttributeLayer& origin, const LayerScope& scope) {
  auto at = std::find(scope.layers.begin(), scope.layers.end(), &origin);
  for (; at != scope.layers.end(); ++at) {
    if (const AttributeValue* value = (*at)->find(name)) return {*at, value};
  }
  return {};
}

/// Asked of that workspace's host and meaningless, or worse, at another.
bool belongs_to_host(std::string_view attribute) {
  return attribute == "account_id" || attribute == "workspace_id" || attribute == "azure_workspace_resource_id";
}

/// The layer of what no layer states: the identity that the machine offers.
const AttributeLayer& the_machine() {
  static const AttributeLayer machine;
  return machine;
}

bool redirects_secrets(std::string_view attribute) {
  return attribute == "discovery_url" || attribute == "azure_authority_host" ||
         attribute == "azure_resource_manager_url";
}

Found find_anywhere(std::string_view name, const LayerScope& scope) {
  for (const AttributeLayer* layer : scope.layers) {
    if (const AttributeValue* value = layer->find(name)) return {layer, value};
  }
  return {};
}

class Completer {
 public:
  Completer(const StrategyDescription& strategy, const AttributeLayer& origin, const LayerScope& scope,
            const platform::Environment& environment)
      : origin_(origin), scope_(scope), environment_(environment) {
    result_.strategy = &strategy;
    result_.layer_label = origin.label;
  }

  Completion run(const std::vector<std::string_view>& also_required) {
    find_host();
    take_credential();
    for (const std::string_view name : result_.strategy->optional) take_optional(name);
    for (const std::string_view name : also_required) {
      if (result_.values.count(name) == 0) missing_.push_back(name);
    }
    const bool host_follows =
        result_.strategy->resource_id_names_host && result_.values.count("azure_workspace_resource_id") != 0;
    if (result_.host.empty() && !host_follows) missing_.push_back("host");
    for (const std::string_view name : missing_) result_.missing.push_back(variable_name(name, clone_xs_names_));
    for (const std::string_view name : result_.strategy->variables) {
      if (!environment_.get(name)) result_.missing.emplace_back(name);
    }
    return std::move(result_);
  }

 private:
  void take_credential() {
    const StrategyDescription& strategy = *result_.strategy;
    bool first = true;
    for (const std::string_view name : strategy.credential) {
      const Found found = strategy.of_machine ? find_anywhere(name, scope_) : find_at_or_below(name, origin_, scope_);
      if (found.value == nullptr) {
        missing_.push_back(name);
        continue;
      }
      ++result_.present;
      if (first && !strategy.of_machine) result_.layer_label = found.layer->label;
      first = false;
      take(name, found);
      guard_host(*found.layer);
    }
    // A login is bound to its host already; the layer that asks for it must not be of another one. The machine's
    // identity fits every host, so asking for it in a `.env` file makes it no credential of that file.
    if (strategy.of_machine && result_.present == 0) guard_host(the_machine());
    if (strategy.credential.empty() && !strategy.of_machine) guard_host(origin_);
  }

  void take(std::string_view name, const Found& found) {
    result_.values.emplace(std::string(name), found.value);
    result_.used.push_back({std::string(name), found.value->provenance});
    clone_xs_names_ = clone_xs_names_ || found.value->provenance.place.rfind("AZURE_", 0) == 0;
  }

  /// The highest host; or a resource id, whose host will be asked for, when the credential's layer or one above it
  /// names its workspace by that alone. The host of a default profile would be another workspace's.
  void find_host() {
    const AttributeLayer* by_id = nullptr;
    bool below_origin = false;
    for (const AttributeLayer* layer : scope_.layers) {
      const AttributeValue* value = layer->find("host");
      if (value == nullptr) {
        if (by_id == nullptr && names_workspace_by_id(*layer)) by_id = layer;
        below_origin = below_origin || layer == &origin_;
        continue;
      }
      const bool nobody_named = result_.strategy->of_machine && layer->layer >= Layer::default_profile;
      if (by_id != nullptr && (below_origin || nobody_named)) break;
      host_layer_ = layer;
      host_place_ = value->provenance.place;
      config::NormalizedHost host = host_of(*layer);
      result_.host = std::move(host.host);
      result_.workspace_id = std::move(host.workspace_id);
      result_.account_id = std::move(host.account_id);
      result_.used.push_back({"host", value->provenance});
      return;
    }
    if (by_id == nullptr) return;
    host_layer_ = by_id;
    host_place_ = by_id->find("azure_workspace_resource_id")->provenance.place;
  }

  bool names_workspace_by_id(const AttributeLayer& layer) const {
    return scope_.guard_hosts && result_.strategy->resource_id_names_host &&
           layer.find("azure_workspace_resource_id") != nullptr;
  }

  void guard_host(const AttributeLayer& layer) {
    if (!scope_.guard_hosts || host_layer_ == nullptr || !result_.refusal.empty()) return;
    const std::string own = host_of(layer).host;
    if (!own.empty() && !result_.strategy->of_machine) {
      if (own != result_.host) {
        const std::string asked_for = result_.host.empty() ? "another workspace" : result_.host;
        result_.refusal = "it is for " + own + ", and " + asked_for + " is asked for (" + host_place_ + ")";
      }
      return;
    }
    if (host_layer_->layer == Layer::dotenv && layer.layer != Layer::dotenv) {
      const std::string what = result_.host.empty() ? "the workspace's resource id" : "the host " + result_.host;
      result_.refusal = what + " comes from a .env file (" + host_place_ +
                        "), which takes no credential from outside of it; set DATABRICKS_HOST";
    }
  }

  void take_optional(std::string_view name) {
    for (const AttributeLayer* layer : optional_order()) {
      const AttributeValue* value = layer->find(name);
      if (value == nullptr) continue;
      if (scope_.guard_hosts && redirects_secrets(name) && !may_redirect(*layer)) continue;
      if (scope_.guard_hosts && belongs_to_host(name) && is_of_another_host(*layer)) continue;
      take(name, {layer, value});
      return;
    }
  }

  std::vector<const AttributeLayer*> optional_order() const {
    std::vector<const AttributeLayer*> order;
    for (const AttributeLayer* layer : scope_.layers) {
      if (layer->layer == Layer::explicit_option) order.push_back(layer);
    }
    order.push_back(&origin_);
    for (const AttributeLayer* layer : scope_.layers) order.push_back(layer);
    return order;
  }

  bool is_of_another_host(const AttributeLayer& layer) const {
    const std::string own = host_of(layer).host;
    return !own.empty() && host_layer_ != nullptr && own != result_.host;
  }

  bool may_redirect(const AttributeLayer& layer) const {
    if (layer.layer == Layer::dotenv) return false;
    // The environment of the machine tells where its identity is proven.
    if (result_.strategy->of_machine && layer.layer == Layer::environment) return true;
    return layer.layer <= origin_.layer || &layer == host_layer_;
  }

  const AttributeLayer& origin_;
  const LayerScope& scope_;
  const platform::Environment& environment_;
  const AttributeLayer* host_layer_ = nullptr;
  std::string host_place_;
  std::vector<std::string_view> missing_;
  bool clone_xs_names_ = false;
  Completion result_;
};

}  // namespace

const config::AttributeValue* Completion::find(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : found->second;
}

std::string_view Completion::text(std::string_view name) const {
  const config::AttributeValue* value = find(name);
  return value == nullptr ? std::string_view() : value->value.reveal();
}

Completion complete_strategy(const StrategyDescription& strategy, const AttributeLayer& origin, const LayerScope& scope,
                             const platform::Environment& environment,
                             const std::vector<std::string_view>& also_required) {
  return Completer(strategy, origin, scope, environment).run(also_required);
}

std::string variable_name(std::string_view attribute, bool clone_xs_names) {
  const config::ConfigAttribute* known = config::find_config_attribute(attribute);
  if (known == nullptr) return std::string(attribute);
  if (clone_xs_names && !known->clone_xs_environment.empty()) return std::string(known->clone_xs_environment);
  if (!known->environment.empty()) return std::string(known->environment[0]);
  return std::string(attribute);
}

}  // namespace dbxauth::auth
