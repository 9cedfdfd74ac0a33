// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/chain_builder.hpp"
#include "config/config_sources.hpp"
#include "support/fake_clock.hpp"
#include "support/scripted_transport.hpp"

namespace dbxauth::testing {

/// Layers as load_sources() would have read them, and a token endpoint that works for every host.
class ChainFixture {
 public:
  ChainFixture() {
    inputs.transport = wire;
    inputs.clock = clock;
    wire->on(net::HttpMethod::get, "/oidc/.well-known/oauth-authorization-server", [](const RecordedRequest& request) {
      const std::string host = request.url.substr(0, request.url.find("/oidc"));
      return Result<net::HttpResponse>(http_response(200, R"({"token_endpoint":")" + host + R"(/oidc/v1/token"})"));
    });
    wire->on(net::HttpMethod::post, "/oidc/v1/token", [this](const RecordedRequest&) {
      if (!oauth_works) {
        return Result<net::HttpResponse>(http_response(401, R"({"error":"invalid_client","error_description":"no"})"));
      }
      return Result<net::HttpResponse>(http_response(200, R"({"access_token":"m2m-token","expires_in":3600})"));
    });
    wire->on(net::HttpMethod::post, "/oauth2/token", 200, R"({"access_token":"aad-token","expires_in":"3600"})");
  }

  using Values = std::vector<std::pair<std::string, std::string>>;

  /// Adds a layer below those that are there. The place of each value is its variable, or `place:name`.
  ChainFixture& layer(Layer kind, const Values& values, std::string label = {}) {
    config::AttributeLayer layer;
    layer.layer = kind;
    layer.label = label.empty() ? std::string(to_string(kind)) : std::move(label);
    for (const auto& [name, value] : values) {
      config::AttributeValue stated;
      stated.value = SecretString(value);
      stated.provenance = {kind, layer.label + ":" + name};
      layer.values.emplace(name, std::move(stated));
    }
    sources.layers.push_back(std::move(layer));
    return *this;
  }

  struct Outcome {
    std::string used;  ///< "strategy@layer", or empty.
    std::string host;
    std::string value;  ///< Of the Authorization header.
    Error error;
    std::vector<Attempt> attempts;
    std::vector<auth::UsedAttribute> attributes;

    /// "verdict" of the first attempt for that strategy and, if given, layer; "-" when there is none.
    std::string verdict(std::string_view strategy, std::string_view layer = {}) const {
      const Attempt* found = find(strategy, layer);
      return found == nullptr ? "-" : std::string(to_string(found->verdict));
    }
    const Attempt* find(std::string_view strategy, std::string_view layer = {}) const {
      for (const Attempt& attempt : attempts) {
        if (attempt.strategy == strategy && (layer.empty() || attempt.layer == layer)) return &attempt;
      }
      return nullptr;
    }
    std::string everything() const {
      std::string text = error.message;
      for (const Attempt& attempt : attempts) {
        text += "\n" + attempt.strategy + " " + attempt.layer + " " + attempt.reason + " " + attempt.fix;
        for (const auto& name : attempt.missing) text += " " + name;
      }
      return text;
    }
  };

  Outcome resolve(ChainRules rules = ChainRules::layered) {
    sources.rules = rules;
    inputs.sources = &sources;
    auth::CredentialResolver resolver(auth::plan_credentials(inputs));
    Outcome outcome;
    auto headers = resolver.headers(std::chrono::seconds{0}, {});
    outcome.attempts = resolver.attempts();
    if (!headers) {
      outcome.error = headers.error();
      return outcome;
    }
    const auth::Candidate* winner = resolver.winner();
    outcome.used = winner->attempt.strategy + "@" + winner->attempt.layer;
    outcome.host = winner->late_host ? winner->late_host() : winner->host;
    outcome.value = std::string((*headers)->headers.at(0).value.reveal());
    outcome.attributes = winner->used;
    return outcome;
  }

  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  config::ConfigSources sources;
  auth::ChainInputs inputs;
  bool oauth_works = true;
};

}  // namespace dbxauth::testing
