// SPDX-License-Identifier: Apache-2.0
#include "azure_cli_service.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/json_writer.hpp"

namespace dbxauth::emulator {

namespace {

using Kind = AzureCliLogin::Kind;

constexpr const char* azure_cli_application = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

struct KindName {
  Kind kind;
  const char* name;
};
constexpr std::array<KindName, 4> kind_names{{{Kind::user, "user"},
                                              {Kind::service_principal, "service-principal"},
                                              {Kind::managed_identity, "managed-identity"},
                                              {Kind::nobody, "none"}}};

/// The fake program prints the message to stderr and ends with status 1.
RequestError az_error(std::string message) {
  return RequestError(400, "AZ_ERROR", std::move(message));
}

std::vector<std::string> texts_of(base::JsonView list, const char* name) {
  if (!list.is_array()) throw bad_parameter(std::string(name) + " expects a list of strings");
  std::vector<std::string> texts;
  list.each_element([&](base::JsonView text) {
    if (!text.is_string()) throw bad_parameter(std::string(name) + " expects a list of strings");
    texts.emplace_back(text.string_or());
  });
  return texts;
}

}  // namespace

AzureCliService::AzureCliService(EntraDirectory& directory, Counters& counters, StopSignal& stop_signal,
                                 std::string user, std::string service_principal, std::string subscription)
    : directory_(directory),
      counters_(counters),
      stop_signal_(stop_signal),
      user_(std::move(user)),
      service_principal_(std::move(service_principal)),
      subscription_(std::move(subscription)) {
  login_.principal = user_;
  login_.tenant = directory_.tenant_id();
  login_.tenants = {directory_.tenant_id()};
  login_.subscription = subscription_;
}

void AzureCliService::add_routes(HttpServer& server) {
  server_ = &server;
  server.route("POST /az/account-show", Access::open, [this](const HttpRequest&) { return show_account(); });
  server.route("POST /az/get-access-token", Access::open, [this](const HttpRequest& r) { return get_access_token(r); });
  server.route("POST /_emulator/az", Access::control, [this](const HttpRequest& r) { return change(r); });
  server.route("GET /_emulator/az", Access::control,
               [this](const HttpRequest&) { return json_response(login_json()); });
}

AzureCliLogin AzureCliService::login() const {
  const std::lock_guard lock(mutex_);
  return login_;
}

HttpResponse AzureCliService::change(const HttpRequest& request) {
  const auto body = request.json();
  AzureCliLogin changed = login();
  body.root().each_member([&](std::string_view key, base::JsonView value) {
    const auto text = [&] { return optional_string(body.root(), key).value_or(""); };
    if (key == "login") {
      const auto found = std::find_if(kind_names.begin(), kind_names.end(),
                                      [&](const KindName& name) { return value.string_or() == name.name; });
      if (found == kind_names.end())
        throw bad_parameter("login must be user, service-principal, managed-identity or none");
      changed.kind = found->kind;
      changed.principal = found->kind == Kind::user ? user_ : service_principal_;
    } else if (key == "tenant") {
      changed.tenant = text();
    } else if (key == "tenants") {
      changed.tenants = texts_of(value, "tenants");
    } else if (key == "subscription") {
      changed.subscription = text();
    } else if (key == "needs_tenant") {
      changed.needs_tenant = optional_boolean(body.root(), key).value_or(false);
    } else if (key == "epoch_expiry") {
      changed.epoch_expiry = optional_boolean(body.root(), key).value_or(true);
    } else if (key == "delay_ms") {
      changed.delay_ms = optional_integer(body.root(), key).value_or(0);
    } else if (key == "failure") {
      changed.failure = text();
    } else if (key != "principal") {
      throw bad_parameter("az: unknown member '" + std::string(key) + "'");
    }
  });
  // After "login", which sets the principal that goes with it.
  if (const auto principal = optional_string(body.root(), "principal")) changed.principal = *principal;
  {
    const std::lock_guard lock(mutex_);
    login_ = changed;
  }
  return json_response(login_json());
}

std::string AzureCliService::login_json() const {
  const AzureCliLogin now = login();
  base::JsonWriter json;
  json.begin_object();
  for (const KindName& name : kind_names)
    if (name.kind == now.kind) json.member("login", name.name);
  json.member("principal", now.principal).member("tenant", now.tenant).member("tenants", now.tenants);
  json.member("subscription", now.subscription).member("needs_tenant", now.needs_tenant);
  json.member("epoch_expiry", now.epoch_expiry).member("delay_ms", now.delay_ms).member("failure", now.failure);
  json.end_object();
  return json.take();
}

AzureCliLogin AzureCliService::begin_command(const char* name) {
  counters_.count_program(name);
  AzureCliLogin now = login();
  if (now.delay_ms > 0) stop_signal_.sleep(std::chrono::milliseconds(now.delay_ms));
  if (!now.failure.empty()) throw az_error(now.failure);
  if (now.kind == Kind::nobody) throw az_error("Please run 'az login' to setup account.");
  return now;
}

HttpResponse AzureCliService::show_account() {
  const AzureCliLogin now = begin_command("az_account_show");
  if (now.subscription.empty()) throw az_error("No subscription found. Run 'az account set' to select a subscription.");
  base::JsonWriter json;
  json.begin_object().member("environmentName", "AzureCloud").member("homeTenantId", now.tenant);
  json.member("id", now.subscription).member("isDefault", true);
  json.key("managedByTenants").begin_array().end_array();
  json.member("name", "dbxauth").member("state", "Enabled").member("tenantId", now.tenant);
  json.key("user").begin_object();
  if (now.kind == Kind::managed_identity)
    json.member("assignedIdentityInfo", "MSI").member("name", "systemAssignedIdentity");
  else
    json.member("name", now.principal);
  json.member("type", now.kind == Kind::user ? "user" : "servicePrincipal").end_object().end_object();
  return json_response(json.take());
}

std::string AzureCliService::tenant_for(const AzureCliLogin& login, const std::string& tenant,
                                        const std::string& subscription) const {
  if (!tenant.empty() && !subscription.empty())
    throw az_error("Please specify only one of subscription and tenant, not both");
  if (!subscription.empty() && subscription != login.subscription)
    throw az_error("Subscription '" + subscription + "' not found. Check the spelling and casing and try again.");
  if (tenant.empty() && login.subscription.empty())
    throw az_error("No subscription found. Run 'az account set' to select a subscription.");
  if (login.kind == Kind::managed_identity && !tenant.empty())
    throw az_error("Tenant shouldn't be specified for managed identity account");
  if (login.needs_tenant && tenant.empty())
    throw az_error(
        "AADSTS50059: No tenant-identifying information found in either the request or implied by any provided "
        "credentials.");
  if (tenant.empty()) return login.tenant;
  if (std::find(login.tenants.begin(), login.tenants.end(), tenant) != login.tenants.end()) return tenant;
  if (login.kind == Kind::service_principal)
    throw az_error("AADSTS700016: Application with identifier '" + login.principal +
                   "' was not found in the directory '" + tenant + "'.");
  throw az_error("AADSTS50020: User account '" + login.principal +
                 "' from identity provider 'https://sts.windows.net/" + login.tenant + "/' does not exist in tenant '" +
                 tenant + "' and cannot access the application '" + azure_cli_application +
                 "' in that tenant. The account needs to be added as an external user in the tenant first.\n"
                 "Interactive authentication is needed. Please run:\naz logout\naz login --tenant \"" +
                 tenant + "\"");
}

HttpResponse AzureCliService::get_access_token(const HttpRequest& request) {
  const AzureCliLogin now = begin_command("az_get_access_token");
  const auto body = request.json();
  const std::string tenant = optional_string(body.root(), "tenant").value_or("");
  const std::string subscription = optional_string(body.root(), "subscription").value_or("");
  EntraDirectory::TokenSubject subject;
  subject.tenant_id = tenant_for(now, tenant, subscription);
  subject.principal = now.principal;
  subject.client_id = now.kind == Kind::user ? azure_cli_application : now.principal;
  if (now.kind == Kind::user) subject.user_principal_name = now.principal;
  const auto issued = directory_.issue(base_url(*server_, request), subject, required_string(body.root(), "resource"));
  base::JsonWriter json;
  json.begin_object().member("accessToken", issued.value).member("expires_on", issued.expires_on_s);
  json.member("epoch_expiry", now.epoch_expiry);
  // az names the subscription only when the token was not asked for a tenant.
  if (tenant.empty()) json.member("subscription", now.subscription);
  json.member("tenant", subject.tenant_id).member("tokenType", "Bearer").end_object();
  return token_response(json.take());
}

}  // namespace dbxauth::emulator
