// SPDX-License-Identifier: Apache-2.0
#include "sql_engine.hpp"

#include <sqlite3.h>

#include <chrono>
#include <exception>

#include "sql_builtins.hpp"
#include "sql_lexer.hpp"
#include "sql_parser.hpp"
#include "statement_runner.hpp"

namespace dbxauth::emulator {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds longest_statement{60};
constexpr int steps_between_looks = 100000;

/// Stops SQLite when one statement runs too long.
class Watch {
 public:
  explicit Watch(sqlite3* connection) : connection_(connection), until_(Clock::now() + longest_statement) {
    sqlite3_progress_handler(
        connection_, steps_between_looks,
        [](void* watch) { return Clock::now() > static_cast<Watch*>(watch)->until_ ? 1 : 0; }, this);
  }
  ~Watch() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  sqlite3* connection_;
  Clock::time_point until_;
};

}  // namespace

struct SqlEngine::Impl {
  Metastore& metastore;
};

SqlEngine::SqlEngine(Metastore& metastore) : impl_(new Impl{metastore}) {
  const auto guard = metastore.lock();
  register_sql_functions(metastore.database().handle());
  // Spark's LIKE minds case, SQLite's does not unless told.
  (void)metastore.database().run("PRAGMA case_sensitive_like = ON");
}

SqlEngine::~SqlEngine() = default;

StatementOutcome SqlEngine::execute(const SqlSession& session, std::string_view sql,
                                    const std::vector<SqlParameter>& parameters) {
  SqlResult result;
  const auto done = impl_->metastore.transaction([&]() -> Outcome<void> {
    try {
      const Watch watch(impl_->metastore.database().handle());
      SqlParser parser(sql, parameters);
      const Statement statement = parser.parse_statement();
      StatementRunner runner(impl_->metastore, session, sql);
      result = runner.run(statement);
      return {};
    } catch (const SqlFailure& failure) {
      return refuse(failure.error);
    } catch (const std::exception& error) {
      return refuse(internal_error(std::string("The emulator failed to run the statement: ") + error.what()));
    }
  });
  if (!done) return refuse(as_sql_error(done.error()));
  return result;
}

namespace {

std::string kind_of_create(const std::vector<Token>& tokens, std::size_t at) {
  const auto word = [&](std::size_t i) { return i < tokens.size() ? tokens[i].upper : std::string(); };
  if (word(at) == "OR" && word(at + 1) == "REPLACE") at += 2;
  if (word(at) == "EXTERNAL") ++at;
  const std::string what = word(at);
  if (what == "CATALOG" || what == "VIEW" || what == "FUNCTION" || what == "VOLUME" || what == "SCHEMA")
    return "CREATE_" + what;
  if (what == "DATABASE") return "CREATE_SCHEMA";
  if (what != "TABLE") return "UNKNOWN";
  int depth = 0;
  for (std::size_t i = at + 1; i < tokens.size(); ++i) {
    if (tokens[i].text == "(" && tokens[i].kind == TokenKind::symbol) ++depth;
    if (tokens[i].text == ")" && tokens[i].kind == TokenKind::symbol) --depth;
    if (depth == 0 && word(i) == "CLONE") return "CLONE";
    if (depth == 0 && (word(i) == "SELECT" || word(i) == "WITH" || word(i) == "AS")) return "CREATE_TABLE_AS_SELECT";
  }
  return "CREATE_TABLE";
}

}  // namespace

std::string statement_kind(std::string_view sql) {
  std::vector<Token> tokens;
  try {
    tokens = tokenize_sql(sql);
  } catch (const SqlFailure&) {
    return "UNKNOWN";
  }
  std::size_t at = 0;
  while (tokens[at].kind == TokenKind::symbol && tokens[at].text == "(") ++at;
  const std::string first = tokens[at].upper;
  if (first == "SELECT" || first == "WITH" || first == "VALUES" || first == "TABLE") return "SELECT";
  if (first == "CREATE") return kind_of_create(tokens, at + 1);
  if (first == "REPLACE") return kind_of_create(tokens, at + 1);
  if (first == "DROP" || first == "ALTER") {
    const std::string& second = tokens[at + 1].upper;
    return second.empty() ? "UNKNOWN" : first + "_" + (second == "DATABASE" ? "SCHEMA" : second);
  }
  if (first == "DESC") return "DESCRIBE";
  for (const auto* known :
       {"COMMENT", "GRANT", "REVOKE", "SHOW", "DESCRIBE", "INSERT", "DELETE", "UPDATE", "TRUNCATE", "USE"}) {
    if (first == known) return first;
  }
  return "UNKNOWN";
}

}  // namespace dbxauth::emulator
