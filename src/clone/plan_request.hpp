// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dbxauth/catalog.hpp"
#include "dbxauth/clone.hpp"

namespace dbxauth::clone {

/// Refuses a spec that cannot be carried out whatever the catalogs hold: no or equal names, parallelism out of range,
/// empty globs or prefixes.
Result<void> check_spec(const CloneSpec& spec);

/// check_spec(), and what the two catalogs rule out: a source that does not exist, different metastores, catalogs that
/// cannot be written to, globs that match no schema, objects in the way of `if_exists: fail`.
Result<void> check_request(const CatalogInventory& source, const CatalogInventory& destination, const CloneSpec& spec);

/// Whether the globs of `spec` choose this schema. `information_schema` is never chosen.
bool schema_chosen(const CloneSpec& spec, std::string_view schema);

/// Where the location map puts `location`: the longest prefix that ends at a path boundary decides. Nothing without
/// one.
std::optional<std::string> map_location(const CloneSpec& spec, std::string_view location);

}  // namespace dbxauth::clone
