// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/catalog.hpp"

#include <algorithm>
#include <map>

#include "catalog/information_schema.hpp"
#include "catalog/inventory_assembly.hpp"

namespace dbxauth {
namespace {

constexpr std::size_t statements_in_flight = 8;

// information_schema does not tell where a schema keeps its managed data; the REST list does.
Result<void> read_storage_roots(const WorkspaceClient& workspace, CatalogInventory& inventory,
                                const CallContext& context) {
  auto listed = workspace.schemas(inventory.name, context);
  if (!listed) {
    if (!catalog::means_unseen(listed.error())) return listed.error();
    inventory.unseen.push_back(catalog::unseen_line("storage roots of schemas", listed.error()));
    return {};
  }
  std::map<std::string_view, SchemaInventory*> by_name;
  for (SchemaInventory& schema : inventory.schemas) by_name.emplace(schema.name, &schema);
  for (const SchemaInfo& info : *listed) {
    const auto found = by_name.find(info.name);
    if (found != by_name.end()) found->second->storage_root = info.storage_root;
  }
  return {};
}

}  // namespace

Result<CatalogInventory> CatalogInventory::take(const WorkspaceClient& workspace, std::string_view catalog,
                                                std::string_view warehouse_id, const CallContext& context) {
  CatalogInventory inventory;
  inventory.host = workspace.host();
  inventory.name = std::string(catalog);
  auto info = workspace.catalog(catalog, context);
  if (!info) {
    if (info.error().code != ErrorCode::not_found) return info.error();
    inventory.exists = false;
    return inventory;
  }
  inventory.name = info->name;
  inventory.catalog_type = info->catalog_type;
  inventory.storage_root = info->storage_root;
  inventory.metastore_id = info->metastore_id;
  inventory.attributes.owner = info->owner;
  inventory.attributes.comment = info->comment;
  auto source =
      catalog::read_information_schema(workspace, inventory.name, warehouse_id, statements_in_flight, context);
  if (!source) return source.error();
  catalog::assemble_inventory(*source, inventory);
  if (auto read = read_storage_roots(workspace, inventory, context); !read) return read.error();
  std::sort(inventory.unseen.begin(), inventory.unseen.end());
  return inventory;
}

}  // namespace dbxauth
