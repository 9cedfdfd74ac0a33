// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "auth/chain_rules.hpp"
#include "auth/strategy_signs.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

/// The seven steps of Clone-Xs' documentation, in its order. No step stops the chain.
class CloneXsRules {
 public:
  explicit CloneXsRules(PlanWriter& writer) : writer_(writer) {}

  void write() {
    choose_pin();
    write_step_1();
    write_variables(Strategy::oauth_m2m, {});
    write_variables(Strategy::azure_client_secret, {"azure_tenant_id"});
    write_variables(Strategy::pat, {});
    write_step_5();
    if (const config::AttributeLayer* session = writer_.sources().find(Layer::saved_session)) {
      write_strategy(Strategy::pat, *session, {session}, {}, pin_);
    }
    if (pin_.empty()) writer_.add_notebook(false);
    writer_.add_accounts_of_the_rest();
  }

 private:
  using Layers = std::vector<const config::AttributeLayer*>;

  /// An auth_type outside of the profile restricts every step; the profile's own only step 5.
  void choose_pin() {
    for (const Layer kind : {Layer::explicit_option, Layer::environment, Layer::dotenv}) {
      const config::AttributeLayer* layer = writer_.sources().find(kind);
      if (layer == nullptr || layer->find("auth_type") == nullptr) continue;
      pin_ = std::string(base::trim(layer->text("auth_type")));
      report_pin(pin_, *layer);
      return;
    }
  }

  void report_pin(const std::string& pin, const config::AttributeLayer& layer) {
    if (is_notebook_strategy(pin)) {
      writer_.add_notebook(false);
    } else if (find_strategy(pin) == nullptr) {
      writer_.add_unusable_auth_type(layer, false);
    }
  }

  void write_step_1() {
    const config::AttributeLayer* options = writer_.sources().find(Layer::explicit_option);
    if (options != nullptr) write_strategy(Strategy::pat, *options, {options}, {}, pin_);
  }

  /// Steps 2 to 4: options, the environment, and what a `.env` file adds to it.
  void write_variables(Strategy strategy, const std::vector<std::string_view>& also_required) {
    Layers scope;
    for (const Layer kind : {Layer::explicit_option, Layer::environment, Layer::dotenv}) {
      if (const config::AttributeLayer* layer = writer_.sources().find(kind)) scope.push_back(layer);
    }
    for (const config::AttributeLayer* layer : scope) {
      // Step 1 has considered the token of the options, which Clone-Xs uses together with their host only.
      if (layer->layer == Layer::explicit_option && strategy == Strategy::pat) continue;
      write_strategy(strategy, *layer, scope, also_required, pin_);
    }
  }

  void write_step_5() {
    const config::AttributeLayer* profile = writer_.sources().find(Layer::named_profile);
    if (profile == nullptr) profile = writer_.sources().find(Layer::default_profile);
    if (profile == nullptr) return;
    Layers scope{profile};
    if (const config::AttributeLayer* options = writer_.sources().find(Layer::explicit_option)) {
      scope.insert(scope.begin(), options);
    }
    std::string pin = pin_;
    if (pin.empty() && profile->find("auth_type") != nullptr) {
      pin = std::string(base::trim(profile->text("auth_type")));
      report_pin(pin, *profile);
    }
    // What `WorkspaceClient(profile=…)` of the official SDKs tries for a profile.
    for (const Strategy strategy : all_strategies()) write_strategy(strategy, *profile, scope, {}, pin);
  }

  void write_strategy(Strategy which, const config::AttributeLayer& layer, const Layers& scope,
                      const std::vector<std::string_view>& also_required, const std::string& pin) {
    const StrategyDescription& strategy = describe_strategy(which);
    const bool pinned = pin == strategy.name;
    const bool asked_for = pinned && layer.find("auth_type") != nullptr;
    if (!names_strategy(layer, strategy, writer_.sources()) && !asked_for) return;
    LayerScope layers;
    layers.layers = scope;
    // What proves the identity of the machine stands in the environment, whichever step asks for it.
    const Completion completion = strategy.of_machine ? writer_.complete(strategy, layer, also_required)
                                                      : writer_.complete(strategy, layer, layers, also_required);
    if (!pin.empty() && !pinned) {
      writer_.add_ignored(completion, "auth_type " + pin + " selects another strategy");
      return;
    }
    writer_.add_strategy(completion, false);
  }

  PlanWriter& writer_;
  std::string pin_;
};

}  // namespace

void write_clone_xs_plan(PlanWriter& writer) {
  CloneXsRules(writer).write();
}

}  // namespace dbxauth::auth
