// SPDX-License-Identifier: Apache-2.0
#include "database.hpp"

#include <sqlite3.h>

#include <utility>

namespace dbxauth::emulator {

Query::Query(Query&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), owned_(other.owned_), failed_(other.failed_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  if (owned_) {
    sqlite3_finalize(statement_);
  } else {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
}

Query& Query::bind(int index, std::string_view text) {
  // An empty view may have a null pointer, which SQLite would take for NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Query& Query::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Query& Query::bind(int index, double value) {
  sqlite3_bind_double(statement_, index, value);
  return *this;
}

Query& Query::bind(int index, const std::optional<std::string>& text) {
  return text ? bind(index, std::string_view(*text)) : bind_null(index);
}

Query& Query::bind_null(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

bool Query::next() {
  if (failed_ || statement_ == nullptr) return false;
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  failed_ = status != SQLITE_DONE;
  return false;
}

bool Query::run() {
  while (next()) {
  }
  return !failed_;
}

std::string Query::error() const {
  return sqlite3_errmsg(sqlite3_db_handle(statement_));
}

std::string Query::text(int column) const {
  return optional_text(column).value_or(std::string());
}

std::optional<std::string> Query::optional_text(int column) const {
  const auto* data = sqlite3_column_text(statement_, column);
  if (data == nullptr) return std::nullopt;
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return std::string(reinterpret_cast<const char*>(data), size);
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double Query::real(int column) const {
  return sqlite3_column_double(statement_, column);
}
bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
int Query::column_type(int column) const {
  return sqlite3_column_type(statement_, column);
}
int Query::column_count() const {
  return sqlite3_column_count(statement_);
}

Outcome<std::unique_ptr<Database>> Database::open(const std::string& path) {
  sqlite3* connection = nullptr;
  const int status = sqlite3_open_v2(path.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (status != SQLITE_OK) {
    std::string reason = connection != nullptr ? sqlite3_errmsg(connection) : "out of memory";
    sqlite3_close(connection);
    return refuse(internal_error("Cannot open the state file " + path + ": " + reason));
  }
  std::unique_ptr<Database> database(new Database(connection));
  // The state is scratch: a crash of the machine may lose it, a crash of the process may not.
  if (auto done = database->run("PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA journal_mode=MEMORY;");
      !done) {
    return refuse(internal_error("Cannot prepare the state file " + path + ": " + done.error()));
  }
  return database;
}

Database::~Database() {
  for (auto& [sql, statement] : cache_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

Query Database::query(std::string_view sql) {
  std::string key(sql);
  auto found = cache_.find(key);
  if (found == cache_.end()) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v3(connection_, key.c_str(), static_cast<int>(key.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                       nullptr);
    found = cache_.emplace(std::move(key), statement).first;
  } else if (found->second != nullptr && sqlite3_stmt_busy(found->second) != 0) {
    // Taken by a caller further up: give this one a statement of its own.
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    return Query(statement, true);
  }
  return Query(found->second, false);
}

tl::expected<Query, std::string> Database::prepare_once(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection_, sql.c_str(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK) {
    return tl::unexpected<std::string>(sqlite3_errmsg(connection_));
  }
  return Query(statement, true);
}

tl::expected<void, std::string> Database::run(const std::string& sql) {
  char* message = nullptr;
  if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return {};
  std::string reason = message != nullptr ? message : "unknown error";
  sqlite3_free(message);
  return tl::unexpected<std::string>(std::move(reason));
}

std::int64_t Database::last_row_id() const {
  return sqlite3_last_insert_rowid(connection_);
}
std::int64_t Database::changed_rows() const {
  return sqlite3_changes64(connection_);
}

std::string quote_sqlite_name(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string quote_sqlite_text(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'') {
      quoted += "''";
    } else if (c == '\0') {
      quoted += "'||char(0)||'";
    } else {
      quoted += c;
    }
  }
  return "(" + quoted + "')";
}

}  // namespace dbxauth::emulator
