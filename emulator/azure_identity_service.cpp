// SPDX-License-Identifier: Apache-2.0
#include "azure_identity_service.hpp"

#include <algorithm>
#include <utility>

#include "authenticator.hpp"
#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "crypto.hpp"

namespace dbxauth::emulator {

namespace {

/// Version 2 asks for `resource/.default` in place of `resource`.
std::string resource_of(const Form& form, bool version_2) {
  std::string resource = field(form, version_2 ? "scope" : "resource");
  if (version_2) {
    constexpr std::string_view suffix = "/.default";
    if (resource.size() <= suffix.size() || resource.substr(resource.size() - suffix.size()) != suffix)
      throw oauth_error(400, "invalid_scope",
                        "AADSTS1002012: The provided value for scope is not valid. Client credential flows must have "
                        "a scope value with /.default suffixed to the resource identifier.");
    resource.resize(resource.size() - suffix.size());
  }
  if (resource.empty())
    throw oauth_error(400, "invalid_request", "AADSTS900144: The request body must contain the parameter 'resource'.");
  return resource;
}

RequestError resource_manager_error(int status, const char* code, std::string message) {
  return RequestError(status, code, std::move(message));
}

}  // namespace

std::string AzureWorkspace::resource_id() const {
  return "/subscriptions/" + subscription_id + "/resourceGroups/" + resource_group +
         "/providers/Microsoft.Databricks/workspaces/" + name;
}

AzureIdentityService::AzureIdentityService(AzureWorkspace workspace, EntraDirectory& directory,
                                           const AccessTokens& tokens)
    : workspace_(std::move(workspace)), directory_(directory), tokens_(tokens), app_service_header_(new_request_id()) {}

void AzureIdentityService::add_managed_identity(std::string client_id) {
  managed_identities_.push_back(std::move(client_id));
}

void AzureIdentityService::add_resource_reader(std::string principal) {
  resource_readers_.insert(std::move(principal));
}

void AzureIdentityService::add_routes(HttpServer& server) {
  server_ = &server;
  const auto on = [&](const char* route, ErrorDialect dialect, HttpServer::Handler handler) {
    server.route(route, Access::open, std::move(handler), dialect);
  };
  on("GET /aad/auth", ErrorDialect::databricks, [this](const HttpRequest& r) { return login(r, false); });
  on("GET /oidc/oauth2/v2.0/authorize", ErrorDialect::databricks,
     [this](const HttpRequest& r) { return login(r, true); });
  on("POST /{tenant}/oauth2/token", ErrorDialect::entra, [this](const HttpRequest& r) { return token(r, false); });
  on("POST /{tenant}/oauth2/v2.0/token", ErrorDialect::entra, [this](const HttpRequest& r) { return token(r, true); });
  on("GET /metadata/identity/oauth2/token", ErrorDialect::oauth,
     [this](const HttpRequest& r) { return machine_token(r); });
  on("GET /msi/token", ErrorDialect::oauth, [this](const HttpRequest& r) { return app_service_token(r); });
  // Resource ids are spelt both ways, and some clients put a second slash before them.
  for (const char* prefix : {"", "/"})
    for (const char* groups : {"resourceGroups", "resourcegroups"})
      server.route(
          std::string("GET ") + prefix + "/subscriptions/{subscription}/" + groups +
              "/{group}/providers/Microsoft.Databricks/workspaces/{name}",
          Access::open, [this](const HttpRequest& r) { return resource(r); }, ErrorDialect::azure);
}

HttpResponse AzureIdentityService::login(const HttpRequest& request, bool version_2) const {
  return redirect_to(base_url(*server_, request) + "/" + directory_.tenant_id() + "/oauth2/" +
                     (version_2 ? "v2.0/" : "") +
                     "authorize?response_type=code&client_id=" + azure_databricks_resource);
}

HttpResponse AzureIdentityService::token(const HttpRequest& request, bool version_2) {
  if (request.path_parameter("tenant") != directory_.tenant_id())
    throw oauth_error(400, "invalid_request",
                      "AADSTS90002: Tenant '" + request.path_parameter("tenant") +
                          "' not found. Check to make sure you have the correct tenant ID and are signing into the "
                          "correct cloud.");
  const Form form = require_form(request);
  if (field(form, "grant_type") != "client_credentials")
    throw oauth_error(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
  const std::string client_id = directory_.authenticate(request, form);
  const auto issued =
      directory_.issue(base_url(*server_, request), {client_id, client_id, {}, {}}, resource_of(form, version_2));
  base::JsonWriter json;
  json.begin_object().member("token_type", "Bearer");
  if (version_2) {
    json.member("expires_in", issued.lifetime_s).member("ext_expires_in", issued.lifetime_s);
  } else {
    // Version 1 sends numbers as text.
    json.member("expires_in", std::to_string(issued.lifetime_s));
    json.member("ext_expires_in", std::to_string(issued.lifetime_s));
    json.member("expires_on", std::to_string(issued.expires_on_s));
    json.member("not_before", std::to_string(issued.not_before_s)).member("resource", issued.resource);
  }
  json.member("access_token", issued.value).end_object();
  return token_response(json.take());
}

HttpResponse AzureIdentityService::machine_token(const HttpRequest& request) {
  // Both rules keep a proxy or a tricked server on the machine from handing tokens out.
  if (!base::equals_ignoring_case(request.header("Metadata").value_or(""), "true"))
    throw oauth_error(400, "invalid_request", "Required metadata header not specified");
  if (request.header("X-Forwarded-For"))
    throw oauth_error(400, "invalid_request", "Requests with the header X-Forwarded-For are not allowed");
  return managed_identity_token(request, true);
}

HttpResponse AzureIdentityService::app_service_token(const HttpRequest& request) {
  if (!equal_in_constant_time(request.header("X-IDENTITY-HEADER").value_or(""), app_service_header_))
    throw oauth_error(401, "unauthorized", "The header X-IDENTITY-HEADER is missing or wrong");
  return managed_identity_token(request, false);
}

HttpResponse AzureIdentityService::managed_identity_token(const HttpRequest& request, bool with_lifetime) {
  if (request.query_parameter("api-version").value_or("").empty())
    throw oauth_error(400, "invalid_request", "api-version was not specified in the request");
  const std::string resource = request.query_parameter("resource").value_or("");
  if (resource.empty()) throw oauth_error(400, "invalid_request", "Required query variable 'resource' is missing");
  const std::string named = request.query_parameter("client_id").value_or("");
  const auto identity = named.empty() ? managed_identities_.begin()
                                      : std::find(managed_identities_.begin(), managed_identities_.end(), named);
  if (identity == managed_identities_.end()) throw oauth_error(400, "invalid_request", "Identity not found");
  const auto issued = directory_.issue(base_url(*server_, request), {*identity, *identity, {}, {}}, resource);
  base::JsonWriter json;
  json.begin_object().member("access_token", issued.value).member("client_id", *identity);
  if (with_lifetime) {
    json.member("expires_in", std::to_string(issued.lifetime_s));
    json.member("ext_expires_in", std::to_string(issued.lifetime_s));
  }
  json.member("expires_on", std::to_string(issued.expires_on_s));
  json.member("not_before", std::to_string(issued.not_before_s));
  json.member("resource", issued.resource).member("token_type", "Bearer").end_object();
  return token_response(json.take());
}

void AzureIdentityService::require_resource_reader(const HttpRequest& request) const {
  const auto value = bearer_token(request);
  if (!value)
    throw resource_manager_error(401, "AuthenticationFailed",
                                 "Authentication failed. The 'Authorization' header is missing.");
  const auto found = tokens_.find(*value);
  if (!found || found->kind != TokenKind::entra)
    throw resource_manager_error(401, "InvalidAuthenticationToken", "The access token is invalid.");
  if (tokens_.is_expired(*found))
    throw resource_manager_error(401, "ExpiredAuthenticationToken",
                                 "The access token expiry UTC time is earlier than the current UTC time.");
  if (found->resource != azure_resource_manager_resource && found->resource != azure_management_resource)
    throw resource_manager_error(401, "InvalidAuthenticationTokenAudience",
                                 "The access token has been obtained for wrong audience or resource '" +
                                     found->resource +
                                     "'. It should exactly match with one of the allowed audiences '" +
                                     azure_management_resource + "', '" + azure_resource_manager_resource + "'.");
  if (resource_readers_.count(found->principal) == 0)
    throw resource_manager_error(
        403, "AuthorizationFailed",
        "The client '" + found->principal +
            "' does not have authorization to perform action 'Microsoft.Databricks/workspaces/read' over scope '" +
            workspace_.resource_id() + "' or the scope is invalid.");
}

HttpResponse AzureIdentityService::resource(const HttpRequest& request) const {
  require_resource_reader(request);
  if (request.query_parameter("api-version").value_or("").empty())
    throw resource_manager_error(400, "MissingApiVersionParameter",
                                 "The api-version query parameter (?api-version=) is required for all requests.");
  const std::string& subscription = request.path_parameter("subscription");
  if (!base::equals_ignoring_case(subscription, workspace_.subscription_id))
    throw resource_manager_error(404, "SubscriptionNotFound",
                                 "The subscription '" + subscription + "' could not be found.");
  const std::string& group = request.path_parameter("group");
  const std::string& name = request.path_parameter("name");
  if (!base::equals_ignoring_case(group, workspace_.resource_group) ||
      !base::equals_ignoring_case(name, workspace_.name))
    throw resource_manager_error(404, "ResourceNotFound",
                                 "The Resource 'Microsoft.Databricks/workspaces/" + name + "' under resource group '" +
                                     group + "' was not found.");
  const std::string url = base_url(*server_, request);
  base::JsonWriter json;
  json.begin_object().member("id", workspace_.resource_id()).member("name", workspace_.name);
  json.member("type", "Microsoft.Databricks/workspaces").member("location", "westeurope");
  json.key("sku").begin_object().member("name", "premium").end_object();
  json.key("properties").begin_object().member("workspaceId", workspace_.workspace_id);
  json.member("workspaceUrl", url.substr(url.find("://") + 3)).member("provisioningState", "Succeeded");
  json.end_object().end_object();
  return json_response(json.take());
}

}  // namespace dbxauth::emulator
