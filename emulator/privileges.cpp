// SPDX-License-Identifier: Apache-2.0
#include "privileges.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace dbxauth::emulator {
namespace {

struct KindNames {
  SecurableKind kind;
  std::string_view name, title;
};
constexpr std::array<KindNames, 6> kinds{{{SecurableKind::metastore, "metastore", "Metastore"},
                                          {SecurableKind::catalog, "catalog", "Catalog"},
                                          {SecurableKind::schema, "schema", "Schema"},
                                          {SecurableKind::table, "table", "Table"},
                                          {SecurableKind::function, "function", "Routine"},
                                          {SecurableKind::volume, "volume", "Volume"}}};

constexpr unsigned on_metastore = 1, on_catalog = 2, on_schema = 4, on_table = 8, on_function = 16, on_volume = 32;
constexpr unsigned in_catalogs = on_catalog | on_schema;

struct PrivilegeRow {
  Privilege privilege;
  std::string_view name;
  unsigned kinds;
};
// "Unity Catalog privileges and securable objects": which privilege applies to which object.
constexpr std::array<PrivilegeRow, static_cast<std::size_t>(Privilege::count_)> rows{{
    {Privilege::all_privileges, "ALL_PRIVILEGES", in_catalogs | on_table | on_function | on_volume},
    {Privilege::apply_tag, "APPLY_TAG", in_catalogs | on_table | on_function | on_volume},
    {Privilege::browse, "BROWSE", on_catalog},
    {Privilege::create_catalog, "CREATE_CATALOG", on_metastore},
    {Privilege::create_connection, "CREATE_CONNECTION", on_metastore},
    {Privilege::create_external_location, "CREATE_EXTERNAL_LOCATION", on_metastore},
    {Privilege::create_function, "CREATE_FUNCTION", in_catalogs},
    {Privilege::create_materialized_view, "CREATE_MATERIALIZED_VIEW", in_catalogs},
    {Privilege::create_model, "CREATE_MODEL", in_catalogs},
    {Privilege::create_model_version, "CREATE_MODEL_VERSION", in_catalogs | on_function},
    {Privilege::create_schema, "CREATE_SCHEMA", on_catalog},
    {Privilege::create_storage_credential, "CREATE_STORAGE_CREDENTIAL", on_metastore},
    {Privilege::create_table, "CREATE_TABLE", in_catalogs},
    {Privilege::create_volume, "CREATE_VOLUME", in_catalogs},
    {Privilege::execute, "EXECUTE", in_catalogs | on_function},
    {Privilege::external_use_schema, "EXTERNAL_USE_SCHEMA", in_catalogs},
    {Privilege::manage, "MANAGE", in_catalogs | on_table | on_function | on_volume},
    {Privilege::modify, "MODIFY", in_catalogs | on_table},
    {Privilege::read_volume, "READ_VOLUME", in_catalogs | on_volume},
    {Privilege::refresh, "REFRESH", in_catalogs | on_table},
    {Privilege::select, "SELECT", in_catalogs | on_table},
    {Privilege::use_catalog, "USE_CATALOG", on_catalog},
    {Privilege::use_connection, "USE_CONNECTION", on_metastore},
    {Privilege::use_schema, "USE_SCHEMA", in_catalogs},
    {Privilege::write_volume, "WRITE_VOLUME", in_catalogs | on_volume},
}};

const PrivilegeRow& row_of(Privilege privilege) {
  return rows[static_cast<std::size_t>(privilege)];
}

}  // namespace

std::string_view kind_name(SecurableKind kind) {
  return kinds[static_cast<std::size_t>(kind)].name;
}
std::string_view kind_title(SecurableKind kind) {
  return kinds[static_cast<std::size_t>(kind)].title;
}

std::optional<SecurableKind> kind_from_name(std::string_view name) {
  const std::string lower = base::to_lower(name);
  for (const auto& entry : kinds) {
    if (entry.name == lower) return entry.kind;
  }
  return std::nullopt;
}

std::string_view privilege_name(Privilege privilege) {
  return row_of(privilege).name;
}

std::string privilege_sql_name(Privilege privilege) {
  std::string name(row_of(privilege).name);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::optional<Privilege> privilege_from_name(std::string_view name) {
  std::string upper = base::to_upper(name);
  std::replace(upper.begin(), upper.end(), ' ', '_');
  for (const auto& row : rows) {
    if (row.name == upper) return row.privilege;
  }
  return std::nullopt;
}

bool privilege_applies(Privilege privilege, SecurableKind kind) {
  return (row_of(privilege).kinds & (1U << static_cast<unsigned>(kind))) != 0;
}

}  // namespace dbxauth::emulator
