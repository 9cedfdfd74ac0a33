// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api_error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace dbxauth::emulator {

/// One prepared SQLite statement in use; goes back to its Database's cache when it ends. Parameters count from 1,
/// columns from 0. A failed step ends the rows and is kept in `failed()`.
class Query {
 public:
  Query(sqlite3_stmt* statement, bool owned) noexcept : statement_(statement), owned_(owned) {}
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();

  Query& bind(int index, std::string_view text);
  Query& bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Query& bind(int index, const std::string& text) { return bind(index, std::string_view(text)); }
  Query& bind(int index, std::int64_t value);
  Query& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
  Query& bind(int index, double value);
  Query& bind(int index, const std::optional<std::string>& text);
  Query& bind_null(int index);

  bool next();  ///< True while there is a row.
  bool run();   ///< Steps to the end; false on failure.
  bool failed() const { return failed_; }
  std::string error() const;

  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;
  int column_type(int column) const;  ///< SQLITE_INTEGER, …
  int column_count() const;
  sqlite3_stmt* handle() const { return statement_; }

 private:
  sqlite3_stmt* statement_;
  bool owned_;
  bool failed_ = false;
};

/// One SQLite connection with a cache of prepared statements. Not thread-safe: its owner serialises.
class Database {
 public:
  static Outcome<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Prepares, or takes from the cache, a fixed statement text of ours.
  Query query(std::string_view sql);
  /// Prepares a text made for one use; the error is SQLite's message.
  tl::expected<Query, std::string> prepare_once(const std::string& sql);
  /// Runs one or more statements without parameters; the error is SQLite's message.
  tl::expected<void, std::string> run(const std::string& sql);
  std::int64_t last_row_id() const;
  std::int64_t changed_rows() const;
  sqlite3* handle() const { return connection_; }

 private:
  explicit Database(sqlite3* connection) noexcept : connection_(connection) {}
  sqlite3* connection_;
  std::unordered_map<std::string, sqlite3_stmt*> cache_;
};

std::string quote_sqlite_name(std::string_view name);  ///< "na""me"
std::string quote_sqlite_text(std::string_view text);  ///< ('te''xt'); in parentheses; a NUL becomes char(0).

}  // namespace dbxauth::emulator
