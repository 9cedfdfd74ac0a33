// SPDX-License-Identifier: Apache-2.0
#include "faults.hpp"

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "request_error.hpp"

namespace dbxauth::emulator {

namespace {

std::int64_t count_of(std::string_view name, base::JsonView value, std::int64_t least) {
  const auto number = value.as_integer();
  if (!number || *number < least)
    throw bad_parameter("fault rule: '" + std::string(name) + "' expects an integer of at least " +
                        std::to_string(least));
  return *number;
}

std::string text_of(std::string_view name, base::JsonView value) {
  const auto text = value.as_text();
  if (!text) throw bad_parameter("fault rule: '" + std::string(name) + "' expects a string");
  return *text;
}

bool flag_of(std::string_view name, base::JsonView value) {
  const auto flag = value.as_boolean();
  if (!flag) throw bad_parameter("fault rule: '" + std::string(name) + "' expects true or false");
  return *flag;
}

ConnectionDrop drop_of(base::JsonView value) {
  const std::string_view text = value.string_or();
  if (text == "before" || text == "before_handler") return ConnectionDrop::before_handler;
  if (text == "after" || text == "after_handler") return ConnectionDrop::after_handler;
  throw bad_parameter("fault rule: 'drop_connection' expects \"before\" or \"after\" (the handler)");
}

void read_member(FaultRule& rule, std::string_view key, base::JsonView value) {
  if (key == "method")
    rule.method = base::to_upper(text_of(key, value));
  else if (key == "path")
    rule.path = text_of(key, value);
  else if (key == "nth")
    rule.nth = count_of(key, value, 1);
  else if (key == "times")
    rule.times = count_of(key, value, 0);
  else if (key == "probability") {
    const auto number = value.as_number();
    if (!number || *number < 0 || *number > 1) throw bad_parameter("fault rule: 'probability' expects 0 to 1");
    rule.probability = *number;
  } else if (key == "status") {
    rule.status = static_cast<int>(count_of(key, value, 100));
    if (rule.status > 599) throw bad_parameter("fault rule: 'status' expects 100 to 599");
  } else if (key == "body")
    rule.body = text_of(key, value);
  else if (key == "html")
    rule.html = flag_of(key, value);
  else if (key == "headers") {
    if (!value.is_object()) throw bad_parameter("fault rule: 'headers' expects an object");
    value.each_member([&](std::string_view name, base::JsonView text) {
      rule.headers.emplace_back(std::string(name), text_of("headers", text));
    });
  } else if (key == "latency_ms")
    rule.latency_ms = count_of(key, value, 0);
  else if (key == "drop_connection")
    rule.drop = drop_of(value);
  else if (key == "truncate_body_at")
    rule.truncate_body_at = count_of(key, value, 0);
  else if (key == "truncate_closes")
    rule.truncate_closes = flag_of(key, value);
  else if (key == "slow_body_bytes_per_s")
    rule.slow_body_bytes_per_s = count_of(key, value, 1);
  else
    throw bad_parameter("fault rule: unknown member '" + std::string(key) + "'");
}

FaultRule read_rule(base::JsonView value) {
  if (!value.is_object()) throw bad_parameter("fault rule: expects an object");
  FaultRule rule;
  value.each_member([&](std::string_view key, base::JsonView member) { read_member(rule, key, member); });
  if (rule.path.empty()) throw bad_parameter("fault rule: 'path' is empty");
  return rule;
}

}  // namespace

std::vector<std::int64_t> FaultPlan::add(base::JsonView body) {
  std::vector<FaultRule> read;
  const base::JsonView rules = body.is_array() ? body : body["rules"];
  if (rules.is_array())
    rules.each_element([&](base::JsonView rule) { read.push_back(read_rule(rule)); });
  else
    read.push_back(read_rule(body));

  std::vector<std::int64_t> ids;
  const std::lock_guard lock(mutex_);
  for (FaultRule& rule : read) {
    rule.id = next_id_++;
    ids.push_back(rule.id);
    rules_.push_back(std::move(rule));
  }
  return ids;
}

void FaultPlan::clear() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
}

std::string FaultPlan::to_json() const {
  const std::lock_guard lock(mutex_);
  base::JsonWriter json;
  json.begin_object().key("rules").begin_array();
  for (const FaultRule& rule : rules_) {
    json.begin_object();
    json.member("id", rule.id).member("method", rule.method).member("path", rule.path);
    json.member("nth", rule.nth).member("times", rule.times).key("probability").number(rule.probability);
    json.member("status", rule.status).member("html", rule.html).member("latency_ms", rule.latency_ms);
    if (rule.body) json.member("body", *rule.body);
    json.key("headers").begin_object();
    for (const auto& [name, value] : rule.headers) json.member(name, value);
    json.end_object();
    if (rule.truncate_body_at) json.member("truncate_body_at", *rule.truncate_body_at);
    json.member("truncate_closes", rule.truncate_closes).member("slow_body_bytes_per_s", rule.slow_body_bytes_per_s);
    json.member("drop_connection", rule.drop == ConnectionDrop::none             ? ""
                                   : rule.drop == ConnectionDrop::before_handler ? "before"
                                                                                 : "after");
    json.member("matched", rule.matched).member("applied", rule.applied);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::optional<FaultRule> FaultPlan::match(std::string_view method, std::string_view path) {
  const std::lock_guard lock(mutex_);
  for (FaultRule& rule : rules_) {
    if (rule.method != "*" && rule.method != method) continue;
    if (!base::glob_match(rule.path, path)) continue;
    ++rule.matched;
    if (rule.matched < rule.nth) continue;
    if (rule.times != 0 && rule.applied >= rule.times) continue;
    if (rule.probability < 1.0 && std::uniform_real_distribution<double>(0, 1)(random_) >= rule.probability) continue;
    ++rule.applied;
    return rule;
  }
  return std::nullopt;
}

}  // namespace dbxauth::emulator
