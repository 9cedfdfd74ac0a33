// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metastore.hpp"
#include "sql_engine.hpp"

namespace dbxauth::emulator {

/// Runs statements as the system, with names looked up in `catalog`; the first refusal ends it and names its statement.
Outcome<void> run_seed_statements(SqlEngine& engine, const std::string& catalog,
                                  const std::vector<std::string_view>& statements);
/// The eight TPC-H tables with generated rows: `<catalog>.sales` (customer, orders, lineitem) and
/// `<catalog>.reference`.
Outcome<void> seed_tpch(SqlEngine& engine, const std::string& catalog);
Outcome<void> seed_demo(Metastore& metastore);

}  // namespace dbxauth::emulator
