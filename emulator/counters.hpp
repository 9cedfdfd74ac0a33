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
  void reset();
  /// {"requests","statements","by_route":{"GET /api/…/{name}":n},"by_statement":{"CLONE":n}}
  std::string to_json() const;

 private:
  mutable std::mutex mutex_;
  std::int64_t requests_ = 0;
  std::int64_t statements_ = 0;
  std::map<std::string, std::int64_t> by_route_;
  std::map<std::string, std::int64_t> by_statement_;
};

}  // namespace dbxauth::emulator
