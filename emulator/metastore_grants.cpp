// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "metastore_internal.hpp"

namespace dbxauth::emulator {
namespace {

// MANAGE and EXTERNAL USE SCHEMA are not part of ALL PRIVILEGES ("Unity Catalog privileges: ALL PRIVILEGES").
constexpr PrivilegeMask not_in_all = mask_of(Privilege::manage) | mask_of(Privilege::external_use_schema);

bool mask_gives(PrivilegeMask mask, Privilege privilege) {
  if ((mask & mask_of(privilege)) != 0) return true;
  return (mask & mask_of(Privilege::all_privileges)) != 0 && (not_in_all & mask_of(privilege)) == 0;
}

PrivilegeMask applicable_to(SecurableKind kind) {
  PrivilegeMask mask = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(Privilege::count_); ++i) {
    const auto privilege = static_cast<Privilege>(i);
    if (privilege_applies(privilege, kind)) mask |= mask_of(privilege);
  }
  return mask;
}

std::vector<std::string> names_in(PrivilegeMask mask) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < static_cast<unsigned>(Privilege::count_); ++i) {
    if ((mask & (PrivilegeMask{1} << i)) != 0) names.emplace_back(privilege_name(static_cast<Privilege>(i)));
  }
  return names;
}

std::string right_missing(Privilege privilege, const Securable& securable) {
  return "User does not have " + privilege_sql_name(privilege) + " on " + std::string(kind_title(securable.kind)) +
         " '" + (securable.kind == SecurableKind::metastore ? std::string("metastore") : securable.full_name()) + "'.";
}

}  // namespace

const Metastore::Rights& Metastore::rights_of(std::string_view principal) const {
  const auto found = rights_.find(principal);
  if (found != rights_.end()) return *found->second;
  auto rights = std::make_unique<Rights>();
  rights->everything = principal.empty();
  const auto self = find_principal(principal);
  if (self) {
    rights->admin = self->metastore_admin;
    rights->names.insert(self->name);
    for (auto& group : groups_of(principal)) {
      const auto known = find_principal(group);
      rights->admin = rights->admin || (known && known->metastore_admin);
      rights->names.insert(group);
    }
  }
  for (const auto& name : rights->names) {
    auto row = database_->query("SELECT securable, privilege FROM grants WHERE principal = ?");
    row.bind(1, name);
    while (row.next()) {
      rights->granted[row.integer(0)] |= PrivilegeMask{1} << static_cast<unsigned>(row.integer(1));
    }
  }
  return *rights_.emplace(std::string(principal), std::move(rights)).first->second;
}

bool Metastore::is_allowed(std::string_view principal, Privilege privilege, const Securable& securable) const {
  const auto guard = lock();
  const Rights& rights = rights_of(principal);
  if (rights.everything) return true;
  if (rights.admin && (privilege == Privilege::manage || securable.kind == SecurableKind::metastore)) return true;
  if (rights.owns(securable.owner) || mask_gives(rights.on(securable.row_id), privilege)) return true;
  for (const auto& ancestor : securable.ancestors) {
    // The owner of the metastore is its administrator, who holds no data privilege by that.
    const bool is_metastore = ancestor.row_id == metastore_row_;
    if (!is_metastore && rights.owns(ancestor.owner)) return true;
    if (mask_gives(rights.on(ancestor.row_id), privilege)) return true;
  }
  return false;
}

bool Metastore::is_visible(std::string_view principal, const Securable& securable) const {
  const auto guard = lock();
  const Rights& rights = rights_of(principal);
  if (rights.everything || rights.admin || rights.owns(securable.owner)) return true;
  const PrivilegeMask applicable = applicable_to(securable.kind) | mask_of(Privilege::browse);
  if ((rights.on(securable.row_id) & applicable) != 0) return true;
  return std::any_of(securable.ancestors.begin(), securable.ancestors.end(), [&](const auto& ancestor) {
    return (ancestor.row_id != metastore_row_ && rights.owns(ancestor.owner)) ||
           (rights.on(ancestor.row_id) & applicable) != 0;
  });
}

Outcome<void> Metastore::require(const std::string& principal, Privilege privilege, const Securable& securable) const {
  const auto guard = lock();
  const auto path = securable.path();
  if (!path.empty() && (path.size() > 1 || privilege == Privilege::use_catalog)) {
    const auto catalog = find(SecurableKind::catalog, {path[0]});
    if (catalog && !is_allowed(principal, Privilege::use_catalog, *catalog)) {
      return refuse(permission_denied(right_missing(Privilege::use_catalog, *catalog)));
    }
  }
  if (path.size() > 2 || (path.size() == 2 && privilege != Privilege::manage)) {
    const auto schema = find(SecurableKind::schema, {path[0], path[1]});
    if (schema && !is_allowed(principal, Privilege::use_schema, *schema)) {
      return refuse(permission_denied(right_missing(Privilege::use_schema, *schema)));
    }
  }
  if (!is_allowed(principal, privilege, securable))
    return refuse(permission_denied(right_missing(privilege, securable)));
  return {};
}

Outcome<void> Metastore::require_control(const std::string& actor, const Securable& securable) const {
  if (is_allowed(actor, Privilege::manage, securable)) return {};
  return refuse(permission_denied("User is not an owner of " + std::string(kind_title(securable.kind)) + " '" +
                                  securable.full_name() + "' and does not have MANAGE on it."));
}

Outcome<Page<PrivilegeAssignment>> Metastore::get_grants(const std::string& actor, SecurableKind kind,
                                                         const std::vector<std::string>& path,
                                                         std::string_view principal, const PageRequest& page) const {
  const auto guard = lock();
  auto securable = resolve_visible(actor, kind, path);
  if (!securable) return refuse(securable.error());
  const bool sees_all = is_allowed(actor, Privilege::manage, *securable);
  const Rights& rights = rights_of(actor);
  std::map<std::string, PrivilegeMask> masks;
  auto row = database_->query("SELECT principal, privilege FROM grants WHERE securable = ?");
  row.bind(1, securable->row_id);
  while (row.next()) {
    const std::string name = row.text(0);
    if (!principal.empty() && !base::equals_ignoring_case(name, principal)) continue;
    // Who may not manage the object sees its own grants only ("Manage privileges: show grants").
    if (!sees_all && rights.names.count(name) == 0) continue;
    masks[name] |= PrivilegeMask{1} << static_cast<unsigned>(row.integer(1));
  }
  Page<PrivilegeAssignment> result;
  for (const auto& [name, mask] : masks) {
    if (!page.page_token.empty() && name <= page.page_token) continue;
    if (page.max_results > 0 && result.items.size() == static_cast<std::size_t>(page.max_results)) {
      result.next_page_token = result.items.back().principal;
      break;
    }
    result.items.push_back({name, names_in(mask)});
  }
  return result;
}

Outcome<void> Metastore::change_grants(const std::string& actor, SecurableKind kind,
                                       const std::vector<std::string>& path, const std::vector<GrantChange>& changes) {
  const auto guard = lock();
  auto securable = resolve_visible(actor, kind, path);
  if (!securable) return refuse(securable.error());
  if (auto allowed = require_control(actor, *securable); !allowed) return allowed;
  struct Edit {
    std::string principal;
    Privilege privilege;
    bool add;
  };
  std::vector<Edit> edits;
  for (const auto& change : changes) {
    const auto principal = find_principal(change.principal);
    if (!principal) {
      ApiError error{"PRINCIPAL_DOES_NOT_EXIST",
                     "Could not find principal with name " + change.principal + ".",
                     "42704",
                     404,
                     {},
                     {}};
      error.error_class = "PRINCIPAL_DOES_NOT_EXIST";
      return refuse(error);
    }
    for (const bool add : {true, false}) {
      for (const auto& name : add ? change.add : change.remove) {
        const auto privilege = privilege_from_name(name);
        if (!privilege || !privilege_applies(*privilege, kind)) {
          return refuse(invalid_parameter("Privilege " + name + " is not applicable to " +
                                          std::string(kind_title(kind)) + " '" + securable->full_name() + "'."));
        }
        edits.push_back({principal->name, *privilege, add});
      }
    }
  }
  for (const auto& edit : edits) {
    auto change = edit.add
                      ? database_->query(
                            "INSERT OR IGNORE INTO grants(securable, principal, privilege, grantor) VALUES(?, ?, ?, ?)")
                      : database_->query("DELETE FROM grants WHERE securable = ? AND principal = ? AND privilege = ?");
    change.bind(1, securable->row_id).bind(2, edit.principal).bind(3, static_cast<int>(edit.privilege));
    if (edit.add) change.bind(4, owner_for(actor));
    if (!change.run()) return refuse(internal_error(change.error()));
  }
  rights_.clear();
  return {};
}

Outcome<std::vector<EffectiveAssignment>> Metastore::get_effective_grants(const std::string& actor, SecurableKind kind,
                                                                          const std::vector<std::string>& path,
                                                                          std::string_view principal) const {
  const auto guard = lock();
  auto securable = resolve_visible(actor, kind, path);
  if (!securable) return refuse(securable.error());
  const bool sees_all = is_allowed(actor, Privilege::manage, *securable);
  const Rights& rights = rights_of(actor);
  std::set<std::string> asked;
  if (!principal.empty()) {
    asked.emplace(principal);
    for (auto& group : groups_of(principal)) asked.insert(group);
  }
  std::map<std::string, EffectiveAssignment> found;
  std::vector<std::pair<SecurableKind, std::vector<std::string>>> levels{{kind, path}};
  if (path.size() == 3) levels.push_back({SecurableKind::schema, {path[0], path[1]}});
  if (path.size() >= 2) levels.push_back({SecurableKind::catalog, {path[0]}});
  for (const auto& [level_kind, level_path] : levels) {
    const auto object = find(level_kind, level_path);
    if (!object) continue;
    auto row =
        database_->query("SELECT principal, privilege FROM grants WHERE securable = ? ORDER BY principal, privilege");
    row.bind(1, object->row_id);
    while (row.next()) {
      const std::string name = row.text(0);
      const auto privilege = static_cast<Privilege>(row.integer(1));
      if (!privilege_applies(privilege, kind) && level_kind != kind) continue;
      if (!asked.empty() && asked.count(name) == 0) continue;
      if (!sees_all && rights.names.count(name) == 0) continue;
      // Asked for one principal, the answer is about it, by whatever group it holds the privilege.
      const std::string shown = principal.empty() ? name : std::string(principal);
      EffectivePrivilege effective{std::string(privilege_name(privilege)), std::nullopt, {}};
      if (level_kind != kind) {
        effective.inherited_from_kind = level_kind;
        effective.inherited_from_name = object->full_name();
      }
      found[shown].principal = shown;
      found[shown].privileges.push_back(std::move(effective));
    }
  }
  std::vector<EffectiveAssignment> result;
  for (auto& entry : found) result.push_back(std::move(entry.second));
  return result;
}

}  // namespace dbxauth::emulator
