// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/profiles.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "auth/strategy_signs.hpp"
#include "base/error_json.hpp"
#include "base/json_writer.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "config/config_attributes.hpp"
#include "config/config_sources.hpp"
#include "config/profile_file.hpp"
#include "config/profile_store.hpp"
#include "guarded.hpp"
#include "platform/environment.hpp"
#include "platform/files.hpp"
#include "profile_path.hpp"

namespace dbxauth {

std::string profile_path(const ProfileFileOptions& options, const platform::Environment& environment) {
  const std::string home = environment.home_directory();
  std::string path = options.config_file;
  if (path.empty()) path = environment.get("DATABRICKS_CONFIG_FILE").value_or("");
  if (!path.empty()) return platform::expand_home(path, home);
  return home.empty() ? std::string() : platform::join_path(home, ".databrickscfg");
}

platform::Environment profile_environment(const ProfileFileOptions& options) {
  return options.environment ? platform::Environment(*options.environment) : platform::Environment::of_process();
}

namespace {

constexpr std::string_view kDefaultProfile = "default_profile";

std::string text_of(const config::IniSection& section, std::string_view key) {
  return std::string(base::trim(section.value(key)));
}

bool is_listed(const config::IniDocument& document, const config::IniSection& section) {
  if (!config::has_profile(document, section.name)) return false;
  return !text_of(section, "host").empty() || !text_of(section, "account_id").empty();
}

std::string_view name_of(auth::KnownCloud cloud) {
  switch (cloud) {
    case auth::KnownCloud::azure:
      return "azure";
    case auth::KnownCloud::gcp:
      return "gcp";
    default:
      return "aws";
  }
}

/// A secret that was put into the wrong key must not be shown.
std::string shown(const config::IniSection& section, std::string_view key) {
  return base::redact(text_of(section, key));
}

Profile read_profile(const config::IniSection& section, std::string_view default_profile) {
  Profile profile;
  profile.name = section.name;
  profile.account_id = shown(section, "account_id");
  profile.workspace_id = shown(section, "workspace_id");
  const std::string stated = text_of(section, "host");
  if (const auto host = config::normalize_host(stated); host) {
    profile.host = host->host;
    if (profile.account_id.empty()) profile.account_id = host->account_id;
    if (profile.workspace_id.empty()) profile.workspace_id = host->workspace_id;
  } else {
    profile.host = base::redact_excerpt(stated);
  }
  // How older versions of the Databricks CLI wrote that there is none.
  if (profile.workspace_id == "none") profile.workspace_id.clear();
  profile.cloud = name_of(
      auth::known_cloud(profile.host, section.value("cloud"), !section.value("azure_workspace_resource_id").empty()));
  profile.auth_type = shown(section, "auth_type");
  profile.is_default = section.name == default_profile;
  profile.line = section.line;
  return profile;
}

std::string names_of(const config::IniDocument& document) {
  const std::vector<std::string> names = config::profile_names(document);
  return names.empty() ? "none" : base::join(names, ", ");
}

Error no_such_profile(std::string_view name, const config::IniDocument& document, const std::string& path) {
  return {ErrorCode::not_found, fmt::format("profile \"{}\" not found in {}. Available profiles: {}",
                                            base::redact_excerpt(name, 100), path, names_of(document))};
}

Result<void> check_profile_name(std::string_view name) {
  if (name == config::kSettingsSection) {
    return Error(ErrorCode::invalid_argument,
                 fmt::format("'{}' is the section of settings and cannot be used as a profile", name));
  }
  const bool control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (base::trim(name).empty() || base::trim(name).size() != name.size() || control ||
      name.find_first_of("[]") != std::string_view::npos || !base::is_valid_utf8(name)) {
    return Error(
        ErrorCode::invalid_argument,
        fmt::format("'{}' cannot be the name of a profile: it must not be empty, begin or end with a blank, or "
                    "hold brackets or control characters",
                    base::redact_excerpt(name, 100)));
  }
  return {};
}

Result<void> check_attribute(const std::string& name) {
  const config::ConfigAttribute* attribute = config::find_config_attribute(name);
  if (attribute && attribute->name != "profile" && attribute->name != "config_file") return {};
  const std::vector<std::string> similar = config::similar_attribute_names(name);
  return Error(ErrorCode::invalid_argument,
               fmt::format("'{}' is no attribute of a profile{}", base::redact_excerpt(name, 100),
                           attribute || similar.empty() ? std::string() : "; did you mean " + similar.front() + "?"));
}

/// With its other spellings: one that is left behind would still count.
Result<void> remove_attribute(config::IniEditor& editor, std::string_view profile, const std::string& name) {
  if (auto removed = editor.remove(profile, name); !removed) return removed;
  const config::ConfigAttribute* attribute = config::find_config_attribute(name);
  if (!attribute) return {};
  if (auto removed = editor.remove(profile, attribute->name); !removed) return removed;
  for (const std::string_view alias : attribute->file_aliases) {
    if (auto removed = editor.remove(profile, alias); !removed) return removed;
  }
  return {};
}

bool has_any_host(const config::IniDocument& document) {
  return std::any_of(document.sections().begin(), document.sections().end(), [&](const config::IniSection& section) {
    return config::has_profile(document, section.name) && !text_of(section, "host").empty();
  });
}

/// In the order of the attribute table, as the official tool writes them.
std::vector<std::string> ordered_names(const ProfileEdit& edit) {
  std::vector<std::string> names;
  for (const config::ConfigAttribute& attribute : config::config_attributes()) {
    const auto add = [&](std::string_view name) {
      if (edit.set.count(std::string(name)) != 0) names.emplace_back(name);
    };
    add(attribute.name);
    for (const std::string_view alias : attribute.file_aliases) add(alias);
  }
  return names;
}

Result<void> apply(config::IniEditor& editor, std::string_view profile, const ProfileEdit& edit) {
  const auto host = edit.set.find("host");
  const bool first = host != edit.set.end() && !host->second.empty() && !has_any_host(editor.document());
  for (const std::string& name : edit.remove) {
    if (auto removed = remove_attribute(editor, profile, name); !removed) return removed;
  }
  for (const std::string& name : ordered_names(edit)) {
    const SecretString& value = edit.set.at(name);
    auto done = value.empty() ? remove_attribute(editor, profile, name) : editor.set(profile, name, value.reveal());
    if (!done) return done;
  }
  if (!edit.make_default && !first) return {};
  return editor.set(config::kSettingsSection, kDefaultProfile, profile);
}

std::string_view stated_default(const config::IniDocument& document) {
  const config::IniSection* settings = document.find(config::kSettingsSection);
  return settings ? base::trim(settings->value(kDefaultProfile)) : std::string_view();
}

Result<void> edit_file(const ProfileFileOptions& options, const CallContext& context,
                       const std::function<Result<void>(config::IniEditor&, const std::string& path)>& change) {
  const std::string path = profile_path(options, profile_environment(options));
  return config::edit_profile_file(
      path, [&](config::IniEditor& editor) { return change(editor, path); }, context);
}

}  // namespace

Result<std::vector<Profile>> list_profiles(const ProfileFileOptions& options) {
  return guarded<std::vector<Profile>>([&]() -> Result<std::vector<Profile>> {
    std::vector<Profile> profiles;
    const std::string path = profile_path(options, profile_environment(options));
    if (path.empty()) return profiles;
    const auto document = config::read_profile_file(path);
    if (!document) {
      if (document.error().code == ErrorCode::not_found) return profiles;
      return document.error();
    }
    const std::string_view default_profile = stated_default(*document);
    for (const config::IniSection& section : document->sections()) {
      if (is_listed(*document, section)) profiles.push_back(read_profile(section, default_profile));
    }
    return profiles;
  });
}

std::string to_json(const std::vector<ProfileCheck>& profiles) {
  base::JsonWriter json(2);
  json.begin_object().member("schema", 1).key("profiles").begin_array();
  for (const ProfileCheck& check : profiles) {
    const Profile& profile = check.profile;
    json.begin_object().member("name", profile.name);
    if (!profile.host.empty()) json.member("host", profile.host);
    if (!profile.account_id.empty()) json.member("account_id", profile.account_id);
    if (!profile.workspace_id.empty()) json.member("workspace_id", profile.workspace_id);
    json.member("cloud", profile.cloud).member("auth_type", profile.auth_type).member("valid", check.valid);
    if (!check.user_name.empty()) json.member("username", check.user_name);
    if (profile.is_default) json.member("default", true);
    if (check.error) {
      json.key("error").begin_object();
      base::write_error_members(json, *check.error);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

Result<void> save_profile(std::string_view name, const ProfileEdit& edit, const ProfileFileOptions& options,
                          const CallContext& context) {
  return guarded<void>([&]() -> Result<void> {
    if (auto checked = check_profile_name(name); !checked) return checked;
    for (const auto& attribute : edit.set) {
      if (auto checked = check_attribute(attribute.first); !checked) return checked;
    }
    return edit_file(options, context,
                     [&](config::IniEditor& editor, const std::string&) { return apply(editor, name, edit); });
  });
}

Result<void> remove_profile(std::string_view name, const ProfileFileOptions& options, const CallContext& context) {
  return guarded<void>([&]() -> Result<void> {
    return edit_file(options, context, [&](config::IniEditor& editor, const std::string& path) -> Result<void> {
      const config::IniDocument& document = editor.document();
      if (!config::has_profile(document, name)) return no_such_profile(name, document, path);
      if (stated_default(document) == name) {
        if (auto removed = editor.remove(config::kSettingsSection, kDefaultProfile); !removed) return removed;
      }
      return editor.remove_section(name);
    });
  });
}

Result<void> set_default_profile(std::string_view name, const ProfileFileOptions& options, const CallContext& context) {
  return guarded<void>([&]() -> Result<void> {
    if (auto checked = check_profile_name(name); !checked) return checked;
    return edit_file(options, context, [&](config::IniEditor& editor, const std::string& path) -> Result<void> {
      if (!config::has_profile(editor.document(), name)) return no_such_profile(name, editor.document(), path);
      return editor.set(config::kSettingsSection, kDefaultProfile, name);
    });
  });
}

}  // namespace dbxauth
