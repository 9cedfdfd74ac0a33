// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "dbxauth/catalog.hpp"
#include "dbxauth/clone.hpp"

namespace dbxauth::testing {

/// Contents of a file in tests/unit/clone/golden.
std::string read_golden(const std::string& file);
/// Overwrites it.
void write_golden(const std::string& file, const std::string& text);

inline CatalogInventory inventory_from(const std::string& json) {
  auto inventory = CatalogInventory::from_json(json);
  if (!inventory) throw std::runtime_error(inventory.error().message);
  return *inventory;
}

/// A catalog with hostile names and every kind of object that can and cannot be cloned.
inline CatalogInventory production() {
  return inventory_from(read_golden("production.json"));
}

/// A destination that does not exist yet.
inline CatalogInventory absent(const std::string& name) {
  CatalogInventory inventory;
  inventory.host = "https://adb-1.azuredatabricks.net";
  inventory.name = name;
  inventory.exists = false;
  return inventory;
}

inline CloneSpec production_to_staging() {
  CloneSpec spec;
  spec.source = "production";
  spec.destination = "staging";
  return spec;
}

inline TableInventory make_table(const std::string& name, const std::string& type = "MANAGED",
                                 const std::string& format = "DELTA") {
  TableInventory table;
  table.name = name;
  table.table_type = type;
  table.data_source_format = format;
  return table;
}

inline TableInventory make_view(const std::string& name, const std::string& text) {
  TableInventory view = make_table(name, "VIEW", "");
  view.view_definition = text;
  return view;
}

/// A catalog with one schema "s" of these relations.
inline CatalogInventory make_catalog(const std::string& name, std::vector<TableInventory> relations = {}) {
  CatalogInventory inventory = absent(name);
  inventory.exists = true;
  SchemaInventory schema;
  schema.name = "s";
  schema.tables = std::move(relations);
  inventory.schemas.push_back(std::move(schema));
  return inventory;
}

}  // namespace dbxauth::testing
