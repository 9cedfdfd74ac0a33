// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json_writer.hpp"
#include "metastore.hpp"

namespace dbxauth::emulator {

/// What a list request asks to leave out of tables.
struct TableFields {
  bool columns = true;
  bool properties = true;
  bool username = true;
};

// The objects of /api/2.1/unity-catalog, as the REST reference names their members.
void write_catalog(base::JsonWriter& json, const CatalogInfo& catalog, const std::string& metastore_id);
void write_schema(base::JsonWriter& json, const SchemaInfo& schema, const std::string& metastore_id);
void write_table(base::JsonWriter& json, const TableInfo& table, const std::string& metastore_id,
                 const TableFields& fields = {});
void write_function(base::JsonWriter& json, const FunctionInfo& function, const std::string& metastore_id);
void write_volume(base::JsonWriter& json, const VolumeInfo& volume, const std::string& metastore_id);

}  // namespace dbxauth::emulator
