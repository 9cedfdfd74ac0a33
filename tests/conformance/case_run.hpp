// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "case_file.hpp"
#include "config/config_sources.hpp"
#include "dbxauth/client.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/error.hpp"
#include "support/scripted_transport.hpp"
#include "support/temporary_directory.hpp"

namespace dbxauth::conformance {

/// What one rule set made of one case.
struct Outcome {
  bool resolved = false;
  Error error;
  std::string auth_type;
  std::string layer;
  std::string host;
  AuthHeadersPtr headers;
  std::vector<Attempt> attempts;
  config::ConfigSources sources;  ///< Empty when the configuration was refused.
  Config config;                  ///< As Client::config() shows it.
  std::vector<testing::RecordedRequest> requests;
  std::vector<std::string> unexpected_requests;  ///< Without a stub, and the case is not offline.
  std::vector<std::string> log_lines;

  /// The first attempt of `name`, a strategy or strategy@layer; null when there is none.
  const Attempt* attempt(const std::string& name) const;
  /// Every text that people may come to see: errors, account, warnings, log records, shown attributes.
  std::vector<std::string> visible_texts() const;
};

/// Resolves credentials in a process of the case's making: its own home directory with a real token cache, its own
/// variables and programs, and a network that answers what the case says.
Outcome run_case(const Case& made, ChainRules rules, const testing::TemporaryDirectory& home);

}  // namespace dbxauth::conformance
