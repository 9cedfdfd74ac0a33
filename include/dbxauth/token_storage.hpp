// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_TOKEN_STORAGE_HPP
#define DBXAUTH_TOKEN_STORAGE_HPP

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/error.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/token_cache.hpp"

namespace dbxauth {

/// Which store of the logins shared with the Databricks CLI comes first. Both are read, whatever the mode.
enum class StorageMode : std::uint8_t {
  legacy,     ///< The token cache file; a login is kept under its profile and under its host.
  plaintext,  ///< The same under the name that the Databricks CLI has for it today.
  secure,     ///< The operating system's keyring, one item per login.
};

/// The least protection that a store must give; weaker ones are not opened at all.
enum class StorageMinimum : std::uint8_t { none, encrypted, keyring };

/// "legacy", "plaintext", "secure".
std::string_view to_string(StorageMode mode) noexcept;
/// "none", "encrypted", "keyring".
std::string_view to_string(StorageMinimum minimum) noexcept;
/// White space around it and case do not count. ErrorCode::configuration, listing the words, for anything else.
Result<StorageMode> parse_storage_mode(std::string_view text);
Result<StorageMinimum> parse_storage_minimum(std::string_view text);

/// A mode and who chose it.
struct StorageChoice {
  StorageMode mode = StorageMode::legacy;
  /// "default", "DATABRICKS_AUTH_STORAGE environment variable", "auth_storage in [__settings__] section of <path>",
  /// "storage_mode option".
  std::string source = "default";
  bool explicit_choice = false;  ///< Anything but the default.
};

/// What the choice is made from, and the stores.
struct TokenStorageOptions {
  std::optional<StorageMode> mode;        ///< Decides over everything else.
  std::optional<StorageMinimum> minimum;  ///< Unset: DBXAUTH_STORAGE_MIN, else none.
  std::string config_file;                ///< Empty: DATABRICKS_CONFIG_FILE, else `~/.databrickscfg`.
  /// Replaces the process environment. Unset: a snapshot of it.
  std::optional<std::map<std::string, std::string>> environment;
  std::shared_ptr<TokenCache> file;     ///< Stands in for the token cache file of the home directory.
  std::shared_ptr<TokenCache> keyring;  ///< Stands in for the operating system's keyring.
};

/// `options.mode`, else DATABRICKS_AUTH_STORAGE, else `[__settings__] auth_storage` of the profile file, else legacy.
/// The file is not read when one of the first two is set. ErrorCode::configuration names the source of a value that is
/// none of the modes; storage_unavailable when the mode is below the minimum.
Result<StorageChoice> resolve_token_storage(const TokenStorageOptions& options = {});

/// One login of a store, without its secrets.
struct StoredLogin {
  std::string key;
  bool host_key = false;  ///< Kept under a host, not under a profile's name.
  /// Unset: the entry cannot be read. time_point::max(): it never expires.
  std::optional<std::chrono::system_clock::time_point> expires_at;
  bool renewable = false;      ///< It holds a refresh token.
  std::optional<Error> error;  ///< Why it cannot be read.
};

/// One store and what it holds.
struct StoreStatus {
  std::string kind;            ///< "file", "keyring".
  std::string location;        ///< For people.
  std::optional<Error> error;  ///< Why it cannot be reached; its logins are unknown then.
  std::vector<StoredLogin> logins;
};

/// What `dbxauth auth storage status` shows.
struct TokenStorageStatus {
  StorageChoice choice;
  StorageMinimum minimum = StorageMinimum::none;
  std::vector<StoreStatus> stores;  ///< The one that comes first in this mode is the first.

  /// `"schema": 1`, mode, source, explicit, storage_min, stores [{kind, location, reachable, error?, logins [{key, type
  /// ("profile", "host"), expiry?, renewable, error?}]}].
  std::string to_json() const;
};

/// Looks into both stores; one that cannot be reached is part of the result. Stores below the minimum are left out.
/// Errors as resolve_token_storage(), and cancelled or timed_out by the context.
Result<TokenStorageStatus> token_storage_status(const TokenStorageOptions& options = {},
                                                const CallContext& context = {});

/// What migrate_token_storage() does.
struct StorageMigration {
  StorageMode to = StorageMode::secure;  ///< secure: file to keyring; otherwise: keyring to file.
  bool dry_run = false;                  ///< Only say what would be done.
  bool remove_source = false;            ///< Remove from the source what the destination was proven to hold.
};

/// What became of one login of the source.
enum class MigrationAction : std::uint8_t {
  copied,   ///< Written to the destination, or would be in a dry run.
  kept,     ///< The destination's is as new or newer.
  skipped,  ///< Left where it is: a host's key, of which the keyring holds none.
  failed,   ///< See MigratedLogin::error.
};

/// "copied", "kept", "skipped", "failed".
std::string_view to_string(MigrationAction action) noexcept;

struct MigratedLogin {
  std::string key;
  MigrationAction action = MigrationAction::copied;
  std::vector<std::string> healed;  ///< Keys of the destination that held the replaced login and got the newer one.
  bool removed = false;             ///< From the source, or would be in a dry run.
  std::optional<Error> error;
};

/// What `dbxauth auth storage migrate` shows.
struct MigrationReport {
  StorageMigration migration;
  std::string source;       ///< Location, for people.
  std::string destination;  ///< Location, for people.
  std::vector<MigratedLogin> logins;

  bool complete() const noexcept;  ///< Nothing failed.
  /// `"schema": 1`, to, dry_run, source, destination, logins [{key, action, healed, removed, error?}].
  std::string to_json() const;
};

/// Copies every login of one store into the other where it is newer there; writes no setting. The failure of one login
/// is part of the report. Failure: a store cannot be reached, or the destination is below the minimum
/// (storage_unavailable); then nothing was changed.
Result<MigrationReport> migrate_token_storage(const StorageMigration& migration,
                                              const TokenStorageOptions& options = {}, const CallContext& context = {});

}  // namespace dbxauth

#endif
