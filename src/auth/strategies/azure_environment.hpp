// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "dbxauth/result.hpp"

namespace dbxauth::auth {

/// The endpoints of one Azure cloud and the application id under which Databricks is known there. The figures are those
/// of the official SDKs.
struct AzureEnvironment {
  std::string_view name;                 ///< PUBLIC, USGOVERNMENT or CHINA.
  std::string_view authority;            ///< Microsoft Entra ID, with a trailing slash.
  std::string_view management_resource;  ///< Audience of the management token, with a trailing slash.
  std::string_view databricks_resource;  ///< Application id: audience of the workspace token.
  std::string_view resource_manager;     ///< Azure Resource Manager (ARM), with a trailing slash; its own audience.
};

/// Whether the host's name says that it is an Azure workspace.
bool is_azure_host(std::string_view host) noexcept;

/// By the host's suffix where it tells, else by `name` (the attribute azure_environment, any case; empty means PUBLIC).
/// ErrorCode::configuration for an unknown name.
Result<AzureEnvironment> azure_environment(std::string_view host, std::string_view name);

}  // namespace dbxauth::auth
