// SPDX-License-Identifier: Apache-2.0
#include "config/variable_layer.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/config_attributes.hpp"

namespace dbxauth::config {
namespace {

struct Variable {
  SecretString value;
  std::string place;
};

// Looks one variable up in the environment or in a `.env` file.
using Lookup = std::function<std::optional<Variable>(std::string_view name)>;

// Not attributes, and a `.env` file may not set them either; named so that the file's author learns it.
constexpr std::string_view kForbiddenInDotenv[] = {"DATABRICKS_CA_BUNDLE",
                                                   "SSL_CERT_FILE",
                                                   "SSL_CERT_DIR",
                                                   "CURL_CA_BUNDLE",
                                                   "REQUESTS_CA_BUNDLE",
                                                   "HTTP_PROXY",
                                                   "HTTPS_PROXY",
                                                   "ALL_PROXY",
                                                   "NO_PROXY",
                                                   "http_proxy",
                                                   "https_proxy",
                                                   "all_proxy",
                                                   "no_proxy",
                                                   "BROWSER",
                                                   "PATH",
                                                   "HOME",
                                                   "AZ_PATH",
                                                   "AZURE_CONFIG_DIR",
                                                   "DBXAUTH_CHAIN",
                                                   "DATABRICKS_AUTH_STORAGE",
                                                   "AZURE_AUTHORITY_HOST",
                                                   "IDENTITY_ENDPOINT",
                                                   "MSI_ENDPOINT",
                                                   "GOOGLE_APPLICATION_CREDENTIALS"};

enum class AzureFamily { arm, azure };

AzureFamily choose_azure_family(const Lookup& lookup, ChainRules rules, std::string_view label,
                                std::vector<std::string>& warnings) {
  if (rules == ChainRules::databricks_sdk) return AzureFamily::arm;
  const bool arm_id = lookup("ARM_CLIENT_ID").has_value();
  const bool arm_secret = lookup("ARM_CLIENT_SECRET").has_value();
  const bool azure_id = lookup("AZURE_CLIENT_ID").has_value();
  const bool azure_secret = lookup("AZURE_CLIENT_SECRET").has_value();
  if (!azure_id && !azure_secret) return AzureFamily::arm;
  const bool azure_complete = azure_id && azure_secret;
  const bool managed_identity = lookup("ARM_USE_MSI").has_value();
  const bool azure = !managed_identity && (azure_complete ? !(arm_id && arm_secret) : !(arm_id || arm_secret));
  if (azure && (arm_id || arm_secret)) {
    warnings.push_back(
        fmt::format("{}: ARM_CLIENT_ID and ARM_CLIENT_SECRET are ignored: only one of them is set, and "
                    "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are complete",
                    label));
  }
  if (!azure && azure_complete) {
    warnings.push_back(
        fmt::format("{}: AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are ignored: the ARM_ variables "
                    "are set too and come first",
                    label));
  }
  return azure ? AzureFamily::azure : AzureFamily::arm;
}

std::optional<Variable> find_variable(const ConfigAttribute& attribute, const Lookup& lookup, ChainRules rules,
                                      AzureFamily family) {
  const std::string_view alias = rules == ChainRules::databricks_sdk ? "" : attribute.clone_xs_environment;
  const auto from_alias = [&] { return alias.empty() ? std::nullopt : lookup(alias); };
  // The tenant may come from either family; an id and its secret may not be mixed.
  const bool tenant = attribute.name == "azure_tenant_id";
  if (!alias.empty() && family == AzureFamily::azure) {
    std::optional<Variable> found = from_alias();
    if (found || !tenant) return found;
  }
  for (std::string_view name : attribute.environment) {
    if (std::optional<Variable> found = lookup(name)) return found;
  }
  return tenant ? from_alias() : std::nullopt;
}

AttributeLayer read_variables(Layer layer, std::string_view label, const Lookup& lookup, ChainRules rules,
                              std::vector<std::string>& warnings) {
  AttributeLayer values;
  values.layer = layer;
  values.label = std::string(label);
  const AzureFamily family = choose_azure_family(lookup, rules, label, warnings);
  for (const ConfigAttribute& attribute : config_attributes()) {
    if (layer == Layer::dotenv && !attribute.dotenv_allowed) continue;
    std::optional<Variable> found = find_variable(attribute, lookup, rules, family);
    if (!found) continue;
    AttributeValue value;
    value.value = std::move(found->value);
    value.provenance = {layer, std::move(found->place)};
    values.values.emplace(std::string(attribute.name), std::move(value));
  }
  return values;
}

SecretString cleaned(std::string_view variable, std::string_view value) {
  return SecretString(variable == "DATABRICKS_PASSWORD" ? value : base::trim(value));
}

}  // namespace

AttributeLayer read_environment(const platform::Environment& environment, ChainRules rules,
                                std::vector<std::string>& warnings) {
  const Lookup lookup = [&](std::string_view name) -> std::optional<Variable> {
    // Not Environment::get(): its copy of a secret would not be wiped.
    const auto found = environment.variables().find(std::string(name));
    if (found == environment.variables().end()) return std::nullopt;
    SecretString value = cleaned(name, found->second);
    if (value.empty()) return std::nullopt;
    return Variable{std::move(value), std::string(name)};
  };
  return read_variables(Layer::environment, "environment", lookup, rules, warnings);
}

AttributeLayer read_dotenv(const DotenvDocument& document, std::string_view path, ChainRules rules,
                           std::vector<std::string>& warnings) {
  std::set<std::string_view> reported;
  for (const DotenvEntry& entry : document.entries) {
    const ConfigAttribute* attribute = find_attribute_of_variable(entry.name);
    const bool forbidden = attribute ? !attribute->dotenv_allowed
                                     : std::find(std::begin(kForbiddenInDotenv), std::end(kForbiddenInDotenv),
                                                 entry.name) != std::end(kForbiddenInDotenv);
    if (!attribute && !forbidden) continue;
    if (forbidden && reported.insert(entry.name).second) {
      warnings.push_back(
          fmt::format("{}:{}: {} was ignored: a .env file may not set it; use the environment or an option", path,
                      entry.line, entry.name));
    } else if (!forbidden && entry.value.reveal().find("${") != std::string_view::npos) {
      warnings.push_back(
          fmt::format("{}:{}: the value of {} contains ${{…}}, which is not replaced", path, entry.line, entry.name));
    }
  }
  const Lookup lookup = [&](std::string_view name) -> std::optional<Variable> {
    const DotenvEntry* entry = document.find(name);
    if (!entry) return std::nullopt;
    SecretString value = cleaned(name, entry->value.reveal());
    if (value.empty()) return std::nullopt;
    return Variable{std::move(value), fmt::format("{}:{}", path, entry->line)};
  };
  return read_variables(Layer::dotenv, ".env", lookup, rules, warnings);
}

}  // namespace dbxauth::config
