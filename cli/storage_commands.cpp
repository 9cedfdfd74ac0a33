// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <ctime>

#include "commands.hpp"
#include "dbxauth/token_storage.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

TokenStorageOptions storage_options(const GlobalArguments& global) {
  TokenStorageOptions options;
  options.config_file = global.config_file;
  return options;
}

std::string expiry_text(const StoredLogin& login) {
  if (!login.expires_at) return "unreadable";
  if (*login.expires_at == std::chrono::system_clock::time_point::max()) return "never";
  const std::time_t time = std::chrono::system_clock::to_time_t(*login.expires_at);
  std::tm parts{};
  char text[32];
  if (gmtime_r(&time, &parts) == nullptr || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
    return "unreadable";
  }
  return std::string(text) + (*login.expires_at <= std::chrono::system_clock::now() ? " (past)" : "");
}

std::string store_text(const StoreStatus& store) {
  std::string text = "-----\n" + printable(store.kind) + ": " + printable(store.location) + "\n";
  if (store.error) return text + "  not reachable: " + printable(store.error->message) + "\n";
  if (store.logins.empty()) return text + "  no logins\n";
  std::vector<std::vector<std::string>> rows;
  std::string errors;
  for (const StoredLogin& login : store.logins) {
    rows.push_back(
        {login.key, login.host_key ? "host" : "profile", expiry_text(login), login.renewable ? "YES" : "NO"});
    if (login.error) errors += "  ! " + printable(login.error->message) + "\n";
  }
  return text + table({"Key", "Type", "Expires", "Renewable"}, rows) + errors;
}

std::string status_text(const TokenStorageStatus& status) {
  std::string text =
      "Mode: " + std::string(to_string(status.choice.mode)) + " (from " + printable(status.choice.source) + ")\n";
  if (status.minimum != StorageMinimum::none) {
    text += "Minimum: " + std::string(to_string(status.minimum)) + "\n";
  }
  for (const StoreStatus& store : status.stores) text += store_text(store);
  return text;
}

std::string outcome_text(const MigratedLogin& login, bool dry_run) {
  std::string text;
  switch (login.action) {
    case MigrationAction::copied:
      text = dry_run ? "would be copied" : "copied";
      break;
    case MigrationAction::kept:
      text = "already there";
      break;
    case MigrationAction::skipped:
      text = "skipped: the keyring holds no keys of hosts";
      break;
    case MigrationAction::failed:
      text = "failed: " + (login.error ? login.error->message : std::string("unknown reason"));
      break;
  }
  for (const std::string& key : login.healed) text += ", and to " + key;
  if (login.removed) text += dry_run ? "; would be removed" : "; removed";
  return text;
}

std::string report_text(const MigrationReport& report) {
  std::string text = "From: " + printable(report.source) + "\nTo: " + printable(report.destination) + "\n";
  if (report.logins.empty()) return text + "There is nothing to copy.\n";
  std::vector<std::vector<std::string>> rows;
  for (const MigratedLogin& login : report.logins) {
    rows.push_back({login.key, outcome_text(login, report.migration.dry_run)});
  }
  return text + table({"Key", "Outcome"}, rows);
}

/// The migration writes no setting: whoever moves logins may have to say where they are from now on.
void tell_of_mode(const MigrationReport& report, const TokenStorageOptions& options) {
  const auto choice = resolve_token_storage(options);
  if (!choice) return;
  const bool secure = report.migration.to == StorageMode::secure;
  if (report.migration.dry_run || report.logins.empty() || secure == (choice->mode == StorageMode::secure)) return;
  tell("The mode is still " + std::string(to_string(choice->mode)) + "; to change it, set DATABRICKS_AUTH_STORAGE=" +
       std::string(to_string(report.migration.to)) + " or auth_storage in [__settings__].\n");
}

}  // namespace

int auth_storage_status(const Arguments& arguments) {
  const OutputFormat format = arguments.global.output;
  const Interrupt interrupt;
  const auto status =
      token_storage_status(storage_options(arguments.global), make_context(arguments.global, interrupt.token()));
  if (!status) return report(status.error(), format);
  const bool written = format == OutputFormat::json ? print_json(status->to_json()) : print(status_text(*status));
  return written ? exit_ok : exit_failed;
}

int auth_storage_migrate(const Arguments& arguments) {
  const OutputFormat format = arguments.global.output;
  const TokenStorageOptions options = storage_options(arguments.global);
  const Interrupt interrupt;
  const auto migrated =
      migrate_token_storage(arguments.migration, options, make_context(arguments.global, interrupt.token()));
  if (!migrated) return report(migrated.error(), format);
  const bool written = format == OutputFormat::json ? print_json(migrated->to_json()) : print(report_text(*migrated));
  if (!written) return exit_failed;
  tell_of_mode(*migrated, options);
  return migrated->complete() ? exit_ok : exit_partial;
}

}  // namespace dbxauth::cli
