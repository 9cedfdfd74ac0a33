// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "auth/chain_rules.hpp"
#include "auth/strategy_signs.hpp"
#include "base/text.hpp"

namespace dbxauth::auth {

namespace {

constexpr Strategy usual_order[] = {
    Strategy::oauth_m2m,     Strategy::azure_client_secret, Strategy::pat,
    Strategy::basic,         Strategy::databricks_cli,      Strategy::metadata_service,
    Strategy::github_oidc,   Strategy::azure_devops_oidc,   Strategy::env_oidc,
    Strategy::file_oidc,     Strategy::github_oidc_azure,   Strategy::azure_msi,
    Strategy::azure_cli,     Strategy::google_credentials,  Strategy::google_id,
    Strategy::model_serving,
};

// What nobody configured, the cheapest first: files, programs, requests, an address that may not answer at all.
constexpr Strategy ambient_order[] = {
    Strategy::model_serving, Strategy::azure_cli,         Strategy::env_oidc,
    Strategy::github_oidc,   Strategy::azure_devops_oidc, Strategy::azure_msi,
};

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
    if (pin_.empty()) {
      writer_.add_notebook(false);
      add_ambient_identities();
    }
    writer_.add_accounts_of_the_rest();
  }

 private:
  void write_layer(const config::AttributeLayer& layer) {
    const bool states_type = pin_.empty() && layer.find("auth_type") != nullptr;
    if (states_type) {
      pin_ = std::string(base::trim(layer.text("auth_type")));
      pin_place_ = layer.find("auth_type")->provenance.place;
      if (is_notebook_strategy(pin_)) {
        writer_.add_notebook(true);
      } else if (find_strategy(pin_) == nullptr) {
        writer_.add_unusable_auth_type(layer, true);
      }
    }
    write_token_that_comes_first(layer, states_type);
    for (const Strategy strategy : usual_order) write_strategy(describe_strategy(strategy), layer, states_type);
    // A login in a profile that nobody named is a developer's convenience: when it has expired, others get their turn.
    if (states_type && pin_ == "databricks-cli" && layer.layer == Layer::default_profile) pin_.clear();
  }

  /// A host and a token that the program states together are the plainest wish there is. The plan drops the repetition.
  void write_token_that_comes_first(const config::AttributeLayer& layer, bool states_type) {
    if (layer.layer != Layer::explicit_option || !layer.find("host") || !layer.find("token")) return;
    write_strategy(describe_strategy(Strategy::pat), layer, states_type);
  }

  void write_strategy(const StrategyDescription& strategy, const config::AttributeLayer& layer, bool states_type) {
    const bool pinned = pin_ == strategy.name;
    const bool named = names_strategy(layer, strategy, writer_.sources());
    if (!named && !(pinned && states_type)) return;
    const Completion completion = writer_.complete(strategy, layer);
    if (!pin_.empty() && !pinned) {
      writer_.add_ignored(completion, "auth_type " + pin_ + " (" + pin_place_ + ") selects another strategy");
      return;
    }
    const bool ambient = strategy.strategy == Strategy::databricks_cli && layer.layer == Layer::default_profile;
    login_planned_ = login_planned_ || strategy.strategy == Strategy::databricks_cli;
    writer_.add_strategy(completion, !ambient);
  }

  /// The layer that names the host stands for credentials that no layer names. The host of a `.env` file or an old
  /// session gets nothing that was not put there for it.
  const config::AttributeLayer* layer_of_host() const {
    for (const config::AttributeLayer& layer : writer_.sources().layers) {
      if (layer.find("host") == nullptr) continue;
      const bool trusted = layer.layer != Layer::dotenv && layer.layer != Layer::saved_session;
      return trusted ? &layer : nullptr;
    }
    return nullptr;
  }

  bool host_is_of_session() const {
    const config::AttributeValue* host = writer_.sources().find_attribute("host");
    return host != nullptr && host->provenance.layer == Layer::saved_session;
  }

  void add_ambient_login() {
    const bool possible = writer_.inputs().token_cache || any_layer_states(writer_.sources(), "databricks_cli_path");
    if (!pin_.empty() || login_planned_ || !possible) return;
    const config::AttributeLayer* layer = layer_of_host();
    if (layer == nullptr) return;
    writer_.add_strategy(writer_.complete(describe_strategy(Strategy::databricks_cli), *layer), false, "shared login");
  }

  void add_ambient_identities() {
    static const config::AttributeLayer nothing;
    const config::AttributeLayer* const host_layer = layer_of_host();
    for (const Strategy which : ambient_order) {
      const StrategyDescription& strategy = describe_strategy(which);
      if (!is_ambient(strategy, writer_.sources()) || writer_.has_candidate(strategy.name)) continue;
      const bool needs_no_host = which == Strategy::model_serving || strategy.resource_id_names_host;
      if (host_layer == nullptr && (!needs_no_host || host_is_of_session())) continue;
      Completion completion = writer_.complete(strategy, host_layer == nullptr ? nothing : *host_layer);
      // Nobody asked for it in so many words: that is what makes it ambient.
      if (which == Strategy::azure_msi) {
        std::erase(completion.missing, variable_name("azure_use_msi", false));
      }
      writer_.add_ambient(completion);
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
