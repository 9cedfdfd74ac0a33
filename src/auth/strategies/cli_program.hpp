// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "auth/strategies/id_token_source.hpp"
#include "auth/token_source.hpp"

namespace dbxauth::auth {

struct CliProgramSettings {
  std::string path;  ///< The attribute databricks_cli_path: a path, or a name looked up in PATH.
  std::string profile;
  std::string host;
  std::string account_id;
  std::chrono::milliseconds timeout{30000};
};

/// A login that only the official tool can read (its keyring on another system, a wrapper): runs `<path> auth token
/// --profile P` or `--host H [--account-id A]`, with `--force-refresh` when a server refused the last token. Never a
/// shell. The expiry is RFC 3339, or `YYYY-MM-DD HH:MM:SS` in UTC; an empty access token is an error.
/// ErrorCode::no_credentials when there is no such program or it says that OAuth is not configured for the host.
std::shared_ptr<TokenSource> make_cli_program_source(CliProgramSettings settings, EnvironmentReader environment);

/// `first`, and `second` when `first` answers ErrorCode::no_credentials. Errors of `first` are kept for the report.
std::shared_ptr<TokenSource> make_fallback_source(std::shared_ptr<TokenSource> first,
                                                  std::shared_ptr<TokenSource> second);

}  // namespace dbxauth::auth
