// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_sources.hpp"
#include "config/dotenv.hpp"

namespace dbxauth::config {

/// The attributes that the environment states, empty ones left out, surrounding white space removed (a `\r` or a line
/// end that came with a copied value), except from passwords. Of the two families of Azure variables (`ARM_*` of the
/// SDKs, `AZURE_*` of Clone-Xs) one supplies both client id and secret: `ARM_*`, unless only `AZURE_*` is complete.
/// Under ChainRules::databricks_sdk `AZURE_*` is not read.
AttributeLayer read_environment(const platform::Environment& environment, ChainRules rules,
                                std::vector<std::string>& warnings);

/// The same from a `.env` file at `path`. What such a file may not set is left out with a warning: programs,
/// certificate files, proxies, browsers, metadata URLs, the profile file, and credentials that live outside of it.
AttributeLayer read_dotenv(const DotenvDocument& document, std::string_view path, ChainRules rules,
                           std::vector<std::string>& warnings);

}  // namespace dbxauth::config
