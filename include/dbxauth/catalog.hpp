// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_CATALOG_HPP
#define DBXAUTH_CATALOG_HPP

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/workspace.hpp"

namespace dbxauth {

/// A direct grant: inherited privileges are not listed.
struct Grant {
  std::string principal;
  std::string privilege;  ///< As in Unity Catalog REST: upper case with underscores, "USE_CATALOG", "SELECT".
};

/// What every securable object has.
struct ObjectAttributes {
  std::string owner;
  std::string comment;
  std::vector<Grant> grants;                ///< Sorted by principal, then privilege.
  std::map<std::string, std::string> tags;  ///< Direct tags only.
};

struct ColumnInventory {
  std::string name;
  std::string type_text;  ///< As in `information_schema.columns.full_data_type`.
  std::string comment;
  bool nullable = true;
  std::int64_t position = 0;
  std::map<std::string, std::string> tags;
};

struct TableInventory {
  std::string name;
  std::string table_type;          ///< MANAGED, EXTERNAL, VIEW, MATERIALIZED_VIEW, STREAMING_TABLE, FOREIGN, …
  std::string data_source_format;  ///< DELTA, ICEBERG, PARQUET, CSV, …; empty for views.
  std::string storage_location;
  std::string view_definition;  ///< Views only; empty when the identity may not see it.
  std::vector<ColumnInventory> columns;
  bool has_row_filter = false;
  bool has_column_mask = false;
  ObjectAttributes attributes;
};

struct FunctionParameter {
  std::string name;
  std::string type_text;
  std::optional<std::string> default_value;  ///< SQL text.
  std::string comment;
};

struct FunctionInventory {
  std::string name;
  std::string body_kind;  ///< SQL or EXTERNAL.
  std::string language;   ///< Of an external body: PYTHON; empty for SQL.
  std::string definition;
  std::string return_type;  ///< "TABLE" for table functions.
  std::vector<FunctionParameter> parameters;
  std::vector<FunctionParameter> return_columns;  ///< Of table functions.
  bool deterministic = false;
  ObjectAttributes attributes;
};

struct VolumeInventory {
  std::string name;
  std::string volume_type;  ///< MANAGED or EXTERNAL.
  std::string storage_location;
  ObjectAttributes attributes;
};

struct SchemaInventory {
  std::string name;
  std::string storage_root;
  std::vector<TableInventory> tables;  ///< Views included; sorted by name.
  std::vector<FunctionInventory> functions;
  std::vector<VolumeInventory> volumes;
  ObjectAttributes attributes;
};

/// An immutable picture of a catalog, as the identity that took it may see it. `information_schema` is left out.
struct CatalogInventory {
  std::string host;
  std::string name;
  bool exists = true;  ///< False for a destination that is still to be created.
  std::string catalog_type;
  std::string storage_root;
  std::string metastore_id;
  std::vector<SchemaInventory> schemas;  ///< Sorted by name.
  ObjectAttributes attributes;
  std::vector<std::string> unseen;  ///< What could not be read and why ("tags: permission denied"); never silent.

  /// Canonical JSON, `"schema": 1`; equal inventories give equal bytes.
  std::string to_json() const;
  static Result<CatalogInventory> from_json(std::string_view json);

  /// Reads a catalog in bulk: the number of requests grows with pages of results, not with the number of objects.
  /// A catalog that does not exist gives an inventory with `exists == false`.
  static Result<CatalogInventory> take(const WorkspaceClient& workspace, std::string_view catalog,
                                       std::string_view warehouse_id, const CallContext& context = {});
};

}  // namespace dbxauth

#endif
