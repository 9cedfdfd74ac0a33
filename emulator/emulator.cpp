// SPDX-License-Identifier: Apache-2.0
#include "emulator.hpp"

#include <unistd.h>

#include <optional>
#include <utility>

#include "access_tokens.hpp"
#include "account_service.hpp"
#include "authenticator.hpp"
#include "azure_cli_service.hpp"
#include "azure_identity_service.hpp"
#include "base/json_writer.hpp"
#include "control_service.hpp"
#include "counters.hpp"
#include "crypto.hpp"
#include "entra_directory.hpp"
#include "faults.hpp"
#include "federation_service.hpp"
#include "google_identity_service.hpp"
#include "http_server.hpp"
#include "id_tokens.hpp"
#include "identity_service.hpp"
#include "login_environments.hpp"
#include "metadata_service.hpp"
#include "metastore.hpp"
#include "scim_service.hpp"
#include "seed_data.hpp"
#include "settings.hpp"
#include "sql_engine.hpp"
#include "statements_service.hpp"
#include "token_service.hpp"
#include "unity_catalog_service.hpp"
#include "warehouses.hpp"

namespace dbxauth::emulator {

namespace {

constexpr const char* workspace_id = "6051921418418893";
constexpr const char* account_id = "5b1f0e2a-6c11-4a44-9f5e-7d0f3c524c1b";
constexpr const char* tenant_id = "b7a1c6de-3f20-4d11-9a6c-0c5e2f8d7e44";
constexpr const char* outside_principal = "e41d7c0a-58b2-4f6e-b1d3-9a2c4e6f8b10";
constexpr const char* expired_principal = "0c2b7f9e-4d1a-4b86-a3f5-7e9d1c6a8b24";
constexpr const char* limited_principal = "a83e5d14-2c7b-4f09-8d6e-b1f0c4a7e932";
constexpr const char* subscription_id = "f3b8d2a6-91c4-4e7d-b05a-6c2e8f1d4a97";
constexpr const char* resource_group = "dbxauth-emulator";

std::int64_t system_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Outcome<std::unique_ptr<Metastore>> open_metastore(const EmulatorOptions& options) {
  MetastoreOptions metastore_options;
  if (!options.state_path.empty()) metastore_options.database_path = options.state_path;
  metastore_options.strict_object_names = options.strict_object_names;
  metastore_options.now_ms = options.now_ms;
  auto metastore = Metastore::open(std::move(metastore_options));
  if (!metastore || (*metastore)->find_principal(SeedPrincipals::admin)) return metastore;
  if (auto seeded = seed_metastore(**metastore, options.seed); !seeded) return refuse(seeded.error());
  return metastore;
}

void write_texts(base::JsonWriter& json, std::string_view name, const std::map<std::string, std::string>& texts) {
  json.key(name).begin_object();
  for (const auto& [key, value] : texts) json.member(key, value);
  json.end_object();
}

}  // namespace

// Members in the order of their dependence: the last one made is the first one gone.
struct Emulator::Workspace {
  Settings settings;
  FaultPlan faults;
  Counters counters;
  StopSignal stop_signal;
  AccessTokens tokens;
  std::unique_ptr<Metastore> metastore;
  SqlEngine engine;
  Authenticator authenticator;
  Warehouses warehouses;
  StatementsService statements;
  IdTokens id_tokens;
  FederationService federation;
  IdentityService identity;
  EntraDirectory directory;
  AzureIdentityService azure;
  AzureCliService azure_cli;
  GoogleIdentityService google;
  MetadataService metadata;
  UnityCatalogService unity_catalog;
  HttpServer server;

  Workspace(const EmulatorOptions& options, std::unique_ptr<Metastore> opened, HttpServerOptions http)
      : tokens(options.now_ms),
        metastore(std::move(opened)),
        engine(*metastore),
        authenticator(tokens, *metastore, {options.host_type, workspace_id, tenant_id}),
        warehouses(settings, stop_signal, options.now_ms),
        statements(engine, warehouses, counters, settings, stop_signal, options.now_ms),
        id_tokens(options.now_ms),
        federation(account_id, SeedPrincipals::service_principal, id_tokens, tokens, *metastore, settings),
        identity({workspace_id, account_id, options.cloud, options.host_type}, tokens, *metastore, settings,
                 federation),
        directory(tenant_id, id_tokens, tokens, settings),
        azure({subscription_id, resource_group, "dbxauth-emulator", workspace_id}, directory, tokens),
        azure_cli(directory, counters, stop_signal, SeedPrincipals::admin, SeedPrincipals::service_principal,
                  subscription_id),
        google(SeedPrincipals::service_principal, SeedPrincipals::admin, tokens, settings),
        metadata(SeedPrincipals::service_principal, workspace_id, tokens, settings),
        unity_catalog(*metastore, settings, workspace_id),
        server(std::move(http), faults, counters, stop_signal) {}
  ~Workspace() { server.stop(); }

  void add_routes(const EmulatorOptions& options);
  void make_credentials(EmulatorCredentials& credentials);
  void make_azure_credentials(EmulatorCredentials& credentials);
};

void Emulator::Workspace::add_routes(const EmulatorOptions& options) {
  server.set_authenticator([this](const HttpRequest& request) { return authenticator.authenticate(request); });
  add_control_routes(server, ControlledParts{faults, counters, settings, tokens, statements, *metastore});
  identity.add_routes(server);
  id_tokens.add_routes(server);
  federation.add_routes(server);
  azure.add_routes(server);
  azure_cli.add_routes(server);
  google.add_routes(server);
  metadata.add_routes(server);
  add_account_routes(server, {account_id, workspace_id, options.cloud},
                     {SeedPrincipals::admin, SeedPrincipals::service_principal});
  add_token_routes(server, tokens);
  add_scim_routes(server, *metastore, workspace_id);
  warehouses.add_routes(server);
  statements.add_routes(server);
  unity_catalog.add_routes(server);
}

void Emulator::Workspace::make_credentials(EmulatorCredentials& credentials) {
  credentials.workspace_id = workspace_id;
  credentials.account_id = account_id;
  credentials.client_id = SeedPrincipals::service_principal;
  credentials.client_secret = "dose" + random_hex(32);
  identity.add_client(credentials.client_id, credentials.client_secret, {});
  credentials.limited_client_id = limited_principal;
  credentials.limited_client_secret = "dose" + random_hex(32);
  identity.add_client(credentials.limited_client_id, credentials.limited_client_secret, {"sql"});
  make_azure_credentials(credentials);

  for (const Principal& user : metastore->list_principals(PrincipalKind::user))
    credentials.users[user.name] = tokens.create_personal(user.name, "dbxauth-emulator", -1, {}).value;
  credentials.token = credentials.users[SeedPrincipals::admin];
  settings.set_default_user(SeedPrincipals::admin);
  credentials.warehouse_id = warehouses.add("Starter Warehouse", SeedPrincipals::admin, WarehouseState::running);
  credentials.stopped_warehouse_id =
      warehouses.add("Sleeping Warehouse", SeedPrincipals::admin, WarehouseState::stopped);
}

void Emulator::Workspace::make_azure_credentials(EmulatorCredentials& credentials) {
  credentials.tenant_id = tenant_id;
  credentials.azure_resource_id = azure.workspace().resource_id();
  directory.add_application(credentials.client_id, credentials.client_secret);
  directory.add_federated_credential(credentials.client_id, IdTokenIssuer::github, FederationService::github_subject);
  directory.add_federated_credential(credentials.client_id, IdTokenIssuer::azure_devops,
                                     FederationService::azure_devops_subject);
  directory.add_federated_credential(credentials.client_id, IdTokenIssuer::generic, FederationService::generic_subject);
  credentials.outside_client_id = outside_principal;
  credentials.outside_client_secret = random_hex(40);
  directory.add_application(credentials.outside_client_id, credentials.outside_client_secret);
  authenticator.add_outside_principal(credentials.outside_client_id);
  credentials.expired_client_id = expired_principal;
  credentials.expired_client_secret = random_hex(40);
  directory.add_application(credentials.expired_client_id, credentials.expired_client_secret, true);

  azure.add_managed_identity(credentials.client_id);
  azure.add_managed_identity(credentials.outside_client_id);
  for (const std::string& reader :
       {credentials.client_id, credentials.outside_client_id, std::string(SeedPrincipals::admin)})
    azure.add_resource_reader(reader);
}

Emulator::Emulator(EmulatorOptions options) : options_(std::move(options)) {
  if (!options_.now_ms) options_.now_ms = system_now_ms;
}
Emulator::~Emulator() {
  stop();
}

const EmulatorCredentials& Emulator::credentials() const {
  return credentials_;
}

std::string Emulator::start() {
  auto metastore = open_metastore(options_);
  if (!metastore) return metastore.error().message;
  for (const auto& [id, name] :
       {std::pair(outside_principal, "azure-contributor"), std::pair(limited_principal, "sql-only")}) {
    if ((*metastore)->find_principal(id)) continue;  // in the state file of an earlier run
    const auto added = (*metastore)->add_principal(PrincipalKind::service_principal, id, name);
    if (!added) return added.error().message;
  }
  HttpServerOptions http;
  http.bind_address = options_.bind_address;
  http.port = options_.port;
  http.latency = options_.latency;
  if (options_.tls) {
    std::string failure;
    http.tls = write_tls_files(options_.tls_directory, failure);
    if (!failure.empty()) return failure;
    credentials_.ca_bundle = http.tls->ca_bundle;
  }
  workspace_ = std::make_unique<Workspace>(options_, std::move(*metastore), std::move(http));
  workspace_->add_routes(options_);
  workspace_->settings.set_federation_audience(options_.federation_audience);
  workspace_->make_credentials(credentials_);
  std::string failure = workspace_->server.start();
  if (!failure.empty()) return failure;
  credentials_.url = workspace_->server.url();
  credentials_.metadata_service_url = workspace_->metadata.url();
  return make_login_environments(
      {options_, credentials_, workspace_->id_tokens, workspace_->federation, workspace_->azure, workspace_->google},
      environments_);
}

void Emulator::stop() {
  workspace_.reset();
}

std::string Emulator::ready_line() const {
  base::JsonWriter json;
  json.begin_object().member("url", credentials_.url).member("pid", static_cast<std::int64_t>(::getpid()));
  json.member("warehouse_id", credentials_.warehouse_id).member("client_id", credentials_.client_id);
  json.member("client_secret", credentials_.client_secret).member("token", credentials_.token);
  write_texts(json, "users", credentials_.users);
  json.member("stopped_warehouse_id", credentials_.stopped_warehouse_id);
  json.member("workspace_id", credentials_.workspace_id);
  if (!credentials_.ca_bundle.empty()) json.member("ca_bundle", credentials_.ca_bundle);
  json.member("account_id", credentials_.account_id).member("host_type", options_.host_type);
  json.key("scoped").begin_object().member("client_id", credentials_.limited_client_id);
  json.member("client_secret", credentials_.limited_client_secret).member("scope", "sql").end_object();
  json.key("azure").begin_object().member("tenant_id", credentials_.tenant_id);
  json.member("outside_client_id", credentials_.outside_client_id);
  json.member("outside_client_secret", credentials_.outside_client_secret);
  json.member("expired_client_id", credentials_.expired_client_id);
  json.member("expired_client_secret", credentials_.expired_client_secret);
  json.member("resource_id", credentials_.azure_resource_id).end_object();
  json.key("environments").begin_object();
  for (const auto& [strategy, variables] : environments_.by_strategy) write_texts(json, strategy, variables);
  json.end_object();
  write_texts(json, "files", environments_.files);
  json.end_object();
  return json.take();
}

}  // namespace dbxauth::emulator
