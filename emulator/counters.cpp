// SPDX-License-Identifier: Apache-2.0
#include "counters.hpp"

#include "base/json_writer.hpp"

namespace dbxauth::emulator {

void Counters::count_request(const std::string& route) {
  const std::lock_guard lock(mutex_);
  ++requests_;
  ++by_route_[route];
}

void Counters::count_statement(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  ++statements_;
  ++by_statement_[kind];
}

void Counters::count_program(const std::string& command) {
  const std::lock_guard lock(mutex_);
  ++by_program_[command];
}

void Counters::reset() {
  const std::lock_guard lock(mutex_);
  requests_ = statements_ = 0;
  by_route_.clear();
  by_statement_.clear();
  for (auto& [command, count] : by_program_) count = 0;
}

std::string Counters::to_json() const {
  const std::lock_guard lock(mutex_);
  base::JsonWriter json;
  json.begin_object().member("requests", requests_).member("statements", statements_);
  json.key("by_route").begin_object();
  for (const auto& [route, count] : by_route_) json.member(route, count);
  json.end_object().key("by_statement").begin_object();
  for (const auto& [kind, count] : by_statement_) json.member(kind, count);
  json.end_object();
  for (const auto& [command, count] : by_program_) json.member(command, count);
  json.end_object();
  return json.take();
}

}  // namespace dbxauth::emulator
