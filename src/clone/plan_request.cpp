// SPDX-License-Identifier: Apache-2.0
#include "clone/plan_request.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "clone/catalog_index.hpp"

namespace dbxauth::clone {
namespace {

using base::equals_ignoring_case;
using base::to_lower;

constexpr std::size_t longest_name = 255;  // Unity Catalog's limit for names of objects.

Error invalid(std::string message) {
  return {ErrorCode::invalid_argument, std::move(message)};
}

bool matches_any(const std::vector<std::string>& globs, std::string_view schema) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return base::glob_match(to_lower(glob), to_lower(schema)); });
}

std::string_view without_trailing_slashes(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path;
}

Result<void> check_name(std::string_view what, const std::string& name) {
  if (name.empty()) return invalid(fmt::format("The clone has no {} catalog: set \"{}\".", what, what));
  if (name.size() > longest_name) {
    return invalid(fmt::format("The name of the {} catalog is longer than {} bytes.", what, longest_name));
  }
  const bool control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (control || !base::is_valid_utf8(name)) {
    return invalid(fmt::format("The name of the {} catalog has control characters or is not UTF-8.", what));
  }
  return {};
}

Result<void> check_writable(const CatalogInventory& destination) {
  static constexpr std::array<std::string_view, 4> reserved = {"system", "samples", "hive_metastore",
                                                               "__databricks_internal"};
  for (const std::string_view name : reserved) {
    if (!equals_ignoring_case(name, destination.name)) continue;
    return Error(ErrorCode::unsupported,
                 fmt::format("The catalog `{}` cannot be a destination; choose another name.", destination.name));
  }
  const std::string& type = destination.catalog_type;
  if (destination.exists && !type.empty() && !equals_ignoring_case(type, "MANAGED_CATALOG")) {
    return Error(ErrorCode::unsupported,
                 fmt::format("The destination `{}` is a {}, which takes no new tables; choose a "
                             "catalog of type MANAGED_CATALOG.",
                             destination.name, type));
  }
  return {};
}

Result<void> check_globs(const CatalogInventory& source, const CloneSpec& spec) {
  for (const std::string& glob : spec.include_schemas) {
    const bool used = std::any_of(source.schemas.begin(), source.schemas.end(), [&](const SchemaInventory& schema) {
      return base::glob_match(to_lower(glob), to_lower(schema.name));
    });
    if (!used) {
      return invalid(
          fmt::format("No schema of `{}` matches \"{}\" of include_schemas; check the spelling.", source.name, glob));
    }
  }
  return {};
}

/// What `if_exists: fail` finds in the way, as "schema.name".
std::vector<std::string> objects_in_the_way(const CatalogInventory& source, const CatalogInventory& destination,
                                            const CloneSpec& spec) {
  std::vector<std::string> found;
  const CatalogIndex there(destination);
  for (const SchemaInventory& schema : source.schemas) {
    if (!schema_chosen(spec, schema.name)) continue;
    for (const TableInventory& table : schema.tables) {
      const bool wanted = spec.copy_views || !equals_ignoring_case(table.table_type, "VIEW");
      if (wanted && there.relation(schema.name, table.name)) found.push_back(schema.name + "." + table.name);
    }
    for (const FunctionInventory& function : schema.functions) {
      if (spec.copy_functions && there.function(schema.name, function.name)) {
        found.push_back(schema.name + "." + function.name);
      }
    }
    for (const VolumeInventory& volume : schema.volumes) {
      if (spec.copy_volumes && there.volume(schema.name, volume.name)) found.push_back(schema.name + "." + volume.name);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Result<void> check_spec(const CloneSpec& spec) {
  if (auto named = check_name("source", spec.source); !named) return named;
  if (auto named = check_name("destination", spec.destination); !named) return named;
  if (equals_ignoring_case(spec.source, spec.destination)) {
    return invalid(
        fmt::format("Source and destination are the same catalog, `{}`; give the clone another name.", spec.source));
  }
  if (spec.parallelism < 1 || spec.parallelism > 64) {
    return invalid(fmt::format("\"parallelism\" is {}; it must be between 1 and 64.", spec.parallelism));
  }
  for (const auto* globs : {&spec.include_schemas, &spec.exclude_schemas}) {
    if (std::find(globs->begin(), globs->end(), "") != globs->end()) {
      return invalid("include_schemas and exclude_schemas must not have empty patterns.");
    }
  }
  for (const auto& mapping : spec.location_map) {
    if (mapping.first.empty() || mapping.second.empty()) {
      return invalid("location_map must not have an empty prefix; both sides are URLs such as s3://bucket/path.");
    }
    if (without_trailing_slashes(mapping.first) == without_trailing_slashes(mapping.second)) {
      return invalid(
          fmt::format("location_map maps \"{}\" to itself; two tables cannot share a location.", mapping.first));
    }
  }
  return {};
}

Result<void> check_request(const CatalogInventory& source, const CatalogInventory& destination, const CloneSpec& spec) {
  if (auto checked = check_spec(spec); !checked) return checked;
  if (!equals_ignoring_case(source.name, spec.source) || !equals_ignoring_case(destination.name, spec.destination)) {
    return invalid(fmt::format("The inventories are those of `{}` and `{}`, the clone is from `{}` to `{}`.",
                               source.name, destination.name, spec.source, spec.destination));
  }
  if (!source.exists) {
    return Error(ErrorCode::not_found, fmt::format("The source catalog `{}` does not exist or cannot be seen by this "
                                                   "identity; check the name and the privilege USE CATALOG.",
                                                   source.name));
  }
  if (!source.metastore_id.empty() && !destination.metastore_id.empty() &&
      source.metastore_id != destination.metastore_id) {
    return Error(
        ErrorCode::unsupported,
        fmt::format("`{}` and `{}` are in different metastores ({} and {}): CLONE works inside one metastore only.",
                    source.name, destination.name, source.metastore_id, destination.metastore_id));
  }
  if (auto writable = check_writable(destination); !writable) return writable;
  if (auto globs = check_globs(source, spec); !globs) return globs;
  if (spec.if_exists != IfExists::fail) return {};
  const std::vector<std::string> found = objects_in_the_way(source, destination, spec);
  if (found.empty()) return {};
  const std::vector<std::string> first(found.begin(), found.begin() + std::min<std::ptrdiff_t>(5, std::ssize(found)));
  return Error(ErrorCode::already_exists,
               fmt::format("The destination `{}` has {} of the objects already (\"if_exists\" is \"fail\"): {}{}. Use "
                           "\"skip\" or \"replace\", or another destination.",
                           destination.name, found.size(), base::join(first, ", "), found.size() > 5 ? ", ..." : ""));
}

bool schema_chosen(const CloneSpec& spec, std::string_view schema) {
  if (equals_ignoring_case(schema, "information_schema")) return false;
  if (matches_any(spec.exclude_schemas, schema)) return false;
  return spec.include_schemas.empty() || matches_any(spec.include_schemas, schema);
}

std::optional<std::string> map_location(const CloneSpec& spec, std::string_view location) {
  const std::pair<const std::string, std::string>* best = nullptr;
  for (const auto& mapping : spec.location_map) {
    const std::string_view prefix = without_trailing_slashes(mapping.first);
    const bool inside = location.substr(0, prefix.size()) == prefix &&
                        (location.size() == prefix.size() || location[prefix.size()] == '/');
    if (inside && (best == nullptr || prefix.size() > without_trailing_slashes(best->first).size())) best = &mapping;
  }
  if (best == nullptr) return std::nullopt;
  const std::string_view rest = location.substr(without_trailing_slashes(best->first).size());
  return std::string(without_trailing_slashes(best->second)) + std::string(rest);
}

}  // namespace dbxauth::clone
