// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/catalog.hpp"
#include "dbxauth/clone.hpp"

namespace dbxauth::clone {

/// Kinds of objects that grants, tags and comments are put on. The order is the order of a plan's attribute steps.
enum class Securable { catalog, schema, table, view, function, volume };

/// "table"; for ids.
std::string_view name_of(Securable kind) noexcept;

/// Whether an existing object is left alone (IF NOT EXISTS) or replaced (OR REPLACE).
enum class OnExisting { keep, replace };

// The statements of a clone, in the forms of the Databricks SQL language manual. Names are complete and quoted already
// ("`staging`.`sales`.`orders`"); everything else is quoted here. None ends in a semicolon.

/// CREATE CATALOG. An empty comment or location leaves the clause out.
std::string create_catalog_sql(const std::string& name, std::string_view managed_location, std::string_view comment);
std::string create_schema_sql(const std::string& name, std::string_view comment);

/// CREATE TABLE … DEEP | SHALLOW CLONE. With a location the table is an external one.
std::string clone_table_sql(const std::string& name, const std::string& source, CloneMode mode, OnExisting on_existing,
                            std::string_view location);

/// An empty table with the columns of `table`: types, NOT NULL and comments.
std::string create_table_sql(const std::string& name, const TableInventory& table, OnExisting on_existing,
                             std::string_view location, bool with_comments);

/// The column list is always given where the columns are known: the text alone does not tell names given by such a
/// list.
std::string create_view_sql(const std::string& name, const TableInventory& view, std::string_view text,
                            OnExisting on_existing, bool with_comments);

/// `function.definition` and the defaults must have been rewritten already.
std::string create_function_sql(const std::string& name, const FunctionInventory& function, OnExisting on_existing,
                                bool with_comments);

std::string create_volume_sql(const std::string& name, std::string_view location, std::string_view comment);

std::string comment_on_sql(Securable kind, const std::string& name, std::string_view comment);
std::string column_comment_sql(const std::string& table, std::string_view column, std::string_view comment);

std::string set_tags_sql(Securable kind, const std::string& name, const std::map<std::string, std::string>& tags);
std::string set_column_tags_sql(const std::string& table, std::string_view column,
                                const std::map<std::string, std::string>& tags);

/// One GRANT with all `privileges` (REST spelling, "USE_CATALOG"), which must not be empty.
std::string grant_sql(const std::vector<std::string>& privileges, Securable kind, const std::string& name,
                      std::string_view principal);

/// True for what can stand in a GRANT: upper-case words joined with underscores. Ownership is none.
bool is_grantable(std::string_view privilege) noexcept;

}  // namespace dbxauth::clone
