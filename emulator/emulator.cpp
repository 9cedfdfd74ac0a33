// SPDX-License-Identifier: Apache-2.0
#include "emulator.hpp"

#include <unistd.h>

#include <optional>
#include <utility>

#include "access_tokens.hpp"
#include "authenticator.hpp"
#include "base/json_writer.hpp"
#include "control_service.hpp"
#include "counters.hpp"
#include "crypto.hpp"
#include "faults.hpp"
#include "http_server.hpp"
#include "identity_service.hpp"
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
  IdentityService identity;
  UnityCatalogService unity_catalog;
  HttpServer server;

  Workspace(const EmulatorOptions& options, std::unique_ptr<Metastore> opened, HttpServerOptions http)
      : tokens(options.now_ms),
        metastore(std::move(opened)),
        engine(*metastore),
        authenticator(tokens, *metastore),
        warehouses(settings, stop_signal, options.now_ms),
        statements(engine, warehouses, counters, settings, stop_signal, options.now_ms),
        identity({workspace_id, account_id, options.cloud, tenant_id}, tokens, *metastore, settings),
        unity_catalog(*metastore, settings, workspace_id),
        server(std::move(http), faults, counters, stop_signal) {}
  ~Workspace() { server.stop(); }

  void add_routes();
  void make_credentials(EmulatorCredentials& credentials);
};

void Emulator::Workspace::add_routes() {
  server.set_authenticator([this](const HttpRequest& request) { return authenticator.authenticate(request); });
  add_control_routes(server, ControlledParts{faults, counters, settings, tokens, statements, *metastore});
  identity.add_routes(server);
  add_token_routes(server, tokens);
  add_scim_routes(server, *metastore, workspace_id);
  warehouses.add_routes(server);
  statements.add_routes(server);
  unity_catalog.add_routes(server);
}

void Emulator::Workspace::make_credentials(EmulatorCredentials& credentials) {
  credentials.workspace_id = workspace_id;
  credentials.tenant_id = tenant_id;
  credentials.client_id = SeedPrincipals::service_principal;
  credentials.client_secret = "dose" + random_hex(32);
  identity.add_client(credentials.client_id, credentials.client_secret);
  credentials.outside_client_id = outside_principal;
  credentials.outside_client_secret = random_hex(40);
  identity.add_entra_client(credentials.outside_client_id, credentials.outside_client_secret);
  authenticator.add_outside_principal(credentials.outside_client_id);

  for (const Principal& user : metastore->list_principals(PrincipalKind::user))
    credentials.users[user.name] = tokens.create_personal(user.name, "dbxauth-emulator", -1, {}).value;
  credentials.token = credentials.users[SeedPrincipals::admin];
  settings.set_default_user(SeedPrincipals::admin);
  credentials.warehouse_id = warehouses.add("Starter Warehouse", SeedPrincipals::admin, WarehouseState::running);
  credentials.stopped_warehouse_id =
      warehouses.add("Sleeping Warehouse", SeedPrincipals::admin, WarehouseState::stopped);
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
  if (!(*metastore)->find_principal(outside_principal)) {
    const auto added =
        (*metastore)->add_principal(PrincipalKind::service_principal, outside_principal, "azure-contributor");
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
  workspace_->add_routes();
  workspace_->make_credentials(credentials_);
  std::string failure = workspace_->server.start();
  if (failure.empty()) credentials_.url = workspace_->server.url();
  return failure;
}

void Emulator::stop() {
  workspace_.reset();
}

std::string Emulator::ready_line() const {
  base::JsonWriter json;
  json.begin_object().member("url", credentials_.url).member("pid", static_cast<std::int64_t>(::getpid()));
  json.member("warehouse_id", credentials_.warehouse_id).member("client_id", credentials_.client_id);
  json.member("client_secret", credentials_.client_secret).member("token", credentials_.token);
  json.key("users").begin_object();
  for (const auto& [name, token] : credentials_.users) json.member(name, token);
  json.end_object();
  json.member("stopped_warehouse_id", credentials_.stopped_warehouse_id);
  json.member("workspace_id", credentials_.workspace_id);
  if (!credentials_.ca_bundle.empty()) json.member("ca_bundle", credentials_.ca_bundle);
  json.key("azure").begin_object().member("tenant_id", credentials_.tenant_id);
  json.member("outside_client_id", credentials_.outside_client_id);
  json.member("outside_client_secret", credentials_.outside_client_secret).end_object();
  json.end_object();
  return json.take();
}

}  // namespace dbxauth::emulator
