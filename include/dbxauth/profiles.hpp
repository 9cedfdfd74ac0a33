// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_PROFILES_HPP
#define DBXAUTH_PROFILES_HPP

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/config.hpp"
#include "dbxauth/http_options.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth {

/// Which profile file, and the environment it is read in.
struct ProfileFileOptions {
  std::string config_file;  ///< Empty: DATABRICKS_CONFIG_FILE, else `~/.databrickscfg`.
  /// Replaces the process environment. Unset: a snapshot of it.
  std::optional<std::map<std::string, std::string>> environment;
};

/// One section of the profile file, without its secrets.
struct Profile {
  std::string name;
  std::string host;  ///< Canonical: `https://name[:port]`.
  std::string account_id;
  std::string workspace_id;
  std::string cloud;        ///< "aws", "azure", "gcp": by attribute, else by the host's name.
  std::string auth_type;    ///< As the file states it; empty when it does not.
  bool is_default = false;  ///< Named by `[__settings__] default_profile`.
  int line = 0;             ///< Of its header.
};

/// A profile and whether its credentials work now.
struct ProfileCheck {
  Profile profile;  ///< `auth_type` is the strategy that was used, when one was.
  bool valid = false;
  std::string user_name;       ///< Who the workspace saw; empty for accounts and when invalid.
  std::optional<Error> error;  ///< Why it is not valid.
};

/// Every profile with a host or an account id, in the order of the file. A file that does not exist holds none. No
/// network. ErrorCode::configuration for a file that cannot be parsed.
Result<std::vector<Profile>> list_profiles(const ProfileFileOptions& options = {});

/// How check_profiles() goes about it.
struct ProfileCheckOptions {
  std::size_t parallelism = 8;                  ///< Profiles that are tried at the same time.
  std::chrono::milliseconds per_profile{5000};  ///< Longest time one profile may take.
  HttpOptions http;
};

/// Lists the profiles and tries each one by itself: environment variables with credentials do not count. A workspace is
/// asked who it sees, an account for its workspaces. Failures are part of the result.
Result<std::vector<ProfileCheck>> check_profiles(const ProfileFileOptions& options = {},
                                                 const ProfileCheckOptions& check = {},
                                                 const CallContext& context = {});

/// `"schema": 1`, otherwise the JSON of `databricks auth profiles`: profiles [{name, host?, account_id?, workspace_id?,
/// cloud, auth_type, valid, username?,
/// default?, error?}]; members with `?` are left out when empty.
std::string to_json(const std::vector<ProfileCheck>& profiles);

/// What save_profile() changes in one profile; keys not named here stay as they are.
struct ProfileEdit {
  std::map<std::string, SecretString> set;  ///< Attributes by their `.databrickscfg` name.
  std::vector<std::string> remove;
  bool make_default = false;  ///< Also when no profile with a host was there before.
};

/// Creates or changes a profile. The file is replaced atomically under a lock, the previous bytes are kept in
/// `<file>.bak`; comments, order, line ends, link and mode stay. ErrorCode::invalid_argument for a reserved or
/// malformed name and for unknown attributes.
Result<void> save_profile(std::string_view name, const ProfileEdit& edit, const ProfileFileOptions& options = {},
                          const CallContext& context = {});

/// Removes a profile; when it was the default one, the setting goes with it. ErrorCode::not_found, listing the names,
/// when there is none.
Result<void> remove_profile(std::string_view name, const ProfileFileOptions& options = {},
                            const CallContext& context = {});

/// Writes `[__settings__] default_profile`. ErrorCode::not_found, listing the names, when there is no such profile.
Result<void> set_default_profile(std::string_view name, const ProfileFileOptions& options = {},
                                 const CallContext& context = {});

}  // namespace dbxauth

#endif
