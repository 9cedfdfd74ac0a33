// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbxauth::emulator {

enum class SecurableKind { metastore, catalog, schema, table, function, volume };

/// "catalog", "schema", … as in REST paths. Tables and views are both `table`.
std::string_view kind_name(SecurableKind kind);
/// "Catalog", "Schema", … as in the workspace's messages.
std::string_view kind_title(SecurableKind kind);
/// From a REST path segment, any case; nullopt for kinds that the emulator does not hold.
std::optional<SecurableKind> kind_from_name(std::string_view name);

/// Unity Catalog privileges on the kinds above ("Unity Catalog privileges and securable objects").
enum class Privilege : std::uint8_t {
  all_privileges,
  apply_tag,
  browse,
  create_catalog,
  create_connection,
  create_external_location,
  create_function,
  create_materialized_view,
  create_model,
  create_model_version,
  create_schema,
  create_storage_credential,
  create_table,
  create_volume,
  execute,
  external_use_schema,
  manage,
  modify,
  read_volume,
  refresh,
  select,
  use_catalog,
  use_connection,
  use_schema,
  write_volume,
  count_
};

std::string_view privilege_name(Privilege privilege);  ///< "USE_CATALOG".
std::string privilege_sql_name(Privilege privilege);   ///< "USE CATALOG".
/// Accepts underscores or spaces, any case; nullopt for anything else.
std::optional<Privilege> privilege_from_name(std::string_view name);
/// May this privilege be granted on this kind (containers take what their children take).
bool privilege_applies(Privilege privilege, SecurableKind kind);

using PrivilegeMask = std::uint64_t;
constexpr PrivilegeMask mask_of(Privilege privilege) {
  return PrivilegeMask{1} << static_cast<unsigned>(privilege);
}

}  // namespace dbxauth::emulator
