// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/storage_choice.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "base/text.hpp"

namespace dbxauth {
namespace {

constexpr StorageMode kModes[] = {StorageMode::plaintext, StorageMode::secure, StorageMode::legacy};
constexpr StorageMinimum kMinimums[] = {StorageMinimum::none, StorageMinimum::encrypted, StorageMinimum::keyring};

// A token may have been put where a word belongs.
std::string shown(std::string_view text) {
  return base::redact_excerpt(text, 40);
}

}  // namespace

std::string_view to_string(StorageMode mode) noexcept {
  switch (mode) {
    case StorageMode::legacy:
      return "legacy";
    case StorageMode::plaintext:
      return "plaintext";
    case StorageMode::secure:
      return "secure";
  }
  return "unknown";
}

std::string_view to_string(StorageMinimum minimum) noexcept {
  switch (minimum) {
    case StorageMinimum::none:
      return "none";
    case StorageMinimum::encrypted:
      return "encrypted";
    case StorageMinimum::keyring:
      return "keyring";
  }
  return "unknown";
}

Result<StorageMode> parse_storage_mode(std::string_view text) {
  for (const StorageMode mode : kModes) {
    if (base::equals_ignoring_case(base::trim(text), to_string(mode))) return mode;
  }
  return Error(ErrorCode::configuration,
               fmt::format("unknown storage mode \"{}\" (want plaintext, secure or legacy)", shown(text)));
}

Result<StorageMinimum> parse_storage_minimum(std::string_view text) {
  for (const StorageMinimum minimum : kMinimums) {
    if (base::equals_ignoring_case(base::trim(text), to_string(minimum))) return minimum;
  }
  return Error(ErrorCode::configuration,
               fmt::format("unknown storage minimum \"{}\" (want none, encrypted or keyring)", shown(text)));
}

namespace tokenstore {
namespace {

constexpr const char* kModeVariable = "DATABRICKS_AUTH_STORAGE";
constexpr const char* kMinimumVariable = "DBXAUTH_STORAGE_MIN";

Result<StorageChoice> chosen(std::string_view text, std::string_view place, std::string source) {
  const Result<StorageMode> mode = parse_storage_mode(text);
  if (!mode) return Error(mode.error().code, fmt::format("{}: {}", place, mode.error().message));
  return StorageChoice{*mode, std::move(source), true};
}

}  // namespace

Result<StorageChoice> choose_storage(std::optional<StorageMode> stated, const platform::Environment& environment,
                                     const std::string& config_file, const SettingReader& read_setting) {
  if (stated) return StorageChoice{*stated, "storage_mode option", true};
  if (const std::optional<std::string> variable = environment.get(kModeVariable)) {
    return chosen(*variable, kModeVariable, fmt::format("{} environment variable", kModeVariable));
  }
  Result<std::string> setting = read_setting();
  if (!setting) return std::move(setting).error();
  if (setting->empty()) return StorageChoice{};
  return chosen(*setting, fmt::format("auth_storage in {}", config_file),
                fmt::format("auth_storage in [__settings__] section of {}", config_file));
}

Result<StorageMinimum> choose_minimum(std::optional<StorageMinimum> stated, const platform::Environment& environment) {
  if (stated) return *stated;
  const std::optional<std::string> variable = environment.get(kMinimumVariable);
  if (!variable) return StorageMinimum::none;
  const Result<StorageMinimum> minimum = parse_storage_minimum(*variable);
  if (!minimum) return Error(minimum.error().code, fmt::format("{}: {}", kMinimumVariable, minimum.error().message));
  return *minimum;
}

Result<void> check_minimum(const StorageChoice& choice, StorageMinimum minimum) {
  if (minimum == StorageMinimum::none || choice.mode == StorageMode::secure) return {};
  return Error(
      ErrorCode::storage_unavailable,
      fmt::format("the storage mode {} ({}) keeps tokens in a plain file, and storage_min is {}; choose secure, "
                  "for example with {}=secure",
                  to_string(choice.mode), choice.source, to_string(minimum), kModeVariable));
}

}  // namespace tokenstore
}  // namespace dbxauth
