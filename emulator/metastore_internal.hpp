// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "metastore.hpp"

namespace dbxauth::emulator {

/// Schemas of SQLite that rows are spread over when the state is in memory; SQLite attaches ten at most.
constexpr int shard_count = 9;
inline bool in_memory(const MetastoreOptions& options) {
  return options.database_path == ":memory:";
}

/// 404 of REST and the "not found" class of SQL for one object.
ApiError does_not_exist(SecurableKind kind, const std::vector<std::string>& path);
/// 409 of REST and the "already exists" class of SQL.
ApiError already_exists(SecurableKind kind, const std::vector<std::string>& path);

/// What one principal holds, gathered once and kept until a grant or a group changes.
struct Metastore::Rights {
  bool everything = false;  ///< The system.
  bool admin = false;
  std::unordered_set<std::string> names;  ///< The principal and its groups.
  std::unordered_map<std::int64_t, PrivilegeMask> granted;

  bool owns(const std::string& owner) const { return names.count(owner) != 0; }
  PrivilegeMask on(std::int64_t row_id) const {
    const auto found = granted.find(row_id);
    return found == granted.end() ? 0 : found->second;
  }
};

}  // namespace dbxauth::emulator
