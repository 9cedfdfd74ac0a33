// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "access_tokens.hpp"
#include "entra_directory.hpp"
#include "http_server.hpp"

namespace dbxauth::emulator {

/// The workspace as an Azure resource.
struct AzureWorkspace {
  std::string subscription_id;
  std::string resource_group;
  std::string name;
  std::string workspace_id;
  std::string resource_id() const;  ///< `/subscriptions/…/workspaces/name`.
};

/// Azure's side of a login: the token endpoints of Entra, the managed identity endpoints of virtual machines (IMDS) and
/// of App Service, and Azure Resource Manager's answer to where a workspace is. Thread-safe.
class AzureIdentityService {
 public:
  AzureIdentityService(AzureWorkspace workspace, EntraDirectory& directory, const AccessTokens& tokens);

  /// The first one is the system-assigned identity of the machine; the others answer when they are named.
  void add_managed_identity(std::string client_id);
  /// Who may read the workspace's resource. Others are refused by Azure Resource Manager.
  void add_resource_reader(std::string principal);
  void add_routes(HttpServer& server);

  const AzureWorkspace& workspace() const noexcept { return workspace_; }
  const std::string& app_service_header() const noexcept { return app_service_header_; }

 private:
  HttpResponse login(const HttpRequest& request, bool version_2) const;
  HttpResponse token(const HttpRequest& request, bool version_2);
  HttpResponse machine_token(const HttpRequest& request);
  HttpResponse app_service_token(const HttpRequest& request);
  HttpResponse managed_identity_token(const HttpRequest& request, bool with_lifetime);
  HttpResponse resource(const HttpRequest& request) const;
  void require_resource_reader(const HttpRequest& request) const;

  AzureWorkspace workspace_;
  EntraDirectory& directory_;
  const AccessTokens& tokens_;
  const HttpServer* server_ = nullptr;
  std::vector<std::string> managed_identities_;
  std::set<std::string> resource_readers_;
  std::string app_service_header_;
};

}  // namespace dbxauth::emulator
