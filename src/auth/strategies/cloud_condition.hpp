// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "auth/oauth/host_metadata.hpp"
#include "auth/strategy_signs.hpp"
#include "auth/strategy_table.hpp"
#include "dbxauth/credentials.hpp"

namespace dbxauth::auth {

/// "the host … is not an Azure workspace", as a strategy declines.
Error wrong_cloud(const std::string& host, CloudNeed need);

/// `provider`, when the host says in its metadata that it is of the needed cloud; otherwise it declines. The host is
/// asked before the provider is used for the first time. Null metadata: it declines.
std::shared_ptr<CredentialProvider> make_cloud_condition(std::shared_ptr<CredentialProvider> provider, CloudNeed need,
                                                         std::string host,
                                                         std::shared_ptr<HostMetadataSource> host_metadata);

}  // namespace dbxauth::auth
