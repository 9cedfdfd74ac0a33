// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dbxauth::emulator {

/// A Databricks SQL data type ("Databricks SQL language manual: Data types"). `text` is the DDL spelling, lower case.
struct SqlType {
  std::string text = "string";
  int precision = 0;  ///< decimal only.
  int scale = 0;

  bool operator==(const SqlType& other) const { return text == other.text; }
  bool is(std::string_view name) const { return text == name; }
  bool is_decimal() const { return text.compare(0, 7, "decimal") == 0; }
  bool is_integer() const { return is("tinyint") || is("smallint") || is("int") || is("bigint"); }
  bool is_floating() const { return is("float") || is("double"); }
  bool is_numeric() const { return is_integer() || is_floating() || is_decimal(); }
};

SqlType sql_type(std::string_view text);               ///< From a normalised DDL spelling.
SqlType decimal_type(int precision, int scale);        ///< Bounded to 38 as Spark does.
std::string type_name_of(std::string_view type_text);  ///< REST spelling: "bigint" → LONG.
/// "INTEGER", "REAL", "TEXT" or "BLOB". Decimals are kept as REAL: exact to 15 digits.
std::string sqlite_affinity(std::string_view type_text);
/// The type two branches or operands meet in (CASE, COALESCE, UNION, arithmetic).
SqlType common_type(const SqlType& a, const SqlType& b);

}  // namespace dbxauth::emulator
