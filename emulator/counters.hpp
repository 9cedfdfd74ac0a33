// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace dbxauth::emulator {

/// What clients did since the start or the last reset. Requests to `/_emulator/` are not counted. Thread-safe.
class Counters {
 public:
  void count_request(const std::string& route);
  void count_statement(const std::string& kind);
  void count_program(const std::string& command);  ///< Of the fake Azure CLI: "az_account_show", "az_get_access_token".
  void reset();
  /// {"requests","statements","by_route":{"GET /api/…/{name}":n},"by_statement":{"CLONE":n},"az_account_show":n,
  /// "az_get_access_token":n}
  std::string to_json() const;

 private:
  mutable std::mutex mutex_;
  std::int64_t requests_ = 0;
  std::int64_t statements_ = 0;
  std::map<std::string, std::int64_t> by_route_;
  std::map<std::string, std::int64_t> by_statement_;
  std::map<std::string, std::int64_t> by_program_{{"az_account_show", 0}, {"az_get_access_token", 0}};
};

}  // namespace dbxauth::emulator
