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
  std::string tls_directory;  ///< For ca.pem, server.pem, server.key; needed with `tls`.
  std::string state_path;     ///< SQLite file; empty: in memory.
  std::string cloud = "AWS";  ///< What the host metadata claims: AWS, AZURE or GCP.
  bool strict_object_names = true;
  std::function<std::int64_t()> now_ms;  ///< Unix epoch; default the system clock.
};

/// What a client needs to get in. Secrets in the clear: this is a test workspace whose credentials live as long as it.
struct EmulatorCredentials {
  std::string url;
  std::string ca_bundle;  ///< With TLS: what to trust.
  std::string workspace_id;
  std::string warehouse_id;          ///< Running.
  std::string stopped_warehouse_id;  ///< Starts on demand.
  std::string client_id;             ///< Service principal of the workspace, also known to Entra.
  std::string client_secret;
  std::string token;                         ///< Personal access token of the metastore admin.
  std::map<std::string, std::string> users;  ///< User name to personal access token.
  std::string tenant_id;
  std::string outside_client_id;  ///< Known to Entra, no user of the workspace: needs the management token.
  std::string outside_client_secret;
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
  std::string ready_line() const;  ///< One JSON object without a line break.

 private:
  struct Workspace;
  EmulatorOptions options_;
  EmulatorCredentials credentials_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace dbxauth::emulator
