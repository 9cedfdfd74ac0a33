// SPDX-License-Identifier: Apache-2.0
#include "c_attributes.hpp"
#include "c_handles.hpp"
#include "c_options.hpp"
#include "dbxauth/profiles.hpp"

namespace dbxauth::capi {

namespace {

/// dbxauth_profile_options as the library takes them.
struct ProfileOptions {
  ProfileFileOptions file;
  ProfileCheckOptions check;
};

Result<ProfileOptions> read_profile_options(const dbxauth_profile_options* given) {
  const auto from = read_options(given, "dbxauth_profile_options");
  if (!from) return from.error();
  if (from->reserved0 != 0) return invalid_argument("dbxauth_profile_options.reserved0 must be 0");
  if (from->parallelism < 0) return invalid_argument("dbxauth_profile_options.parallelism must not be negative");
  ProfileOptions options;
  options.file.config_file = text_or_empty(from->config_file);
  auto environment = read_environment(from->environment, from->environment_count, from->replace_environment);
  if (!environment) return environment.error();
  options.file.environment = std::move(*environment);
  if (from->parallelism > 0) options.check.parallelism = static_cast<std::size_t>(from->parallelism);
  if (auto read = read_timeout(from->per_profile_timeout_ms, "dbxauth_profile_options.per_profile_timeout_ms",
                               options.check.per_profile);
      !read) {
    return read.error();
  }
  options.check.http.ca_bundle = text_or_empty(from->ca_bundle);
  options.check.http.proxy = text_or_empty(from->proxy);
  return options;
}

/// What every function on one profile shares: reads its options, its name and its limits.
template <class Change>
dbxauth_status change_profile(const dbxauth_profile_options* given, const char* name, const dbxauth_call_options* call,
                              dbxauth_error** error, Change&& change) {
  return guard(error, [&]() -> Result<void> {
    if (name == nullptr) return invalid_argument("name must be given");
    const auto options = read_profile_options(given);
    if (!options) return options.error();
    const auto context = read_call(call);
    if (!context) return context.error();
    return change(options->file, *context);
  });
}

Result<ProfileEdit> read_edit(const dbxauth_attribute* set, std::size_t set_count, const char* const* removed,
                              std::size_t removed_count) {
  auto attributes = read_attributes(set, set_count, "set");
  if (!attributes) return attributes.error();
  if (removed == nullptr && removed_count > 0) return invalid_argument("removed is NULL but its count is not 0");
  ProfileEdit edit;
  edit.set = std::move(attributes->values);
  for (std::size_t i = 0; i < removed_count; ++i) {
    if (removed[i] == nullptr) return invalid_argument("removed[" + std::to_string(i) + "] is NULL");
    edit.remove.emplace_back(removed[i]);
  }
  return edit;
}

Result<std::vector<ProfileCheck>> unchecked(Result<std::vector<Profile>> profiles) {
  if (!profiles) return profiles.error();
  std::vector<ProfileCheck> entries;
  for (Profile& profile : *profiles) entries.emplace_back().profile = std::move(profile);
  return entries;
}

}  // namespace

}  // namespace dbxauth::capi

using namespace dbxauth;
using namespace dbxauth::capi;

extern "C" {

DBXAUTH_API void dbxauth_profile_options_init(dbxauth_profile_options* options, size_t struct_size) {
  init_options(options, struct_size);
}

DBXAUTH_API dbxauth_status dbxauth_profiles_json(const dbxauth_profile_options* options, int32_t check,
                                                 const dbxauth_call_options* call, dbxauth_string** out,
                                                 dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (out == nullptr) return invalid_argument("out must be given");
    *out = nullptr;
    const auto known = read_profile_options(options);
    if (!known) return known.error();
    const auto context = read_call(call);
    if (!context) return context.error();
    const auto profiles =
        check != 0 ? check_profiles(known->file, known->check, *context) : unchecked(list_profiles(known->file));
    if (!profiles) return profiles.error();
    return give(out, make_string(to_json(*profiles)));
  });
}

DBXAUTH_API dbxauth_status dbxauth_profile_save(const dbxauth_profile_options* options, const char* name,
                                                const dbxauth_attribute* set, size_t set_count,
                                                const char* const* removed, size_t removed_count, int32_t make_default,
                                                const dbxauth_call_options* call, dbxauth_error** error) {
  return change_profile(options, name, call, error,
                        [&](const ProfileFileOptions& file, const CallContext& context) -> Result<void> {
                          auto edit = read_edit(set, set_count, removed, removed_count);
                          if (!edit) return edit.error();
                          edit->make_default = make_default != 0;
                          return save_profile(name, *edit, file, context);
                        });
}

DBXAUTH_API dbxauth_status dbxauth_profile_remove(const dbxauth_profile_options* options, const char* name,
                                                  const dbxauth_call_options* call, dbxauth_error** error) {
  return change_profile(options, name, call, error, [&](const ProfileFileOptions& file, const CallContext& context) {
    return remove_profile(name, file, context);
  });
}

DBXAUTH_API dbxauth_status dbxauth_profile_set_default(const dbxauth_profile_options* options, const char* name,
                                                       const dbxauth_call_options* call, dbxauth_error** error) {
  return change_profile(options, name, call, error, [&](const ProfileFileOptions& file, const CallContext& context) {
    return set_default_profile(name, file, context);
  });
}

}  // extern "C"
