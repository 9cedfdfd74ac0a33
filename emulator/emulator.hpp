// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace dbxauth::emulator {

struct EmulatorOptions {
  std::string bind_address = "127.0.0.1";
  int port = 0;               ///< 0: any free one.
  std::string seed = "demo";  ///< See seed_metastore(). Ignored when the state file holds a workspace already.
  std::chrono::milliseconds latency{0};
  bool tls = false;
  std::string tls_directory;            ///< For ca.pem, server.pem, server.key; needed with `tls`.
  std::string state_path;               ///< SQLite file; empty: in memory.
  std::string cloud = "AWS";            ///< What the host metadata claims: AWS, AZURE or GCP.
  std::string host_type = "workspace";  ///< "workspace", "account" or "unified": what the host metadata says.
  std::string federation_audience;      ///< Default audience of ID tokens in the host metadata; empty: none.
  std::string identity_directory;       ///< Where token and key files for clients go; empty: none are written.
  std::string az_program;               ///< Program that acts as the Azure CLI when it is called `az`; empty: none.
  bool strict_object_names = true;
  std::function<std::int64_t()> now_ms;  ///< Unix epoch; default the system clock.
};

/// What a client needs to get in. Secrets in the clear: this is a test workspace whose credentials live as long as it.
struct EmulatorCredentials {
  std::string url;
  std::string ca_bundle;  ///< With TLS: what to trust.
  std::string workspace_id;
  std::string account_id;
  std::string warehouse_id;          ///< Running.
  std::string stopped_warehouse_id;  ///< Starts on demand.
  std::string client_id;             ///< Service principal of the workspace, also known to Entra.
  std::string client_secret;
  std::string token;                         ///< Personal access token of the metastore admin.
  std::map<std::string, std::string> users;  ///< User name to personal access token.
  std::string tenant_id;
  std::string outside_client_id;  ///< Known to Entra, no user of the workspace: needs the management token.
  std::string outside_client_secret;
  std::string expired_client_id;  ///< Known to Entra, with a secret that has expired.
  std::string expired_client_secret;
  std::string azure_resource_id;  ///< Of the workspace: `/subscriptions/…`.
  std::string limited_client_id;  ///< Service principal of the workspace whose secret has the scope `sql` only.
  std::string limited_client_secret;
  std::string metadata_service_url;  ///< For DATABRICKS_METADATA_SERVICE_URL; holds a secret.
};

/// Environment variables with which a client gets in, by strategy, and files made for that, by name.
struct LoginEnvironments {
  std::map<std::string, std::map<std::string, std::string>> by_strategy;
  std::map<std::string, std::string> files;
};

/// A whole workspace in one object: state, SQL, HTTP. stop() and the destructor end it.
class Emulator {
 public:
  explicit Emulator(EmulatorOptions options);
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  std::string start();  ///< An empty text when it serves, or what failed.
  void stop();
  const EmulatorCredentials& credentials() const;
  const LoginEnvironments& environments() const { return environments_; }  ///< After start().
  std::string ready_line() const;                                          ///< One JSON object without a line break.

 private:
  struct Workspace;
  EmulatorOptions options_;
  EmulatorCredentials credentials_;
  LoginEnvironments environments_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace dbxauth::emulator
