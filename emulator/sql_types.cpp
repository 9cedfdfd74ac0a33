// SPDX-License-Identifier: Apache-2.0
#include "sql_types.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "metastore.hpp"

namespace dbxauth::emulator {
namespace {
int rank_of(const SqlType& type) {
  if (type.is("tinyint")) return 1;
  if (type.is("smallint")) return 2;
  if (type.is("int")) return 3;
  if (type.is("bigint")) return 4;
  if (type.is_decimal()) return 5;
  if (type.is("float")) return 6;
  if (type.is("double")) return 7;
  return 0;
}
int integer_digits(const SqlType& type) {
  switch (rank_of(type)) {
    case 1:
      return 3;
    case 2:
      return 5;
    case 3:
      return 10;
    case 4:
      return 20;
    default:
      return type.precision - type.scale;
  }
}
}  // namespace

SqlType decimal_type(int precision, int scale) {
  precision = std::min(precision, 38);
  scale = std::min(scale, precision);
  return {"decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")", precision, scale};
}

SqlType sql_type(std::string_view text) {
  SqlType type{base::to_lower(text), 0, 0};
  if (!type.is_decimal()) return type;
  const auto open = type.text.find('(');
  if (open == std::string::npos) return decimal_type(10, 0);
  const auto comma = type.text.find(',', open);
  const int precision = std::atoi(type.text.c_str() + open + 1);
  return decimal_type(precision, comma == std::string::npos ? 0 : std::atoi(type.text.c_str() + comma + 1));
}

std::string type_name_of(std::string_view type_text) {
  const std::string text = base::to_lower(type_text);
  const std::string head = text.substr(0, text.find_first_of("(<"));
  if (head == "bigint") return "LONG";
  if (head == "smallint") return "SHORT";
  if (head == "tinyint") return "BYTE";
  if (head == "void") return "NULL";
  if (head.compare(0, 8, "interval") == 0) return "INTERVAL";
  return base::to_upper(head);
}

std::string sqlite_affinity(std::string_view type_text) {
  const SqlType type = sql_type(type_text);
  if (type.is_integer() || type.is("boolean")) return "INTEGER";
  if (type.is_floating() || type.is_decimal()) return "REAL";
  if (type.is("binary")) return "BLOB";
  return "TEXT";
}

SqlType common_type(const SqlType& a, const SqlType& b) {
  if (a == b || b.is("void")) return a;
  if (a.is("void")) return b;
  if (a.is_numeric() && b.is_numeric()) {
    if (a.is_decimal() || b.is_decimal()) {
      if (a.is_floating() || b.is_floating()) return sql_type("double");
      const int scale = std::max(a.scale, b.scale);
      return decimal_type(std::max(integer_digits(a), integer_digits(b)) + scale, scale);
    }
    return rank_of(a) >= rank_of(b) ? a : b;
  }
  if ((a.is("date") && b.is("timestamp")) || (a.is("timestamp") && b.is("date"))) return sql_type("timestamp");
  // A string beside a number or date is cast to it ("Data type rules: implicit crosscasting"); else both become
  // strings.
  if (a.is("string") && b.is_numeric()) return b.is_integer() ? sql_type("bigint") : b;
  if (b.is("string") && a.is_numeric()) return a.is_integer() ? sql_type("bigint") : a;
  return sql_type("string");
}

std::string ColumnInfo::type_name() const {
  return type_name_of(type_text);
}
int ColumnInfo::precision() const {
  return sql_type(type_text).precision;
}
int ColumnInfo::scale() const {
  return sql_type(type_text).scale;
}

}  // namespace dbxauth::emulator
