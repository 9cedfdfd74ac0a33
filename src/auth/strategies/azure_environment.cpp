// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/azure_environment.hpp"

#include "base/redaction.hpp"
#include "base/text.hpp"
#include "encoding/url.hpp"

namespace dbxauth::auth {

namespace {

constexpr std::string_view production_application = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

constexpr AzureEnvironment public_cloud{"PUBLIC", "https://login.microsoftonline.com/",
                                        "https://management.core.windows.net/", production_application,
                                        "https://management.azure.com/"};
constexpr AzureEnvironment us_government{"USGOVERNMENT", "https://login.microsoftonline.us/",
                                         "https://management.core.usgovcloudapi.net/", production_application,
                                         "https://management.usgovcloudapi.net/"};
constexpr AzureEnvironment china{"CHINA", "https://login.chinacloudapi.cn/",
                                 "https://management.core.chinacloudapi.cn/", production_application,
                                 "https://management.chinacloudapi.cn/"};

struct Suffix {
  std::string_view text;
  const AzureEnvironment* environment;
  std::string_view application;
};

// Longer suffixes first: the test workspaces of the vendor live below the production name.
constexpr Suffix suffixes[] = {
    {".dev.azuredatabricks.net", &public_cloud, "62a912ac-b58e-4c1d-89ea-b2dbfc7358fc"},
    {".staging.azuredatabricks.net", &public_cloud, "4a67d088-db5c-48f1-9ff2-0aace800ae68"},
    {".azuredatabricks.net", &public_cloud, production_application},
    {".databricks.azure.us", &us_government, production_application},
    {".databricks.azure.cn", &china, production_application},
};

const Suffix* suffix_of(std::string_view host) noexcept {
  const auto scheme = host.find("://");
  if (scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
  const auto port = host.find_first_of(":/");
  if (port != std::string_view::npos) host = host.substr(0, port);
  for (const Suffix& suffix : suffixes) {
    if (host.size() > suffix.text.size() &&
        base::equals_ignoring_case(host.substr(host.size() - suffix.text.size()), suffix.text)) {
      return &suffix;
    }
  }
  return nullptr;
}

}  // namespace

bool is_azure_host(std::string_view host) noexcept {
  return suffix_of(host) != nullptr;
}

Result<AzureEnvironment> azure_environment(std::string_view host, std::string_view name) {
  if (const Suffix* suffix = suffix_of(host)) {
    AzureEnvironment environment = *suffix->environment;
    environment.databricks_resource = suffix->application;
    return environment;
  }
  const std::string wanted = base::to_upper(base::trim(name));
  if (wanted.empty() || wanted == "PUBLIC" || wanted == "AZUREPUBLICCLOUD") return public_cloud;
  if (wanted == "USGOVERNMENT" || wanted == "AZUREUSGOVERNMENT") return us_government;
  if (wanted == "CHINA" || wanted == "AZURECHINACLOUD") return china;
  return Error(ErrorCode::configuration, "azure_environment (ARM_ENVIRONMENT) is \"" + base::redact_excerpt(name) +
                                             "\"; use PUBLIC, USGOVERNMENT or CHINA");
}

}  // namespace dbxauth::auth
