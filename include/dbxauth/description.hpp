// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_DESCRIPTION_HPP
#define DBXAUTH_DESCRIPTION_HPP

#include <optional>
#include <string>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/client.hpp"

namespace dbxauth {

/// Where the tokens of a shared login are kept.
struct TokenStorage {
  std::string mode;      ///< "legacy", "plaintext", "secure"; the kind of a token cache of the program.
  std::string location;  ///< Of the store that holds the login, for people: `~/.databricks/token-cache.json`.
  std::string source;    ///< Who chose the mode, as StorageChoice::source; "program" for its own token cache.
};

/// Which workspace, as whom, and why: what `dbxauth auth describe` shows. Holds no secret.
struct Description {
  Config config;
  std::vector<Attempt> attempts;    ///< One per strategy that was considered.
  std::optional<CurrentUser> user;  ///< Set when it was asked for and answered.
  /// Set when the credentials in use are a shared login that this library reads itself.
  std::optional<TokenStorage> token_storage;
  std::optional<Error> error;  ///< Why there are no credentials, or why the workspace refused them.

  /// `"schema": 1`, otherwise a superset of the JSON of `databricks auth describe`: status, username, account_id,
  /// details {auth_type, host, profile, configuration {name: {value, source {type, name}, auth_type_mismatch}}},
  /// token_storage {mode, location, source}, attempts, warnings, error.
  std::string to_json() const;
};

/// Resolves credentials and, with `verify`, asks the workspace who it sees. Failures are part of the description.
Description describe(const Client& client, bool verify, const CallContext& context = {});

}  // namespace dbxauth

#endif
