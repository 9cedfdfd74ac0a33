// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <utility>

#include "access_tokens.hpp"
#include "http_message.hpp"
#include "metastore.hpp"

namespace dbxauth::emulator {

/// The application id of Azure Databricks, the resource of workspace tokens [Microsoft Learn: "Get Microsoft Entra ID
/// tokens for service principals"].
inline constexpr const char* azure_databricks_resource = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
inline constexpr const char* azure_management_resource = "https://management.core.windows.net/";
inline constexpr const char* azure_resource_manager_resource = "https://management.azure.com/";

/// Where requests of the workspace API may come in. [Databricks host types]
struct HostRules {
  std::string host_type = "workspace";  ///< "workspace", "account": no workspace API; "unified": needs routing.
  std::string workspace_id;
  std::string tenant_id;  ///< The Entra tenant whose tokens count.
};

/// Says who sent a request. Thread-safe.
class Authenticator {
 public:
  Authenticator(const AccessTokens& tokens, const Metastore& metastore, HostRules rules)
      : tokens_(tokens), metastore_(metastore), rules_(std::move(rules)) {}

  /// Service principals that exist in Entra and may manage the Azure resource, but are no users of the workspace: their
  /// workspace token counts only beside a management token. Before the first request.
  void add_outside_principal(std::string application_id) { outside_.insert(std::move(application_id)); }

  /// Throws 401 UNAUTHENTICATED without a valid token, 403 when its principal may not enter, when an OAuth token lacks
  /// the scope of the API, and when a unified host cannot tell which workspace is meant.
  Principal authenticate(const HttpRequest& request) const;

 private:
  void require_workspace(const HttpRequest& request) const;
  void require_entra_token(const HttpRequest& request, const AccessToken& token) const;
  void require_google_tokens(const HttpRequest& request, const AccessToken& token) const;
  void require_management_token(const HttpRequest& request, const AccessToken& token) const;

  const AccessTokens& tokens_;
  const Metastore& metastore_;
  HostRules rules_;
  std::set<std::string> outside_;
};

}  // namespace dbxauth::emulator
