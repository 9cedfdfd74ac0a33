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

std::string host_of(const AttributeLayer& layer) {
  const std::string_view text = layer.text("host");
  if (text.empty()) return {};
  auto normalized = config::normalize_host(text);
  return normalized ? normalized->host : std::string(text);
}

/// From `origin`, then from the layers below it.
Found find_at_or_below(std::string_view name, const AttributeLayer& origin, const LayerScope& scope) {
  auto at = std::find(scope.layers.begin(), scope.layers.end(), &origin);
  for (; at != scope.layers.end(); ++at) {
    if (const AttributeValue* value = (*at)->find(name)) return {*at, value};
  }
  return {};
}

bool redirects_secrets(std::string_view attribute) {
  return attribute == "discovery_url" || attribute == "azure_authority_host";
}

class Completer {
 public:
  Completer(const StrategyDescription& strategy, const AttributeLayer& origin, const LayerScope& scope)
      : origin_(origin), scope_(scope) {
    result_.strategy = &strategy;
    result_.layer_label = origin.label;
  }

  Completion run(const std::vector<std::string_view>& also_required) {
    find_host();
    bool first = true;
    for (const std::string_view name : result_.strategy->credential) {
      const Found found = find_at_or_below(name, origin_, scope_);
      if (found.value == nullptr) {
        missing_.push_back(name);
        continue;
      }
      ++result_.present;
      if (first) result_.layer_label = found.layer->label;
      first = false;
      take(name, found);
      guard_host(*found.layer);
    }
    // A login is bound to its host already; the layer that asks for it must not be of another one.
    if (result_.strategy->credential.empty()) guard_host(origin_);
    for (const std::string_view name : result_.strategy->optional) take_optional(name);
    for (const std::string_view name : also_required) {
      if (result_.values.count(name) == 0) missing_.push_back(name);
    }
    if (result_.host.empty()) missing_.push_back("host");
    for (const std::string_view name : missing_) result_.missing.push_back(variable_name(name, clone_xs_names_));
    return std::move(result_);
  }

 private:
  void take(std::string_view name, const Found& found) {
    result_.values.emplace(std::string(name), found.value);
    result_.used.push_back({std::string(name), found.value->provenance});
    clone_xs_names_ = clone_xs_names_ || found.value->provenance.place.rfind("AZURE_", 0) == 0;
  }

  void find_host() {
    for (const AttributeLayer* layer : scope_.layers) {
      const AttributeValue* value = layer->find("host");
      if (value == nullptr) continue;
      host_layer_ = layer;
      host_place_ = value->provenance.place;
      result_.host = host_of(*layer);
      result_.used.push_back({"host", value->provenance});
      return;
    }
  }

  void guard_host(const AttributeLayer& layer) {
    if (!scope_.guard_hosts || host_layer_ == nullptr || !result_.refusal.empty()) return;
    const std::string own = host_of(layer);
    if (!own.empty()) {
      if (own != result_.host) {
        result_.refusal = "it is for " + own + ", and " + result_.host + " is asked for (" + host_place_ + ")";
      }
      return;
    }
    if (host_layer_->layer == Layer::dotenv && layer.layer != Layer::dotenv) {
      result_.refusal = "the host " + result_.host + " comes from a .env file (" + host_place_ +
                        "), which takes no credential from outside of it; set DATABRICKS_HOST";
    }
  }

  void take_optional(std::string_view name) {
    for (const AttributeLayer* layer : optional_order()) {
      const AttributeValue* value = layer->find(name);
      if (value == nullptr) continue;
      if (scope_.guard_hosts && redirects_secrets(name) && !may_redirect(*layer)) continue;
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

  bool may_redirect(const AttributeLayer& layer) const {
    if (layer.layer == Layer::dotenv) return false;
    return layer.layer <= origin_.layer || &layer == host_layer_;
  }

  const AttributeLayer& origin_;
  const LayerScope& scope_;
  const AttributeLayer* host_layer_ = nullptr;
  std::string host_place_;
  std::vector<std::string_view> missing_;
  bool clone_xs_names_ = false;
  Completion result_;
};

}  // namespace

std::string_view Completion::text(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::string_view() : found->second->value.reveal();
}

Completion complete_strategy(const StrategyDescription& strategy, const AttributeLayer& origin, const LayerScope& scope,
                             const std::vector<std::string_view>& also_required) {
  return Completer(strategy, origin, scope).run(also_required);
}

bool names_credential(const AttributeLayer& layer, const StrategyDescription& strategy) {
  return std::any_of(strategy.credential.begin(), strategy.credential.end(),
                     [&layer](std::string_view name) { return layer.find(name) != nullptr; });
}

std::string variable_name(std::string_view attribute, bool clone_xs_names) {
  const config::ConfigAttribute* known = config::find_config_attribute(attribute);
  if (known == nullptr) return std::string(attribute);
  if (clone_xs_names && !known->clone_xs_environment.empty()) return std::string(known->clone_xs_environment);
  if (!known->environment.empty()) return std::string(known->environment[0]);
  return std::string(attribute);
}

}  // namespace dbxauth::auth
