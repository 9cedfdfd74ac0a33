// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "seed_data.hpp"
#include "sql_engine.hpp"

namespace dbxauth::emulator {

/// A metastore with a seed and an engine on it.
struct SqlFixture {
  explicit SqlFixture(const std::string& seed = "empty") {
    auto opened = Metastore::open({});
    REQUIRE(opened);
    metastore = std::move(*opened);
    const auto seeded = seed_metastore(*metastore, seed);
    if (!seeded) INFO(seeded.error().message);
    if (!seeded) FAIL(seeded.error().message);
    engine = std::make_unique<SqlEngine>(*metastore);
  }

  StatementOutcome try_as(const std::string& who, const std::string& sql,
                          const std::vector<SqlParameter>& parameters = {}) {
    return engine->execute({who, catalog, schema}, sql, parameters);
  }
  SqlResult as(const std::string& who, const std::string& sql, const std::vector<SqlParameter>& parameters = {}) {
    auto outcome = try_as(who, sql, parameters);
    INFO(sql);
    if (!outcome) FAIL(outcome.error().message);
    return std::move(*outcome);
  }
  SqlResult run(const std::string& sql, const std::vector<SqlParameter>& parameters = {}) {
    return as("alice@example.com", sql, parameters);
  }
  /// The only value of the only row; "NULL" for a null.
  std::string value(const std::string& sql) {
    const auto result = run(sql);
    INFO(sql);
    REQUIRE(result.rows.size() == 1);
    REQUIRE(result.rows[0].size() == 1);
    return result.rows[0][0].value_or("<null>");
  }
  ApiError refusal(const std::string& sql, const std::string& who = "alice@example.com") {
    auto outcome = try_as(who, sql);
    INFO(sql);
    REQUIRE_FALSE(outcome.has_value());
    return outcome.error();
  }
  std::string state_of(const std::string& sql, const std::string& who = "alice@example.com") {
    return refusal(sql, who).sql_state;
  }

  std::unique_ptr<Metastore> metastore;
  std::unique_ptr<SqlEngine> engine;
  std::string catalog = "c";
  std::string schema = "s";
};

}  // namespace dbxauth::emulator
