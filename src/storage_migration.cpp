// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "base/error_json.hpp"
#include "base/json_writer.hpp"
#include "dbxauth/token_storage.hpp"
#include "guarded.hpp"
#include "login_storage.hpp"
#include "tokenstore/storage_choice.hpp"

namespace dbxauth {

namespace {

using Logins = std::map<std::string, Token>;

bool same_login(const Token& a, const Token& b) {
  return !a.refresh_token.empty() && a.refresh_token.equals(b.refresh_token);
}

bool same_token(const Token& a, const Token& b) {
  return a.access_token.equals(b.access_token) && a.refresh_token.equals(b.refresh_token);
}

/// Moves the logins of one store into another.
class Migration {
 public:
  Migration(const StorageMigration& wanted, TokenCache& from, TokenCache& to, const CallContext& context)
      : wanted_(wanted), from_(from), to_(to), context_(context) {}

  Result<std::vector<MigratedLogin>> run() {
    if (auto read = read_source(); !read) return std::move(read).error();
    if (auto read = read_destination(); !read) return std::move(read).error();
    if (!wanted_.dry_run && !source_.empty()) {
      if (auto usable = to_.availability(context_); !usable) return std::move(usable).error();
    }
    for (const auto& [key, token] : source_) report_.push_back(move(key, token));
    if (wanted_.remove_source) remove_skipped_aliases();
    return std::move(report_);
  }

 private:
  Result<void> read_source() {
    const auto keys = from_.list(context_);
    if (!keys) return keys.error();
    for (const std::string& key : *keys) {
      auto token = from_.get(key, context_);
      if (token) {
        source_.emplace(key, std::move(*token));
      } else if (token.error().code != ErrorCode::not_found) {
        report_.push_back(failed(key, std::move(token).error()));
      }
    }
    return context_.check("reading the logins");
  }

  Result<void> read_destination() {
    const auto keys = to_.list(context_);
    if (!keys) return keys.error();
    for (const std::string& key : *keys) {
      // An entry that cannot be read is replaced.
      if (auto token = to_.get(key, context_)) destination_.emplace(key, std::move(*token));
    }
    return context_.check("reading the logins");
  }

  static MigratedLogin failed(const std::string& key, Error error) {
    MigratedLogin login;
    login.key = key;
    login.action = MigrationAction::failed;
    login.error = std::move(error);
    return login;
  }

  MigratedLogin move(const std::string& key, const Token& token) {
    MigratedLogin login;
    login.key = key;
    if (wanted_.to == StorageMode::secure && tokenstore::is_host_key(key)) {
      login.action = MigrationAction::skipped;
      return login;
    }
    const auto present = destination_.find(key);
    const bool has_newer = present != destination_.end() && !tokenstore::is_newer(token, present->second);
    if (has_newer) {
      login.action = MigrationAction::kept;
    } else {
      if (present != destination_.end()) login.healed = aliases_of(key, present->second, token);
      if (auto copied = copy(key, login.healed, token); !copied) return failed(key, std::move(copied).error());
    }
    if (wanted_.remove_source) remove(login);
    return login;
  }

  /// Keys of the destination under which the login lies that is about to be replaced.
  std::vector<std::string> aliases_of(const std::string& key, const Token& replaced, const Token& by) const {
    std::vector<std::string> aliases;
    for (const auto& [other, token] : destination_) {
      const bool in_source = source_.count(other) != 0;
      if (other == key || in_source || !same_login(token, replaced) || !tokenstore::is_newer(by, token)) continue;
      aliases.push_back(other);
    }
    return aliases;
  }

  Result<void> copy(const std::string& key, std::vector<std::string> keys, const Token& token) {
    if (wanted_.dry_run) return {};
    keys.insert(keys.begin(), key);
    if (auto written = to_.put(keys, token, context_); !written) return written;
    auto stored = to_.get(key, context_);
    if (!stored) return std::move(stored).error();
    // Somebody may have renewed it already; only an older one was not stored.
    if (same_token(*stored, token) || !tokenstore::is_newer(token, *stored)) return {};
    return Error(ErrorCode::storage_unavailable, "the store does not hold what was written into it");
  }

  void remove(MigratedLogin& login) {
    if (!wanted_.dry_run) {
      // What was renewed in the source since it was read has not been copied.
      const auto now = from_.get(login.key, context_);
      if (!now || !same_token(*now, source_.at(login.key))) {
        login.error = Error(ErrorCode::already_exists,
                            "the login was changed while it was copied; run the migration again to remove it");
        login.action = MigrationAction::failed;
        return;
      }
      if (auto removed = from_.remove(login.key, context_); !removed) {
        login.error = std::move(removed).error();
        login.action = MigrationAction::failed;
        return;
      }
    }
    login.removed = true;
  }

  /// A host's key goes with the login of which it is a copy; otherwise the secret would stay behind.
  void remove_skipped_aliases() {
    for (MigratedLogin& login : report_) {
      if (login.action != MigrationAction::skipped) continue;
      const Token& token = source_.at(login.key);
      const bool copied = std::any_of(report_.begin(), report_.end(), [&](const MigratedLogin& other) {
        return other.removed && other.key != login.key && same_login(source_.at(other.key), token);
      });
      if (copied) remove(login);
    }
  }

  const StorageMigration& wanted_;
  TokenCache& from_;
  TokenCache& to_;
  const CallContext& context_;
  Logins source_;
  Logins destination_;
  std::vector<MigratedLogin> report_;
};

}  // namespace

std::string_view to_string(MigrationAction action) noexcept {
  switch (action) {
    case MigrationAction::copied:
      return "copied";
    case MigrationAction::kept:
      return "kept";
    case MigrationAction::skipped:
      return "skipped";
    case MigrationAction::failed:
      return "failed";
  }
  return "unknown";
}

Result<MigrationReport> migrate_token_storage(const StorageMigration& migration, const TokenStorageOptions& options,
                                              const CallContext& context) {
  return guarded<MigrationReport>([&]() -> Result<MigrationReport> {
    const LoginStorageRequest request = login_storage_request(options);
    auto stores = open_both_stores(request);
    if (!stores) return std::move(stores).error();
    const StorageChoice destination{migration.to, "the destination of the migration", true};
    if (auto allowed = tokenstore::check_minimum(destination, stores->minimum); !allowed) {
      return std::move(allowed).error();
    }
    const bool secure = migration.to == StorageMode::secure;
    TokenCache& from = secure ? *stores->file : *stores->keyring;
    TokenCache& to = secure ? *stores->keyring : *stores->file;
    MigrationReport report;
    report.migration = migration;
    report.source = shown_location(from, request.environment);
    report.destination = shown_location(to, request.environment);
    auto logins = Migration(migration, from, to, context).run();
    if (!logins) return std::move(logins).error();
    report.logins = std::move(*logins);
    return report;
  });
}

bool MigrationReport::complete() const noexcept {
  return std::none_of(logins.begin(), logins.end(),
                      [](const MigratedLogin& login) { return login.action == MigrationAction::failed; });
}

std::string MigrationReport::to_json() const {
  base::JsonWriter json(2);
  json.begin_object()
      .member("schema", 1)
      .member("to", to_string(migration.to))
      .member("dry_run", migration.dry_run)
      .member("source", source)
      .member("destination", destination);
  json.key("logins").begin_array();
  for (const MigratedLogin& login : logins) {
    json.begin_object()
        .member("key", login.key)
        .member("action", to_string(login.action))
        .member("healed", login.healed)
        .member("removed", login.removed);
    if (login.error) {
      json.key("error").begin_object();
      base::write_error_members(json, *login.error);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace dbxauth
