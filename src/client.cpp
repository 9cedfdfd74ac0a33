// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/client.hpp"

#include <algorithm>
#include <cctype>
#include <future>
#include <system_error>
#include <utility>

#include "auth/authorizing_transport.hpp"
#include "auth/chain_builder.hpp"
#include "auth/credential_resolver.hpp"
#include "auth/header_value.hpp"
#include "auth/oauth/host_metadata.hpp"
#include "auth/oauth/oidc_discovery.hpp"
#include "auth/strategy_table.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "client_network.hpp"
#include "config/config_attributes.hpp"
#include "config/config_sources.hpp"
#include "guarded.hpp"
#include "login_storage.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"
#include "platform/environment.hpp"
#include "platform/files.hpp"
#include "workspace/workspace_client_factory.hpp"

namespace dbxauth {

namespace {

constexpr std::string_view mask = "********";

/// What means something at one workspace or account only.
constexpr std::string_view attributes_of_a_host[] = {
    "account_id", "workspace_id", "cluster_id", "warehouse_id", "serverless_compute_id", "azure_workspace_resource_id"};

/// The credentials of a Client, for the transport that adds them.
class ResolvedCredentials final : public CredentialProvider {
 public:
  explicit ResolvedCredentials(std::shared_ptr<auth::CredentialResolver> resolver) : resolver_(std::move(resolver)) {}
  std::string_view name() const noexcept override { return "chain"; }
  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) override {
    return resolver_->headers(min_validity, context);
  }
  void reject(const AuthHeaders& rejected) noexcept override { resolver_->reject(rejected); }
  Result<Token> token(std::chrono::seconds min_validity, const CallContext& context) override {
    return resolver_->token(min_validity, context);
  }

 private:
  const std::shared_ptr<auth::CredentialResolver> resolver_;
};

/// Where all processes of the user keep what hosts say of themselves; empty: nowhere.
std::string host_metadata_directory(const platform::Environment& environment) {
  // The Databricks CLI's switch for its own cache of the same facts.
  if (const auto enabled = environment.get("DATABRICKS_CACHE_ENABLED")) {
    const auto wanted = config::parse_boolean(*enabled, "DATABRICKS_CACHE_ENABLED");
    if (wanted && !*wanted) return {};
  }
  std::string root = environment.get("XDG_CACHE_HOME").value_or("");
  if (root.empty() || root.front() != '/') {
    const std::string home = environment.home_directory();
    if (home.empty()) return {};
    root = platform::join_path(home, ".cache");
  }
  return platform::join_path(root, "dbxauth/host-metadata");
}

/// Everything that decides how requests travel: clients that differ in it share nothing.
std::string network_identity(const HttpOptions& http, const platform::Environment& environment) {
  std::string identity = "http";
  const auto add = [&identity](std::string_view text) {
    identity += "|" + std::to_string(text.size()) + ":";
    identity += text;
  };
  for (const auto limit : {http.connect_timeout, http.attempt_timeout, http.auth_timeout}) {
    add(std::to_string(limit.count()));
  }
  for (const std::string* text : {&http.ca_bundle, &http.proxy, &http.product}) add(*text);
  for (const std::string_view name : {"DATABRICKS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
                                      "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
                                      "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"}) {
    add(environment.get(name).value_or(""));
  }
  return identity;
}

/// The program's headers, checked; ErrorCode::invalid_argument names the wrong one.
Result<auth::RequestHeaders> read_custom_headers(const std::map<std::string, std::string>& headers) {
  constexpr std::string_view refused[] = {
      "authorization", "host",    "content-length", "content-type", "transfer-encoding",
      "connection",    "upgrade", "expect",         "te",           "trailer"};
  auth::RequestHeaders read;
  for (const auto& [name, value] : headers) {
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!token || !auth::is_header_safe(value)) {
      return Error(ErrorCode::invalid_argument,
                   "custom_headers: \"" + base::redact_excerpt(name, 60) + "\" is not a header that HTTP allows");
    }
    if (std::find(std::begin(refused), std::end(refused), base::to_lower(name)) != std::end(refused)) {
      return Error(ErrorCode::invalid_argument, "custom_headers: " + name + " is set by the library");
    }
    read.emplace_back(name, value);
  }
  return read;
}

Result<config::ConfigSources> read_sources(const ClientOptions& options, platform::Environment environment) {
  config::SourceOptions request;
  request.attributes = &options.attributes;
  request.attribute_places = &options.attribute_places;
  request.profile = options.profile;
  request.config_file = options.config_file;
  request.rules = options.rules;
  request.load_dotenv = options.load_dotenv;
  request.dotenv_file = options.dotenv_file;
  request.environment = std::move(environment);
  return config::load_sources(request);
}

/// The host that was asked for, checked, and the ids that a pasted URL brings along.
Result<config::NormalizedHost> requested_host(const config::ConfigSources& sources) {
  const config::AttributeValue* value = sources.find_attribute("host");
  if (value == nullptr) return config::NormalizedHost{};
  auto host = config::normalize_host(value->value.reveal());
  if (!host) {
    Error error = std::move(host).error();
    error.message = "the host (" + value->provenance.place + "): " + error.message;
    return error;
  }
  return std::move(*host);
}

bool same_place(const Provenance& a, const Provenance& b) {
  return a.layer == b.layer && a.place == b.place;
}

}  // namespace

struct Client::State {
  config::ConfigSources sources;
  config::NormalizedHost requested;
  std::chrono::milliseconds auth_timeout{0};
  ClientNetwork network;
  LoginStorage login;
  bool workspace_id_in_headers = false;           ///< The built-in strategies' headers carry it.
  std::shared_ptr<net::HttpTransport> transport;  ///< Retrying, without credentials.
  std::shared_ptr<auth::CredentialResolver> resolver;

  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) const {
    if (resolver->winner() != nullptr) return resolver->headers(min_validity, context);
    return resolver->headers(min_validity, context.limited_to(auth_timeout));
  }

  std::string text(std::string_view name) const {
    const config::AttributeValue* value = sources.find_attribute(name);
    return value == nullptr ? std::string() : std::string(base::trim(value->value.reveal()));
  }

  /// Whether a layer that names another workspace than the one asked for says what only that one knows. The rule sets
  /// of others mix such things.
  bool is_of_another_host(const config::AttributeLayer& layer, std::string_view name) const {
    const bool belongs_to_host = std::find(std::begin(attributes_of_a_host), std::end(attributes_of_a_host), name) !=
                                 std::end(attributes_of_a_host);
    if (!belongs_to_host || sources.rules != ChainRules::layered || layer.text("host").empty()) return false;
    const auto own = config::normalize_host(layer.text("host"));
    return !own || own->host != requested.host;
  }

  /// As text(), of the workspace that was asked for.
  std::string text_of_host(std::string_view name) const {
    for (const config::AttributeLayer& layer : sources.layers) {
      if (layer.find(name) != nullptr && !is_of_another_host(layer, name)) {
        return std::string(base::trim(layer.text(name)));
      }
    }
    return {};
  }

  /// The host of the credentials in use, else the one that was asked for.
  std::string host() const {
    const auth::Candidate* winner = resolver->winner();
    if (winner == nullptr) return requested.host;
    // Empty for a program's own provider when only a `.env` file names a host: that one must not have its credentials.
    return winner->late_host ? winner->late_host() : winner->host;
  }

  /// "none" is how older versions of the Databricks CLI wrote that there is none.
  std::string workspace_id() const {
    std::string id = text_of_host("workspace_id");
    if (id.empty()) id = requested.workspace_id;
    return id == "none" ? std::string() : id;
  }

  /// Programs' own providers know nothing of it.
  std::string workspace_id_to_send() const {
    const auth::Candidate* winner = resolver->winner();
    const bool sent = workspace_id_in_headers && winner != nullptr && winner->attempt.layer != "program";
    return sent ? std::string() : workspace_id();
  }

  std::map<std::string, SecretString> environment() const;

  /// As the official SDKs send it with calls to a workspace. Under their rules headers() is what their authenticate()
  /// gives, and the requests add it.
  void add_workspace_id(auth::RequestHeaders& headers) {
    const std::string id = workspace_id();
    if (id.empty() || sources.rules == ChainRules::databricks_sdk || auth::is_account_host(requested.host)) return;
    if (!auth::is_header_safe(id)) return;
    headers.emplace_back("X-Databricks-Workspace-Id", id);
    workspace_id_in_headers = true;
  }

  static Result<auth::ChainInputs> chain_inputs(ClientOptions& options, const platform::Environment& environment,
                                                State& state);

  ConfigValue show(const config::ConfigAttribute& attribute) const {
    const auth::Candidate* winner = resolver->winner();
    const auth::UsedAttribute* used = nullptr;
    if (winner != nullptr) {
      const auto found =
          std::find_if(winner->used.begin(), winner->used.end(),
                       [&attribute](const auth::UsedAttribute& one) { return one.name == attribute.name; });
      if (found != winner->used.end()) used = &*found;
    }
    const config::AttributeValue* shown = nullptr;
    for (const config::AttributeLayer& layer : sources.layers) {
      const config::AttributeValue* value = layer.find(attribute.name);
      if (value == nullptr || (used != nullptr && !same_place(used->provenance, value->provenance))) continue;
      shown = value;
      break;
    }
    ConfigValue value;
    if (shown == nullptr) return value;
    value.name = std::string(attribute.name);
    value.sensitive = attribute.sensitive;
    value.value = attribute.sensitive ? std::string(mask) : base::redact(shown->value.reveal());
    if (attribute.name == "host" && !host().empty()) {
      if (auto normalized = config::normalize_host(shown->value.reveal())) value.value = normalized->host;
    }
    value.provenance = shown->provenance;
    value.used = used != nullptr;
    return value;
  }

  Config config() const {
    Config config;
    config.host = host();
    config.account_id = text_of_host("account_id");
    if (config.account_id.empty()) config.account_id = requested.account_id;
    config.workspace_id = workspace_id();
    config.profile = sources.profile;
    config.config_file = sources.config_file;
    if (const auth::Candidate* winner = resolver->winner()) config.auth_type = winner->attempt.strategy;
    config.warehouse_id = text_of_host("warehouse_id");
    config.rules = sources.rules;
    for (const config::ConfigAttribute& attribute : config::config_attributes()) {
      ConfigValue value = show(attribute);
      if (!value.name.empty()) config.values.push_back(std::move(value));
    }
    config.warnings = sources.warnings;
    return config;
  }

  Result<WorkspaceClient> workspace(const CallContext& context) const {
    auto resolved = headers(std::chrono::seconds{0}, context);
    if (!resolved) return std::move(resolved).error();
    const std::string target = host();
    if (target.empty()) {
      return Error(ErrorCode::configuration, "no workspace is named; set DATABRICKS_HOST or the attribute host");
    }
    auto authorised =
        auth::make_authorizing_transport(transport, std::make_shared<ResolvedCredentials>(resolver), target);
    if (!authorised) return std::move(authorised).error();
    return workspace::make_workspace_client(target, std::move(*authorised), transport, workspace_id_to_send());
  }
};

std::map<std::string, SecretString> Client::State::environment() const {
  std::map<std::string, SecretString> variables;
  const auth::Candidate* winner = resolver->winner();
  for (const config::ConfigAttribute& attribute : config::config_attributes()) {
    if (attribute.environment.empty()) continue;
    const ConfigValue shown = show(attribute);
    // A credential that is not the one in use would make the next tool choose another, or refuse both.
    if (shown.name.empty() || (!shown.used && !attribute.group.empty())) continue;
    const config::AttributeLayer* layer = sources.find(shown.provenance.layer);
    const config::AttributeValue* value = layer == nullptr ? nullptr : layer->find(attribute.name);
    if (value != nullptr && is_of_another_host(*layer, attribute.name)) continue;
    if (value != nullptr) variables.emplace(attribute.environment[0], value->value.clone());
  }
  if (const std::string target = host(); !target.empty()) {
    variables.insert_or_assign("DATABRICKS_HOST", SecretString(target));
  }
  if (winner != nullptr && auth::find_strategy(winner->attempt.strategy) != nullptr) {
    variables.insert_or_assign("DATABRICKS_AUTH_TYPE", SecretString(winner->attempt.strategy));
  }
  if (!sources.profile.empty() && winner != nullptr && winner->attempt.strategy == "databricks-cli") {
    variables.insert_or_assign("DATABRICKS_CONFIG_PROFILE", SecretString(sources.profile));
  }
  return variables;
}

namespace {

/// Where a clone runs, and the catalogs it is about.
struct CloneGround {
  WorkspaceClient workspace;
  CloneSpec spec;
  CatalogInventory source;
  CatalogInventory destination;
};

void report_phase(const ProgressCallback& on_progress, std::string phase, std::string current) {
  if (!on_progress) return;
  Progress progress;
  progress.phase = std::move(phase);
  progress.current = std::move(current);
  on_progress(progress);
}

/// Both at once. When no thread can be started, one after the other.
Result<void> take_inventories(CloneGround& ground, const CallContext& context) {
  const auto take = [&ground, &context](const std::string& catalog) {
    return guarded<CatalogInventory>(
        [&] { return CatalogInventory::take(ground.workspace, catalog, ground.spec.warehouse_id, context); });
  };
  std::future<Result<CatalogInventory>> destination;
  try {
    destination = std::async(std::launch::async, take, std::cref(ground.spec.destination));
  } catch (const std::system_error&) {
    destination = std::async(std::launch::deferred, take, std::cref(ground.spec.destination));
  }
  auto source = take(ground.spec.source);
  auto other = destination.get();
  if (!source) return std::move(source).error();
  if (!other) return std::move(other).error();
  ground.source = std::move(*source);
  ground.destination = std::move(*other);
  return {};
}

Result<CloneGround> survey(const Client& client, const std::string& preferred_warehouse, const CloneSpec& spec,
                           const CallContext& context, const ProgressCallback& on_progress) {
  if (spec.source.empty() || spec.destination.empty()) {
    return Error(ErrorCode::invalid_argument, "a clone needs the names of a source and a destination catalog");
  }
  auto workspace = client.workspace(context);
  if (!workspace) return std::move(workspace).error();
  CloneGround ground{std::move(*workspace), spec, {}, {}};
  if (ground.spec.warehouse_id.empty()) {
    auto warehouse = ground.workspace.choose_warehouse(preferred_warehouse, context);
    if (!warehouse) return std::move(warehouse).error();
    ground.spec.warehouse_id = warehouse->id;
  }
  report_phase(on_progress, "inventory", spec.source + ", " + spec.destination);
  if (auto taken = take_inventories(ground, context); !taken) return std::move(taken).error();
  return ground;
}

}  // namespace

Client::Client(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
Client::~Client() = default;

/// What the chain is made with; gives `state` the transport.
Result<auth::ChainInputs> Client::State::chain_inputs(ClientOptions& options, const platform::Environment& environment,
                                                      State& state) {
  auto custom_headers = read_custom_headers(options.custom_headers);
  if (!custom_headers) return std::move(custom_headers).error();
  const auto plain = net::make_curl_transport(options.http, environment);
  state.transport = net::make_retrying_transport(plain, {});

  auth::ChainInputs inputs;
  inputs.sources = &state.sources;
  inputs.providers = std::move(options.providers);
  inputs.notebook = std::move(options.notebook);
  inputs.transport = state.transport;
  inputs.single_try_transport = plain;
  inputs.clock = platform::Clock::system();
  inputs.host_metadata = auth::make_host_metadata_source(plain, inputs.clock, host_metadata_directory(environment));
  inputs.policy.flight_limit = options.http.auth_timeout;
  // A variable that a job renews is read again; what the program gave instead of the environment stays as it is.
  if (!options.environment) inputs.environment = [] { return platform::Environment::of_process(); };
  inputs.request_headers = std::move(*custom_headers);
  inputs.probe_budget = options.probe_budget;
  inputs.program_timeout = options.program_timeout;
  inputs.network_identity = network_identity(options.http, environment);
  state.add_workspace_id(inputs.request_headers);
  state.login = open_client_login(options, environment, state.sources);
  inputs.token_cache = state.login.cache;
  inputs.token_cache_identity = state.login.identity;
  inputs.lock_directory = state.login.lock_directory;
  return inputs;
}

Result<Client> Client::create(ClientOptions options) {
  return guarded<Client>([&options]() -> Result<Client> {
    platform::Environment environment =
        options.environment ? platform::Environment(*options.environment) : platform::Environment::of_process();
    auto sources = read_sources(options, environment);
    if (!sources) return std::move(sources).error();
    auto state = std::make_shared<State>();
    state->sources = std::move(*sources);
    auto requested = requested_host(state->sources);
    if (!requested) return std::move(requested).error();
    state->requested = std::move(*requested);
    state->auth_timeout = options.http.auth_timeout;
    auto inputs = State::chain_inputs(options, environment, *state);
    if (!inputs) return std::move(inputs).error();
    state->network = {options.http, std::move(environment)};
    state->resolver = std::make_shared<auth::CredentialResolver>(auth::plan_credentials(*inputs));
    return Client(std::move(state));
  });
}

Config Client::config() const {
  return state_->config();
}

Result<AuthHeadersPtr> Client::headers(std::chrono::seconds min_validity, const CallContext& context) const {
  return guarded<AuthHeadersPtr>([&] { return state_->headers(min_validity, context); });
}

void Client::reject(const AuthHeaders& rejected) const noexcept {
  state_->resolver->reject(rejected);
}

Result<Token> Client::token(std::chrono::seconds min_validity, const CallContext& context) const {
  return guarded<Token>(
      [&] { return state_->resolver->token(min_validity, context.limited_to(state_->auth_timeout)); });
}

Result<std::map<std::string, SecretString>> Client::environment(const CallContext& context) const {
  return guarded<std::map<std::string, SecretString>>([&]() -> Result<std::map<std::string, SecretString>> {
    auto resolved = state_->headers(std::chrono::seconds{0}, context);
    if (!resolved) return std::move(resolved).error();
    return state_->environment();
  });
}

const ClientNetwork& network_of(const Client& client) {
  return client.state_->network;
}

std::optional<TokenStorage> token_storage_of(const Client& client, const CallContext& context) {
  const Client::State& state = *client.state_;
  const auth::Candidate* winner = state.resolver->winner();
  if (winner == nullptr || winner->attempt.strategy != "databricks-cli" || !state.login.cache) return std::nullopt;
  for (const auth::UsedAttribute& one : winner->used) {
    if (one.name == "databricks_cli_path") return std::nullopt;
  }
  const std::string account_key = state.host() + "/oidc/accounts/" + state.text("account_id");
  return state.login.describe({state.sources.profile, state.host(), account_key}, state.network.environment, context);
}

std::vector<Attempt> Client::attempts(const CallContext& context) const {
  std::vector<Attempt> attempts = state_->resolver->attempts();
  if (!attempts.empty()) return attempts;
  const auto resolved = headers(std::chrono::seconds{0}, context);
  return resolved ? state_->resolver->attempts() : resolved.error().attempts;
}

Result<WorkspaceClient> Client::workspace(const CallContext& context) const {
  return guarded<WorkspaceClient>([&] { return state_->workspace(context); });
}

Result<ClonePlan> Client::plan_clone(const CloneSpec& spec, const CallContext& context,
                                     const ProgressCallback& on_progress) const {
  return guarded<ClonePlan>([&]() -> Result<ClonePlan> {
    auto ground = survey(*this, state_->text_of_host("warehouse_id"), spec, context, on_progress);
    if (!ground) return std::move(ground).error();
    report_phase(on_progress, "plan", {});
    return dbxauth::plan_clone(ground->source, ground->destination, ground->spec);
  });
}

Result<CloneReport> Client::clone(const CloneSpec& spec, const CallContext& context,
                                  const ProgressCallback& on_progress) const {
  return guarded<CloneReport>([&]() -> Result<CloneReport> {
    auto ground = survey(*this, state_->text_of_host("warehouse_id"), spec, context, on_progress);
    if (!ground) return std::move(ground).error();
    report_phase(on_progress, "plan", {});
    const auto plan = dbxauth::plan_clone(ground->source, ground->destination, ground->spec);
    if (!plan) return plan.error();
    return run_clone(ground->workspace, *plan, context, on_progress);
  });
}

}  // namespace dbxauth
