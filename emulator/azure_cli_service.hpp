// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "counters.hpp"
#include "entra_directory.hpp"
#include "http_server.hpp"
#include "stop_signal.hpp"

namespace dbxauth::emulator {

/// Who is logged in to the Azure CLI of the machine, and with what effects. `POST /_emulator/az` changes it.
struct AzureCliLogin {
  enum class Kind { user, service_principal, managed_identity, nobody };
  Kind kind = Kind::user;
  std::string principal;             ///< User name, or application id.
  std::string tenant;                ///< Of the active subscription.
  std::vector<std::string> tenants;  ///< Where the login exists; another --tenant is refused.
  std::string subscription;          ///< Active one; empty: none.
  bool needs_tenant = false;         ///< AADSTS50059 without --tenant, as for service principals without one.
  bool epoch_expiry = true;          ///< `expires_on` is printed, which came with az 2.54.
  std::int64_t delay_ms = 0;         ///< Each command takes at least this long.
  std::string failure;               ///< Every command fails with this text; empty: none does.
};

/// What the fake `az` (fake_az.hpp) asks: the state of a login and tokens for it. Thread-safe.
class AzureCliService {
 public:
  AzureCliService(EntraDirectory& directory, Counters& counters, StopSignal& stop_signal, std::string user,
                  std::string service_principal, std::string subscription);
  void add_routes(HttpServer& server);

 private:
  AzureCliLogin login() const;
  HttpResponse change(const HttpRequest& request);
  std::string login_json() const;
  HttpResponse show_account();
  HttpResponse get_access_token(const HttpRequest& request);
  AzureCliLogin begin_command(const char* name);
  std::string tenant_for(const AzureCliLogin& login, const std::string& tenant, const std::string& subscription) const;

  EntraDirectory& directory_;
  Counters& counters_;
  StopSignal& stop_signal_;
  std::string user_;
  std::string service_principal_;
  std::string subscription_;
  const HttpServer* server_ = nullptr;
  mutable std::mutex mutex_;
  AzureCliLogin login_;
};

}  // namespace dbxauth::emulator
