// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"

namespace dbxauth::emulator {

enum class ConnectionDrop { none, before_handler, after_handler };

/// One rule of `POST /_emulator/faults`. A request matches by method and path; of the matching requests those from
/// number `nth` on (1 is the first), at most `times` of them (0: no limit), each with `probability`.
struct FaultRule {
  std::int64_t id = 0;
  std::string method = "*";  ///< "GET", …; "*" is any.
  std::string path = "*";    ///< Glob over the path as sent: `*` any run, `?` any one character.
  std::int64_t nth = 1;
  std::int64_t times = 0;
  double probability = 1.0;

  int status = 0;  ///< Answer this instead of calling the handler; 0: the handler runs.
  std::optional<std::string> body;
  bool html = false;  ///< A login page in HTML, status 200 unless `status` says otherwise.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Added to the answer, for example Retry-After.
  std::int64_t latency_ms = 0;
  ConnectionDrop drop = ConnectionDrop::none;
  std::optional<std::int64_t>
      truncate_body_at;          ///< The answer's body ends after this many bytes, as a complete message.
  bool truncate_closes = false;  ///< Content-Length still promises the whole body, and the connection closes.
  std::int64_t slow_body_bytes_per_s = 0;

  std::int64_t matched = 0;  ///< Requests that matched method and path.
  std::int64_t applied = 0;  ///< Requests that got the fault.
};

/// The rules in force. The first rule that applies to a request wins. Thread-safe.
class FaultPlan {
 public:
  /// Adds the rules of `{"rules":[…]}`, of one bare rule, or of a bare array; returns their ids. Throws RequestError
  /// when a member is unknown or wrong: a misspelt fault that does nothing would make a test pass for no reason.
  std::vector<std::int64_t> add(base::JsonView body);
  void clear();
  std::string to_json() const;
  std::optional<FaultRule> match(std::string_view method, std::string_view path);

 private:
  mutable std::mutex mutex_;
  std::vector<FaultRule> rules_;
  std::int64_t next_id_ = 1;
  std::mt19937_64 random_{20240229};  // fixed: a run with probabilities can be repeated
};

}  // namespace dbxauth::emulator
