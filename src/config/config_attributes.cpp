// SPDX-License-Identifier: Apache-2.0
#include "config/config_attributes.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include <fmt/format.h>

#include "base/edit_distance.hpp"
#include "base/text.hpp"

namespace dbxauth::config {
namespace {

// Variables and aliases in priority order. Sources: the attribute tables of the official Go, Python and Java SDKs.
constexpr std::string_view kHost[] = {"DATABRICKS_HOST"};
constexpr std::string_view kAccountId[] = {"DATABRICKS_ACCOUNT_ID"};
constexpr std::string_view kWorkspaceId[] = {"DATABRICKS_WORKSPACE_ID"};
constexpr std::string_view kToken[] = {"DATABRICKS_TOKEN"};
constexpr std::string_view kUsername[] = {"DATABRICKS_USERNAME"};
constexpr std::string_view kPassword[] = {"DATABRICKS_PASSWORD"};
constexpr std::string_view kClientId[] = {"DATABRICKS_CLIENT_ID"};
constexpr std::string_view kClientSecret[] = {"DATABRICKS_CLIENT_SECRET"};
constexpr std::string_view kDiscoveryUrl[] = {"DATABRICKS_DISCOVERY_URL"};
constexpr std::string_view kProfile[] = {"DATABRICKS_CONFIG_PROFILE"};
constexpr std::string_view kConfigFile[] = {"DATABRICKS_CONFIG_FILE"};
constexpr std::string_view kClusterId[] = {"DATABRICKS_CLUSTER_ID"};
constexpr std::string_view kWarehouseId[] = {"DATABRICKS_WAREHOUSE_ID"};
constexpr std::string_view kServerlessComputeId[] = {"DATABRICKS_SERVERLESS_COMPUTE_ID"};
constexpr std::string_view kMetadataServiceUrl[] = {"DATABRICKS_METADATA_SERVICE_URL"};
constexpr std::string_view kGoogleServiceAccount[] = {"DATABRICKS_GOOGLE_SERVICE_ACCOUNT"};
constexpr std::string_view kGoogleCredentials[] = {"GOOGLE_CREDENTIALS"};
constexpr std::string_view kAzureResourceId[] = {"DATABRICKS_AZURE_RESOURCE_ID"};
constexpr std::string_view kAzureUseMsi[] = {"ARM_USE_MSI"};
constexpr std::string_view kAzureClientId[] = {"ARM_CLIENT_ID"};
constexpr std::string_view kAzureClientSecret[] = {"ARM_CLIENT_SECRET"};
constexpr std::string_view kAzureTenantId[] = {"ARM_TENANT_ID"};
constexpr std::string_view kAzureEnvironment[] = {"ARM_ENVIRONMENT"};
constexpr std::string_view kAzureAuthorityHost[] = {"AZURE_AUTHORITY_HOST"};
constexpr std::string_view kAzureResourceManager[] = {"DBXAUTH_AZURE_RESOURCE_MANAGER_URL"};
constexpr std::string_view kAzureLoginAppId[] = {"DATABRICKS_AZURE_LOGIN_APP_ID"};
constexpr std::string_view kActionsUrl[] = {"ACTIONS_ID_TOKEN_REQUEST_URL"};
constexpr std::string_view kActionsToken[] = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN"};
constexpr std::string_view kCliPath[] = {"DATABRICKS_CLI_PATH"};
constexpr std::string_view kAuthType[] = {"DATABRICKS_AUTH_TYPE"};
constexpr std::string_view kOidcFile[] = {"DATABRICKS_OIDC_TOKEN_FILEPATH", "DATABRICKS_OIDC_TOKEN_FILE"};
constexpr std::string_view kOidcFileAliases[] = {"databricks_id_token_filepath"};
constexpr std::string_view kOidcEnv[] = {"DATABRICKS_OIDC_TOKEN_ENV"};
constexpr std::string_view kAudience[] = {"DATABRICKS_TOKEN_AUDIENCE"};
constexpr std::string_view kAudienceAliases[] = {"audience"};
constexpr std::string_view kCloud[] = {"DATABRICKS_CLOUD"};
constexpr std::string_view kDebugTruncateBytes[] = {"DATABRICKS_DEBUG_TRUNCATE_BYTES"};
constexpr std::string_view kDebugHeaders[] = {"DATABRICKS_DEBUG_HEADERS"};
constexpr std::string_view kRateLimit[] = {"DATABRICKS_RATE_LIMIT"};
constexpr std::string_view kCallbackPort[] = {"DATABRICKS_OAUTH_CALLBACK_PORT"};
constexpr std::string_view kRedirectUrl[] = {"DATABRICKS_REDIRECT_URL"};
constexpr std::string_view kDisableRefreshToken[] = {"DATABRICKS_DISABLE_OAUTH_REFRESH_TOKEN"};
constexpr std::string_view kDisableAsyncRefresh[] = {"DATABRICKS_DISABLE_ASYNC_TOKEN_REFRESH"};

constexpr StaticArray<std::string_view> kNone;
constexpr AttributeKind kText = AttributeKind::text;
constexpr AttributeKind kBoolean = AttributeKind::boolean;
constexpr AttributeKind kInteger = AttributeKind::integer;
constexpr AttributeKind kList = AttributeKind::list;

// Columns: name, aliases, variables, variable of Clone-Xs, group, kind, sensitive, default, allowed in `.env`.
constexpr ConfigAttribute kAttributes[] = {
    {"host", kNone, kHost, "", "", kText, false, "", true},
    {"account_id", kNone, kAccountId, "", "", kText, false, "", true},
    {"workspace_id", kNone, kWorkspaceId, "", "", kText, false, "", true},
    {"token", kNone, kToken, "", "pat", kText, true, "", true},
    {"username", kNone, kUsername, "", "basic", kText, false, "", true},
    {"password", kNone, kPassword, "", "basic", kText, true, "", true},
    {"client_id", kNone, kClientId, "", "oauth", kText, false, "", true},
    {"client_secret", kNone, kClientSecret, "", "oauth", kText, true, "", true},
    {"scopes", kNone, kNone, "", "", kList, false, "all-apis", true},
    {"discovery_url", kNone, kDiscoveryUrl, "", "", kText, false, "", false},
    {"profile", kNone, kProfile, "", "", kText, false, "", true},
    {"config_file", kNone, kConfigFile, "", "", kText, false, "~/.databrickscfg", false},
    {"cluster_id", kNone, kClusterId, "", "", kText, false, "", true},
    {"warehouse_id", kNone, kWarehouseId, "", "", kText, false, "", true},
    {"serverless_compute_id", kNone, kServerlessComputeId, "", "", kText, false, "", true},
    {"metadata_service_url", kNone, kMetadataServiceUrl, "", "metadata-service", kText, true, "", false},
    {"google_service_account", kNone, kGoogleServiceAccount, "", "google", kText, false, "", false},
    {"google_credentials", kNone, kGoogleCredentials, "", "google", kText, true, "", false},
    {"azure_workspace_resource_id", kNone, kAzureResourceId, "", "azure", kText, false, "", true},
    {"azure_use_msi", kNone, kAzureUseMsi, "", "azure", kBoolean, false, "false", false},
    {"azure_client_id", kNone, kAzureClientId, "AZURE_CLIENT_ID", "azure", kText, false, "", true},
    {"azure_client_secret", kNone, kAzureClientSecret, "AZURE_CLIENT_SECRET", "azure", kText, true, "", true},
    {"azure_tenant_id", kNone, kAzureTenantId, "AZURE_TENANT_ID", "azure", kText, false, "", true},
    {"azure_environment", kNone, kAzureEnvironment, "", "", kText, false, "PUBLIC", true},
    {"azure_authority_host", kNone, kAzureAuthorityHost, "", "", kText, false, "", false},
    {"azure_resource_manager_url", kNone, kAzureResourceManager, "", "", kText, false, "", false},
    {"azure_login_app_id", kNone, kAzureLoginAppId, "", "azure", kText, false, "", true},
    {"actions_id_token_request_url", kNone, kActionsUrl, "", "", kText, false, "", false},
    {"actions_id_token_request_token", kNone, kActionsToken, "", "", kText, true, "", false},
    {"databricks_cli_path", kNone, kCliPath, "", "", kText, false, "", false},
    {"auth_type", kNone, kAuthType, "", "", kText, false, "", true},
    {"oidc_token_filepath", kOidcFileAliases, kOidcFile, "", "file-oidc", kText, false, "", false},
    {"oidc_token_env", kNone, kOidcEnv, "", "env-oidc", kText, false, "DATABRICKS_OIDC_TOKEN", false},
    {"token_audience", kAudienceAliases, kAudience, "", "", kText, false, "", true},
    {"cloud", kNone, kCloud, "", "", kText, false, "", true},
    {"skip_verify", kNone, kNone, "", "", kBoolean, false, "false", false},
    {"http_timeout_seconds", kNone, kNone, "", "", kInteger, false, "", true},
    {"retry_timeout_seconds", kNone, kNone, "", "", kInteger, false, "", true},
    {"debug_truncate_bytes", kNone, kDebugTruncateBytes, "", "", kInteger, false, "96", true},
    {"debug_headers", kNone, kDebugHeaders, "", "", kBoolean, false, "false", true},
    {"rate_limit", kNone, kRateLimit, "", "", kInteger, false, "", true},
    {"oauth_callback_port", kNone, kCallbackPort, "", "", kInteger, false, "8020", true},
    {"redirect_url", kNone, kRedirectUrl, "", "", kText, false, "", false},
    {"disable_oauth_refresh_token", kNone, kDisableRefreshToken, "", "", kBoolean, false, "false", true},
    {"disable_async_token_refresh", kNone, kDisableAsyncRefresh, "", "", kBoolean, false, "false", true},
};

template <class Items>
bool contains(const Items& items, std::string_view name) noexcept {
  return std::find(items.begin(), items.end(), name) != items.end();
}

std::string comparable(std::string_view name) {
  std::string text = base::to_lower(base::trim(name));
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

constexpr std::size_t kFarAway = 4;

// Small is near; kFarAway is "not similar".
std::size_t name_distance(std::string_view a, std::string_view b) {
  const std::string left = comparable(a);
  const std::string right = comparable(b);
  if (left == right) return 0;
  const std::size_t limit = std::min(left.size(), right.size()) < 6 ? 1 : 2;
  const std::size_t distance = base::edit_distance(left, right, limit);
  return distance <= limit ? distance : kFarAway;
}

}  // namespace

StaticArray<ConfigAttribute> config_attributes() noexcept {
  return kAttributes;
}

const ConfigAttribute* find_config_attribute(std::string_view name) noexcept {
  for (const ConfigAttribute& attribute : kAttributes) {
    if (attribute.name == name || contains(attribute.file_aliases, name)) return &attribute;
  }
  return nullptr;
}

const ConfigAttribute* find_attribute_of_variable(std::string_view variable) noexcept {
  if (variable.empty()) return nullptr;
  for (const ConfigAttribute& attribute : kAttributes) {
    if (attribute.clone_xs_environment == variable || contains(attribute.environment, variable)) return &attribute;
  }
  return nullptr;
}

bool is_similar_name(std::string_view a, std::string_view b) {
  return name_distance(a, b) < kFarAway;
}

std::vector<std::string> similar_attribute_names(std::string_view name) {
  struct Candidate {
    std::size_t distance;
    std::string_view name;
  };
  std::vector<Candidate> candidates;
  const std::string wanted = comparable(name);
  for (const ConfigAttribute& attribute : kAttributes) {
    std::size_t distance = name_distance(name, attribute.name);
    // A variable's name given for an attribute's: DATABRICKS_TOKEN, ARM_CLIENT_ID.
    for (std::string_view variable : attribute.environment) {
      if (comparable(variable) == wanted) distance = 0;
    }
    // A part of the name: "secret" for "client_secret".
    if (distance == kFarAway && wanted.size() >= 4 && attribute.name.find(wanted) != std::string_view::npos)
      distance = 3;
    if (distance < kFarAway) candidates.push_back({distance, attribute.name});
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; });
  const bool certain = !candidates.empty() && candidates.front().distance == 0;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < candidates.size() && i < (certain ? 1u : 3u); ++i) names.emplace_back(candidates[i].name);
  return names;
}

Result<bool> parse_boolean(std::string_view text, std::string_view place) {
  static constexpr std::string_view kTrue[] = {"1", "t", "T", "TRUE", "true", "True"};
  static constexpr std::string_view kFalse[] = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(std::begin(kTrue), std::end(kTrue), text) != std::end(kTrue)) return true;
  if (std::find(std::begin(kFalse), std::end(kFalse), text) != std::end(kFalse)) return false;
  return Error(ErrorCode::configuration, fmt::format("{} is not a boolean; write true or false", place));
}

Result<std::int64_t> parse_integer(std::string_view text, std::string_view place) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  const bool two_signs = digits.size() != text.size() && !digits.empty() && digits.front() == '-';
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end || two_signs) {
    return Error(ErrorCode::configuration, fmt::format("{} is not an integer; write decimal digits only", place));
  }
  return value;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  std::size_t start = 0;
  while (start <= text.size()) {
    std::size_t end = text.find_first_of(", \t\r\n", start);
    if (end == std::string_view::npos) end = text.size();
    if (end > start) items.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return items;
}

}  // namespace dbxauth::config
