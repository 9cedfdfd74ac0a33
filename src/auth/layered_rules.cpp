// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "auth/chain_rules.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

constexpr Strategy usual_order[] = {Strategy::oauth_m2m, Strategy::azure_client_secret, Strategy::pat, Strategy::basic,
                                    Strategy::databricks_cli};
// A host and a token that the program states together are the plainest wish there is.
constexpr Strategy order_with_explicit_token[] = {Strategy::pat, Strategy::oauth_m2m, Strategy::azure_client_secret,
                                                  Strategy::basic, Strategy::databricks_cli};

/// Goes through the layers from the top and keeps which auth_type applies.
class LayeredRules {
 public:
  explicit LayeredRules(PlanWriter& writer) : writer_(writer) {}

  void write() {
    bool login_considered = false;
    for (const config::AttributeLayer& layer : writer_.sources().layers) {
      if (layer.layer == Layer::saved_session && !login_considered) {
        add_ambient_login();
        login_considered = true;
      }
      write_layer(layer);
    }
    if (!login_considered) add_ambient_login();
    if (pin_.empty()) writer_.add_notebook();
    writer_.add_accounts_of_the_rest();
  }

 private:
  void write_layer(const config::AttributeLayer& layer) {
    const bool states_type = pin_.empty() && layer.find("auth_type") != nullptr;
    if (states_type) {
      pin_ = std::string(base::trim(layer.text("auth_type")));
      pin_place_ = layer.find("auth_type")->provenance.place;
      if (find_strategy(pin_) == nullptr) writer_.add_unusable_auth_type(layer, true);
    }
    const bool plain_token = layer.layer == Layer::explicit_option && layer.find("host") && layer.find("token");
    for (const Strategy strategy : plain_token ? order_with_explicit_token : usual_order) {
      write_strategy(describe_strategy(strategy), layer, states_type);
    }
    // A login in a profile that nobody named is a developer's convenience: when it has expired, others get their turn.
    if (states_type && pin_ == "databricks-cli" && layer.layer == Layer::default_profile) pin_.clear();
  }

  void write_strategy(const StrategyDescription& strategy, const config::AttributeLayer& layer, bool states_type) {
    const bool pinned = pin_ == strategy.name;
    const bool named = names_credential(layer, strategy);
    if (!named && !(pinned && states_type)) return;
    const Completion completion = complete_strategy(strategy, layer, writer_.everything());
    if (!pin_.empty() && !pinned) {
      writer_.add_ignored(completion, "auth_type " + pin_ + " (" + pin_place_ + ") selects another strategy");
      return;
    }
    const bool ambient = strategy.strategy == Strategy::databricks_cli && layer.layer == Layer::default_profile;
    login_planned_ = login_planned_ || strategy.strategy == Strategy::databricks_cli;
    writer_.add_strategy(completion, !ambient);
  }

  void add_ambient_login() {
    if (!pin_.empty() || login_planned_ || !writer_.inputs().token_cache) return;
    // The login belongs to the host that was asked for; the layer that names it stands for the login.
    for (const config::AttributeLayer& layer : writer_.sources().layers) {
      if (layer.find("host") == nullptr) continue;
      if (layer.layer == Layer::dotenv || layer.layer == Layer::saved_session) return;
      const Completion completion =
          complete_strategy(describe_strategy(Strategy::databricks_cli), layer, writer_.everything());
      writer_.add_strategy(completion, false, "shared login");
      return;
    }
  }

  PlanWriter& writer_;
  std::string pin_;
  std::string pin_place_;
  bool login_planned_ = false;
};

}  // namespace

void write_layered_plan(PlanWriter& writer) {
  LayeredRules(writer).write();
}

}  // namespace dbxauth::auth
