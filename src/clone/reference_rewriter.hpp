// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbxauth::clone {

/// Where a SQL text stands and what its references shall become.
struct RewriteContext {
  std::string source_catalog;
  std::string destination_catalog;
  std::string schema;  ///< Schema of the object that the text defines: one-part names resolve in it.
};

/// An object of the source catalog that a text refers to, as written there.
struct SqlDependency {
  std::string schema;
  std::string object;
  bool called = false;         ///< Followed by `(`: a function. Otherwise a relation.
  bool names_catalog = false;  ///< Three parts; false: one or two parts, resolved by the text's own catalog and schema.
};

struct RewrittenSql {
  std::string text;
  std::vector<SqlDependency> dependencies;  ///< In order of first appearance, without duplicates.
  std::vector<std::string> notes;           ///< What could not be decided and was left as it is; sentences for people.
};

/// Makes a view's or function's text refer to the destination catalog.
///
/// Rule. A name of the form `catalog.schema.object`, white space and comments between the parts allowed, parts quoted
/// or not, compared ignoring case, refers to the source catalog when its first part is that catalog's name and it
/// stands
///   * where a relation is due: behind FROM, JOIN, TABLE, STREAM or a comma of a FROM clause (exactly three parts), or
///   * directly before `(`, that is, a function call (exactly three parts), or
///   * in an expression with at least one more part (`catalog.schema.table.column`, `….*`), and the same relation
///   stands
///     in a FROM clause of the text; a relation whose alias is the catalog's own name makes that ambiguous: a note.
/// Everything else (`alias.column.field`, a schema named like the catalog, strings, comments, other catalogs, bodies
/// between `$$`) stays byte for byte. Only the first part is replaced. `information_schema` is treated like any schema,
/// but is no dependency. Names of common table expressions are not dependencies where they are visible.
///
/// Pure; survives any input.
RewrittenSql rewrite_references(std::string_view sql, const RewriteContext& context);

}  // namespace dbxauth::clone
