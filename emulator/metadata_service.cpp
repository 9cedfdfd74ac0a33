// SPDX-License-Identifier: Apache-2.0
#include "metadata_service.hpp"

#include <utility>

#include "base/json_writer.hpp"
#include "crypto.hpp"
#include "oauth_request.hpp"

namespace dbxauth::emulator {

MetadataService::MetadataService(std::string principal, std::string workspace_id, AccessTokens& tokens,
                                 const Settings& settings)
    : principal_(std::move(principal)),
      workspace_id_(std::move(workspace_id)),
      tokens_(tokens),
      settings_(settings),
      secret_(random_hex(32)) {}

void MetadataService::add_routes(HttpServer& server) {
  server_ = &server;
  server.route("GET /metadata-service/{secret}", Access::open, [this](const HttpRequest& r) { return token(r); });
}

std::string MetadataService::url() const {
  return server_->url() + "/metadata-service/" + secret_;
}

HttpResponse MetadataService::token(const HttpRequest& request) {
  if (!equal_in_constant_time(request.path_parameter("secret"), secret_))
    throw does_not_exist("There is no token service at this address.");
  if (request.header("X-Databricks-Metadata-Version").value_or("") != "1")
    throw bad_parameter("The header X-Databricks-Metadata-Version must be 1.");
  std::string host = request.header("X-Databricks-Host").value_or("");
  while (!host.empty() && host.back() == '/') host.pop_back();
  const std::string own = base_url(*server_, request);
  if (host != own && host != server_->url())
    throw does_not_exist("No login for the host '" + host + "' of the header X-Databricks-Host.");
  AccessTokens::JwtRequest jwt;
  jwt.issuer = own + "/oidc";
  jwt.principal = principal_;
  jwt.client_id = principal_;
  jwt.audience = workspace_id_;
  jwt.scope = "all-apis";
  jwt.lifetime_s = settings_.oauth_token_lifetime_s;
  base::JsonWriter json;
  json.begin_object().member("access_token", tokens_.issue_jwt(TokenKind::oauth, jwt)).member("token_type", "Bearer");
  json.member("expires_on", tokens_.now_ms() / 1000 + jwt.lifetime_s).end_object();
  return token_response(json.take());
}

}  // namespace dbxauth::emulator
