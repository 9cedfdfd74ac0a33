// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "dbxauth/catalog.hpp"

namespace dbxauth::clone {

/// Finds objects of an inventory by name, ignoring ASCII case as Unity Catalog does. Tables and views share one name
/// space, functions and volumes have their own. Points into the inventory, which must outlive it.
class CatalogIndex {
 public:
  explicit CatalogIndex(const CatalogInventory& inventory);

  // Each gives null when there is none.
  const SchemaInventory* schema(std::string_view name) const;
  const TableInventory* relation(std::string_view schema, std::string_view name) const;
  const FunctionInventory* function(std::string_view schema, std::string_view name) const;
  const VolumeInventory* volume(std::string_view schema, std::string_view name) const;

 private:
  std::unordered_map<std::string, const SchemaInventory*> schemas_;
  std::unordered_map<std::string, const TableInventory*> relations_;
  std::unordered_map<std::string, const FunctionInventory*> functions_;
  std::unordered_map<std::string, const VolumeInventory*> volumes_;
};

}  // namespace dbxauth::clone
