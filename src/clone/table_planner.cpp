// SPDX-License-Identifier: Apache-2.0
#include "clone/table_planner.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "clone/plan_request.hpp"
#include "clone/sql_tokenizer.hpp"

namespace dbxauth::clone {
namespace {

using base::equals_ignoring_case;

bool is_type(const TableInventory& table, std::string_view type) {
  return equals_ignoring_case(table.table_type, type);
}

bool is_shallow_clone(const TableInventory& table) {
  return is_type(table, "MANAGED_SHALLOW_CLONE") || is_type(table, "EXTERNAL_SHALLOW_CLONE");
}

bool is_table(const TableInventory& table) {
  return is_type(table, "MANAGED") || is_type(table, "EXTERNAL") || is_shallow_clone(table);
}

bool is_external(const TableInventory& table) {
  return is_type(table, "EXTERNAL") || is_type(table, "EXTERNAL_SHALLOW_CLONE");
}

/// Unity Catalog says DELTA for every managed table that is not Iceberg; an inventory without formats gives none.
bool is_delta(const TableInventory& table) {
  return table.data_source_format.empty() || equals_ignoring_case(table.data_source_format, "DELTA");
}

std::string kind_obstacle(const TableInventory& table) {
  if (is_table(table)) return {};
  if (is_type(table, "MATERIALIZED_VIEW") || is_type(table, "STREAMING_TABLE")) {
    return fmt::format("a {} belongs to a pipeline and can be neither source nor target of CLONE",
                       is_type(table, "STREAMING_TABLE") ? "streaming table" : "materialized view");
  }
  if (is_type(table, "FOREIGN")) return "a foreign table's data is in another system, which CLONE does not read";
  if (is_type(table, "METRIC_VIEW")) return "metric views are not supported";
  return fmt::format("tables of type {} are not supported", table.table_type.empty() ? "unknown" : table.table_type);
}

}  // namespace

bool is_view(const TableInventory& relation) noexcept {
  return equals_ignoring_case(relation.table_type, "VIEW");
}

TableDecision TablePlanner::decide(const ObjectRef& ref, const TableInventory& table, const TableInventory* there) {
  const CloneSpec& spec = plan_.spec();
  TableDecision decision;
  decision.there = there != nullptr;
  const bool replace = there != nullptr && spec.if_exists == IfExists::replace;
  if (there != nullptr && !is_table(*there)) {
    decision.skipped = fmt::format("the destination has a {} of that name", there->table_type);
  } else if (there != nullptr && !replace) {
    plan_.verdict(ref, "data", FidelityVerdict::already_there, "kept as it is; the rows were not compared");
    verdicts_on_loss(ref, table);
    return decision;
  } else {
    decision.skipped = obstacle(table);
    if (decision.skipped.empty() && replace) decision.skipped = replacement_obstacle(*there);
  }
  // Asked for, and a clone that goes without it looks complete.
  if (there != nullptr && !decision.skipped.empty()) {
    plan_.warn(fmt::format("{}: {}.", plan_.destination_name(ref), decision.skipped));
  }

  std::optional<std::string> location;
  if (is_external(table)) location = map_location(spec, table.storage_location);
  if (decision.skipped.empty() && location && !locations_.insert(*location).second) {
    decision.skipped = fmt::format("location_map puts it to {}, where another table goes already", *location);
  }
  if (!decision.skipped.empty()) {
    plan_.verdict(ref, "data", FidelityVerdict::skipped, decision.skipped);
    verdicts_on_protection(ref, table);
    return decision;
  }

  const OnExisting on_existing = spec.if_exists == IfExists::replace ? OnExisting::replace : OnExisting::keep;
  const std::string name = plan_.destination_name(ref);
  const std::string at = location.value_or(std::string());
  if (spec.mode == CloneMode::schema_only) {
    decision.kind = StepKind::create_table;
    decision.sql = create_table_sql(name, table, on_existing, at, spec.copy_comments);
    decision.reason = "an empty table with the source's columns (mode schema_only)";
  } else {
    decision.kind = StepKind::clone_table;
    decision.sql = clone_table_sql(name, plan_.source_name(ref), spec.mode, on_existing, at);
    decision.reason =
        replace ? "the destination has it, and if_exists is \"replace\"" : "the destination lacks the table";
  }
  verdicts_of_made(ref, table, location);
  verdicts_on_loss(ref, table);
  return decision;
}

std::string TablePlanner::obstacle(const TableInventory& table) const {
  if (std::string kind = kind_obstacle(table); !kind.empty()) return kind;
  if (table.has_row_filter || table.has_column_mask) {
    return fmt::format("protected: it has a {}, which a copy would not have",
                       table.has_row_filter && table.has_column_mask ? "row filter and a column mask"
                       : table.has_row_filter                        ? "row filter"
                                                                     : "column mask");
  }
  const std::string& format = table.data_source_format;
  if (!is_delta(table) && !equals_ignoring_case(format, "ICEBERG") && !equals_ignoring_case(format, "PARQUET")) {
    return fmt::format("its format is {}; CLONE reads Delta, Iceberg and Parquet only", format);
  }
  if (plan_.spec().mode == CloneMode::shallow) return shallow_obstacle(table);
  if (plan_.spec().mode == CloneMode::schema_only) return columns_obstacle(table);
  return {};
}

std::string TablePlanner::shallow_obstacle(const TableInventory& table) const {
  if (is_shallow_clone(table)) return "a shallow clone cannot be cloned shallowly once more";
  if (!is_delta(table))
    return fmt::format("only Delta tables can be cloned shallowly; this one is {}", table.data_source_format);
  if (is_external(table) && !map_location(plan_.spec(), table.storage_location)) {
    return "the shallow clone of an external table must be external: add its location to location_map";
  }
  return {};
}

std::string TablePlanner::columns_obstacle(const TableInventory& table) const {
  if (table.columns.empty()) return "its columns are not visible to this identity";
  for (const ColumnInventory& column : table.columns) {
    if (column.type_text.empty()) return fmt::format("the type of column `{}` is not known", column.name);
    const std::string broken = embedding_obstacle(column.type_text);
    if (!broken.empty() || ends_in_line_comment(column.type_text)) {
      return fmt::format("the type of column `{}` is not a type: {}", column.name,
                         broken.empty() ? "it ends in a comment" : broken);
    }
  }
  return {};
}

std::string TablePlanner::replacement_obstacle(const TableInventory& there) const {
  // The server refuses to change a table's type in place (UPDATE_TABLE_TYPE).
  const bool shallow = plan_.spec().mode == CloneMode::shallow;
  if (shallow == is_shallow_clone(there)) return {};
  return shallow ? "the destination has a full table of that name, which a shallow clone cannot replace; drop it first"
                 : "the destination has a shallow clone of that name, which a full table cannot replace; drop it first";
}

void TablePlanner::verdicts_of_made(const ObjectRef& ref, const TableInventory& table,
                                    const std::optional<std::string>& location) {
  const CloneSpec& spec = plan_.spec();
  if (spec.mode == CloneMode::schema_only) {
    plan_.verdict(ref, "definition", FidelityVerdict::recreated, "columns, types, NOT NULL and comments");
    plan_.verdict(ref, "data", FidelityVerdict::skipped, "mode schema_only makes empty tables");
    plan_.verdict(ref, "properties", FidelityVerdict::skipped,
                  "mode schema_only takes over no partitioning, clustering, defaults, constraints or table properties");
  } else if (!is_delta(table)) {
    plan_.verdict(ref, "data", FidelityVerdict::recreated,
                  fmt::format("the clone of a {} table is a Delta table", table.data_source_format));
  } else if (spec.mode == CloneMode::shallow) {
    plan_.verdict(ref, "data", FidelityVerdict::copied,
                  "shares the source's data files: dropping the source or VACUUM on it breaks the clone");
  } else {
    plan_.verdict(ref, "data", FidelityVerdict::copied);
  }
  if (!is_external(table)) return;
  plan_.verdict(ref, "location", FidelityVerdict::recreated,
                location ? fmt::format("an external table at {}", *location)
                         : fmt::format("no entry of location_map fits {}: it becomes a managed table",
                                       table.storage_location.empty() ? "its location" : table.storage_location));
}

void TablePlanner::verdicts_on_protection(const ObjectRef& ref, const TableInventory& table) {
  const std::string_view why = "a copy without it would show what it hides; set it on the destination by hand";
  if (table.has_row_filter) plan_.verdict(ref, "row filter", FidelityVerdict::skipped, std::string(why));
  if (table.has_column_mask) plan_.verdict(ref, "column masks", FidelityVerdict::skipped, std::string(why));
}

/// What even a complete clone does not have.
void TablePlanner::verdicts_on_loss(const ObjectRef& ref, const TableInventory& table) {
  verdicts_on_protection(ref, table);
  plan_.verdict(ref, "history", FidelityVerdict::skipped, "a clone starts a history of its own");
  plan_.verdict(ref, "keys", FidelityVerdict::skipped,
                "primary and foreign keys, which are informational, are not cloned");
}

}  // namespace dbxauth::clone
