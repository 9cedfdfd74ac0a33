// SPDX-License-Identifier: Apache-2.0
#include "clone/catalog_index.hpp"

#include "base/text.hpp"

namespace dbxauth::clone {
namespace {

/// A NUL cannot be part of a name, so the two parts cannot run into each other.
std::string key(std::string_view schema, std::string_view name) {
  return base::to_lower(schema) + '\0' + base::to_lower(name);
}

template <class Map>
typename Map::mapped_type find(const Map& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

CatalogIndex::CatalogIndex(const CatalogInventory& inventory) {
  for (const SchemaInventory& schema : inventory.schemas) {
    schemas_.emplace(base::to_lower(schema.name), &schema);
    for (const TableInventory& table : schema.tables) relations_.emplace(key(schema.name, table.name), &table);
    for (const FunctionInventory& function : schema.functions) {
      functions_.emplace(key(schema.name, function.name), &function);
    }
    for (const VolumeInventory& volume : schema.volumes) volumes_.emplace(key(schema.name, volume.name), &volume);
  }
}

const SchemaInventory* CatalogIndex::schema(std::string_view name) const {
  return find(schemas_, base::to_lower(name));
}

const TableInventory* CatalogIndex::relation(std::string_view schema, std::string_view name) const {
  return find(relations_, key(schema, name));
}

const FunctionInventory* CatalogIndex::function(std::string_view schema, std::string_view name) const {
  return find(functions_, key(schema, name));
}

const VolumeInventory* CatalogIndex::volume(std::string_view schema, std::string_view name) const {
  return find(volumes_, key(schema, name));
}

}  // namespace dbxauth::clone
