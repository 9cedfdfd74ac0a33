// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/workspace.hpp"

namespace dbxauth::catalog {

/// One relation of a catalog's information_schema and how it is read.
/// https://docs.databricks.com/sql/language-manual/sql-ref-information-schema.html
struct Relation {
  std::string_view name;       ///< "tables".
  std::string_view columns;    ///< What is selected; `*` where runtimes differ in the names of the columns.
  std::string_view condition;  ///< The WHERE clause without the keyword; may be empty.
  bool required = false;       ///< Without it there is no inventory.
};

/// The fixed set that an inventory consists of, whatever the size of the catalog.
const std::vector<Relation>& inventory_relations();

/// `SELECT … FROM `catalog`.information_schema.<relation> [WHERE …]`.
std::string select_statement(const Relation& relation, std::string_view catalog);

/// The rows of a relation, by the (lower-case) names of its columns.
class RelationRows {
 public:
  RelationRows() = default;
  explicit RelationRows(StatementResult result);

  std::size_t size() const noexcept { return rows_.size(); }
  /// The position of a column, the first of `names` that exists.
  std::optional<std::size_t> column(std::string_view name, std::string_view other_name = {}) const;
  /// A cell; std::nullopt for SQL NULL and for a column that does not exist.
  const StatementCell& cell(std::size_t row, std::optional<std::size_t> column) const noexcept;
  /// The same, NULL as the empty text.
  std::string_view text(std::size_t row, std::optional<std::size_t> column) const noexcept;

 private:
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::vector<std::vector<StatementCell>> rows_;
};

/// Every relation that could be read, by name, and what could not and why.
struct InformationSchema {
  std::map<std::string, RelationRows, std::less<>> relations;
  std::vector<std::string> unseen;

  /// Empty rows when the relation was not read.
  const RelationRows& rows(std::string_view relation) const;
};

/// Reads all of inventory_relations(), at most `parallelism` statements at a time, the caller's thread included. A
/// relation that does not exist or is denied becomes a line of `unseen`; any other failure, and every failure of a
/// required relation, fails the whole. A result beyond the inline limit is read again by external links, which is safe
/// because these statements only read.
Result<InformationSchema> read_information_schema(const WorkspaceClient& workspace, std::string_view catalog,
                                                  std::string_view warehouse_id, std::size_t parallelism,
                                                  const CallContext& context);

/// True when the failure says that something is hidden from this identity or not there, rather than that it broke.
bool means_unseen(const Error& error) noexcept;

/// "table_tags: permission denied"; the same failure always gives the same text.
std::string unseen_line(std::string_view what, const Error& error);

}  // namespace dbxauth::catalog
