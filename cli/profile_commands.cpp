// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "commands.hpp"
#include "dbxauth/profiles.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "prompt.hpp"

namespace dbxauth::cli {

namespace {

ProfileFileOptions file_options(const GlobalArguments& global) {
  ProfileFileOptions options;
  options.config_file = global.config_file;
  return options;
}

Result<std::vector<ProfileCheck>> list(const Arguments& arguments, const CallContext& context) {
  if (!arguments.skip_validate) {
    ProfileCheckOptions options;
    options.http = http_options(arguments.global);
    return check_profiles(file_options(arguments.global), options, context);
  }
  auto profiles = list_profiles(file_options(arguments.global));
  if (!profiles) return profiles.error();
  std::vector<ProfileCheck> checks;
  for (Profile& profile : *profiles) {
    checks.emplace_back();
    checks.back().profile = std::move(profile);
  }
  return checks;
}

std::string profiles_text(const std::vector<ProfileCheck>& checks, bool validated) {
  std::vector<std::vector<std::string>> rows;
  for (const ProfileCheck& check : checks) {
    const Profile& profile = check.profile;
    rows.push_back({profile.is_default ? profile.name + " (Default)" : profile.name, profile.host,
                    check.valid ? "YES" : std::string(validated ? "NO" : "-")});
  }
  return table({"Name", "Host", "Valid"}, rows);
}

std::size_t index_of_default(const std::vector<Profile>& profiles) {
  const auto found =
      std::find_if(profiles.begin(), profiles.end(), [](const Profile& profile) { return profile.is_default; });
  return found == profiles.end() ? 0 : static_cast<std::size_t>(found - profiles.begin());
}

Result<std::string> pick_profile(const GlobalArguments& global, const CancelToken& cancel) {
  const auto profiles = list_profiles(file_options(global));
  if (!profiles) return profiles.error();
  if (profiles->empty()) {
    return Error{ErrorCode::not_found, "there are no profiles; create one with: dbxauth configure"};
  }
  if (!can_ask()) {
    return Error{ErrorCode::invalid_argument, "no profile was named and there is no terminal to ask on; use --profile"};
  }
  std::vector<std::string> items;
  for (const Profile& profile : *profiles) {
    items.push_back(profile.name + (profile.is_default ? " (Default)" : "") + "  " + profile.host);
  }
  const auto chosen = choose("Default profile", items, index_of_default(*profiles), cancel);
  if (!chosen) return Error{ErrorCode::cancelled, "nothing was chosen; nothing was changed"};
  return (*profiles)[*chosen].name;
}

}  // namespace

int auth_profiles(const Arguments& arguments) {
  const OutputFormat format = arguments.global.output;
  const Interrupt interrupt;
  const auto checks = list(arguments, make_context(arguments.global, interrupt.token()));
  if (!checks) return report(checks.error(), format);
  if (format == OutputFormat::json) return print_json(to_json(*checks)) ? exit_ok : exit_failed;
  if (!print(profiles_text(*checks, !arguments.skip_validate))) return exit_failed;
  if (checks->empty()) tell("There are no profiles; create one with: dbxauth configure\n");
  for (const ProfileCheck& check : *checks) {
    if (check.error) tell(printable(check.profile.name) + ": " + printable(check.error->message) + "\n");
  }
  return exit_ok;
}

int auth_switch(const Arguments& arguments) {
  const OutputFormat format = arguments.global.output;
  const Interrupt interrupt;
  const CallContext context = make_context(arguments.global, interrupt.token());
  std::string name = arguments.global.profile;
  if (name.empty()) {
    auto picked = pick_profile(arguments.global, context.cancel);
    if (!picked) return report(picked.error(), format);
    name = std::move(*picked);
  }
  const auto set = set_default_profile(name, file_options(arguments.global), context);
  if (!set) return report(set.error(), format);
  tell("Default profile set to \"" + printable(name) + "\".\n");
  if (format == OutputFormat::text) return exit_ok;
  return print_json("{\"schema\":1,\"default_profile\":" + json_text(name) + "}") ? exit_ok : exit_failed;
}

}  // namespace dbxauth::cli
