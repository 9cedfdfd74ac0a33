// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql_types.hpp"

struct sqlite3;

namespace dbxauth::emulator {

/// A piece of SQLite SQL and the Databricks type of its value.
struct Rendered {
  std::string sql;
  SqlType type;
  bool aggregate = false;  ///< Holds an aggregate function outside of a window.
};

struct BuiltinCall {
  std::string_view name;  ///< Lower case.
  const std::vector<Rendered>& args;
  bool distinct = false;
};

/// "Databricks SQL language manual: Alphabetical list of built-in functions", the part that the emulator knows.
/// nullopt: no such function. Throws SqlFailure (WRONG_NUM_ARGS.WITHOUT_SUGGESTION, 42605) for a wrong number of
/// arguments.
std::optional<Rendered> render_builtin(const BuiltinCall& call);
/// `a <op> b` for + - * / % DIV.
Rendered render_arithmetic(std::string_view operation, const Rendered& left, const Rendered& right);
/// CAST and implicit casts; nothing when the types agree.
Rendered render_cast(const Rendered& value, const SqlType& type, bool try_cast = false);

/// Registers the functions that rendered SQL calls (dbx_cast, dbx_divide, …).
void register_sql_functions(sqlite3* connection);

}  // namespace dbxauth::emulator
