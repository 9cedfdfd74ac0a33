// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "azure_identity_service.hpp"
#include "emulator.hpp"
#include "federation_service.hpp"
#include "google_identity_service.hpp"
#include "id_tokens.hpp"

namespace dbxauth::emulator {

/// Where the values come from. The server has started.
struct LoginSources {
  const EmulatorOptions& options;
  const EmulatorCredentials& credentials;
  const IdTokens& id_tokens;
  const FederationService& federation;
  const AzureIdentityService& azure;
  GoogleIdentityService& google;
};

/// Makes, for each strategy of the client, the environment variables with which it gets in. Strategies that need a file
/// are there when `options.identity_directory` is set; the files are written below it, for the owner only. An empty
/// text, or what failed.
std::string make_login_environments(const LoginSources& sources, LoginEnvironments& made);

}  // namespace dbxauth::emulator
