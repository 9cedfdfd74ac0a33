// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_error.hpp"
#include "metastore.hpp"

namespace dbxauth::emulator {

/// Who runs a statement, and where names without catalog or schema are looked up. Nothing persists between statements.
struct SqlSession {
  std::string principal;  ///< Name of a principal of the metastore; empty: the system (no checks).
  std::string catalog;    ///< Empty: the workspace's default, `main` when it exists.
  std::string schema;     ///< Empty: `default`.
};

/// A named parameter marker `:name`. Types: STRING (default), INT, BIGINT, DOUBLE, DECIMAL(p,s), BOOLEAN, DATE,
/// TIMESTAMP.
struct SqlParameter {
  std::string name;
  std::optional<std::string> value;  ///< nullopt is NULL.
  std::string type;                  ///< Empty: STRING.
};

struct ResultColumn {
  std::string name;
  std::string type_text;  ///< "BIGINT", "DECIMAL(12,2)", "ARRAY<STRING>": upper case as in `manifest.schema`.
  std::string type_name;  ///< REST enumeration: LONG, INT, STRING, DECIMAL, …
  int precision = 0;      ///< DECIMAL only.
  int scale = 0;
};

using SqlRow = std::vector<std::optional<std::string>>;

struct SqlResult {
  std::vector<ResultColumn> columns;  ///< Empty for statements without a result.
  std::vector<SqlRow> rows;           ///< Values in the spelling of JSON_ARRAY; nullopt is NULL.
};

/// The refusal's error_code is what `status.error.error_code` carries ("BAD_REQUEST", "PERMISSION_DENIED" is reported
/// as it is).
using StatementOutcome = Outcome<SqlResult>;

/// Runs Databricks SQL on a Metastore. One statement per call; a trailing `;` is taken. What it does not know is an
/// error (PARSE_SYNTAX_ERROR, 42601), never skipped. Thread-safe: statements run one after another under the
/// metastore's lock, each in a transaction of its own. Nothing throws.
class SqlEngine {
 public:
  explicit SqlEngine(Metastore& metastore);
  ~SqlEngine();
  SqlEngine(const SqlEngine&) = delete;
  SqlEngine& operator=(const SqlEngine&) = delete;

  StatementOutcome execute(const SqlSession& session, std::string_view sql,
                           const std::vector<SqlParameter>& parameters = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What kind of statement a text is, for counters, from its first words only: "SELECT", "CLONE", "CREATE_CATALOG",
/// "CREATE_SCHEMA", "CREATE_TABLE", "CREATE_TABLE_AS_SELECT", "CREATE_VIEW", "CREATE_FUNCTION", "CREATE_VOLUME",
/// "DROP_TABLE", "ALTER_TABLE", "COMMENT", "GRANT", "REVOKE", "SHOW", "DESCRIBE", "INSERT", "DELETE", "UPDATE",
/// "TRUNCATE", "USE"; "UNKNOWN" for anything else. Never fails.
std::string statement_kind(std::string_view sql);

}  // namespace dbxauth::emulator
