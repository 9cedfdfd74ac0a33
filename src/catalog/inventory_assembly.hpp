// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catalog/information_schema.hpp"
#include "dbxauth/catalog.hpp"

namespace dbxauth::catalog {

/// Fills `inventory` (schemas, attributes of the catalog, unseen) from the rows of its information_schema. Pure. The
/// result does not depend on the order of rows: everything is sorted by name, columns by position. Rows that belong to
/// nothing that is listed are counted in `unseen`.
void assemble_inventory(const InformationSchema& source, CatalogInventory& inventory);

/// "USE CATALOG" and "use_catalog" as Unity Catalog's REST API writes it: "USE_CATALOG".
std::string normalized_privilege(std::string_view privilege);

}  // namespace dbxauth::catalog
