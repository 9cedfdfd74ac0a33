// SPDX-License-Identifier: Apache-2.0
#include "workspace/statement_execution.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/json_writer.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "net/service_error.hpp"
#include "workspace/statement_error.hpp"
#include "workspace/statement_result.hpp"

namespace dbxauth::workspace {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// https://docs.databricks.com/api/workspace/statementexecution/executestatement
constexpr std::size_t statement_text_limit = std::size_t{16} << 20;
constexpr seconds shortest_wait{5};
constexpr seconds longest_wait{50};
constexpr std::size_t query_tag_limit = 20;

constexpr std::chrono::hours statement_limit{24};
constexpr seconds cancel_limit{5};
constexpr milliseconds first_poll_delay{100};
constexpr milliseconds longest_poll_delay{5000};
constexpr int failed_polls_in_a_row = 5;

constexpr std::string_view statements_path = "/api/2.0/sql/statements";

Error invalid(std::string message) {
  return Error(ErrorCode::invalid_argument, std::move(message));
}

Result<void> check_text(std::string_view name, std::string_view text) {
  // The JSON writer would replace the offending bytes, and another statement would run than the one that was given.
  if (!base::is_valid_utf8(text)) return invalid(fmt::format("{} is not valid UTF-8", name));
  return {};
}

Result<void> check_request(const StatementRequest& request) {
  const seconds wait = request.wait_in_submit;
  if (base::trim(request.sql).empty()) return invalid("the SQL statement is empty");
  if (request.sql.size() > statement_text_limit) {
    return invalid(fmt::format("the SQL statement has {} bytes; the limit is 16 MiB", request.sql.size()));
  }
  if (request.warehouse_id.empty()) {
    return invalid("no warehouse_id was given: name a SQL warehouse, or let choose_warehouse() find one");
  }
  if (wait != seconds(0) && (wait < shortest_wait || wait > longest_wait)) {
    return invalid(fmt::format("wait_in_submit is {} s; it must be 0, or 5 to 50", wait.count()));
  }
  if (request.query_tags.size() > query_tag_limit) {
    return invalid(fmt::format("{} query tags were given; the limit is 20", request.query_tags.size()));
  }
  if (auto valid = check_text("the SQL statement", request.sql); !valid) return valid;
  for (const StatementParameter& parameter : request.parameters) {
    if (parameter.name.empty())
      return invalid("a statement parameter has no name; only named parameters (:name) exist");
    if (!parameter.value) continue;
    if (auto valid = check_text(fmt::format("parameter '{}'", parameter.name), *parameter.value); !valid) return valid;
  }
  return {};
}

// The request may have reached the server: nothing but a look at the query history can tell.
bool answer_was_lost(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::network:
    case ErrorCode::timed_out:
    case ErrorCode::cancelled:
    case ErrorCode::protocol:
      return true;
    default:
      return error.http_status >= 500 && error.http_status != 503;
  }
}

Error with_doubt(Error error, const StatementRequest& request) {
  error.message += fmt::format(
      "; the statement may be running on warehouse {}: look it up in the query history before running it again",
      request.warehouse_id);
  error.retryable = false;
  return error;
}

bool may_pass(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::network:
    case ErrorCode::timed_out:
    case ErrorCode::unavailable:
    case ErrorCode::rate_limited:
    case ErrorCode::server_error:
      return true;
    default:
      return false;
  }
}

Error end_of(std::string_view state, base::JsonView status, const std::string& statement_id) {
  if (state == "FAILED") return statement_error(status, statement_id);
  Error error;
  if (state == "CANCELED") {
    error =
        Error(ErrorCode::cancelled,
              fmt::format("statement {} was cancelled on the server, by somebody else or by a limit of the warehouse",
                          statement_id));
  } else if (state == "CLOSED") {
    error =
        Error(ErrorCode::not_found,
              fmt::format("statement {} has run, but its result is gone: it was closed, or kept longer than the hour "
                          "for which the server keeps results",
                          statement_id));
  } else {
    error = Error(ErrorCode::protocol, fmt::format("statement {} is in the unknown state '{}'", statement_id,
                                                   base::redact_excerpt(state, 40)));
  }
  error.server_code = base::redact_excerpt(state, 40);
  error.request_id = statement_id;
  return error;
}

}  // namespace

std::chrono::seconds wait_within(std::chrono::seconds wished, const CallContext& context) {
  if (!context.deadline || wished <= seconds(0)) return wished;
  const auto left = std::chrono::duration_cast<seconds>(context.remaining(statement_limit)) - cancel_limit;
  if (left >= wished) return wished;
  return left >= shortest_wait ? left : seconds(0);
}

Result<std::string> statement_submit_body(const StatementRequest& request, std::chrono::seconds wait) {
  if (auto valid = check_request(request); !valid) return valid.error();
  base::JsonWriter json;
  json.begin_object();
  json.member("statement", request.sql).member("warehouse_id", request.warehouse_id);
  if (!request.catalog.empty()) json.member("catalog", request.catalog);
  if (!request.schema.empty()) json.member("schema", request.schema);
  json.member("wait_timeout", fmt::format("{}s", wait.count())).member("on_wait_timeout", "CONTINUE");
  json.member("disposition", request.large_result ? "EXTERNAL_LINKS" : "INLINE").member("format", "JSON_ARRAY");
  if (!request.parameters.empty()) {
    json.key("parameters").begin_array();
    for (const StatementParameter& parameter : request.parameters) {
      json.begin_object().member("name", parameter.name);
      if (parameter.value) json.member("value", *parameter.value);
      json.member("type", parameter.type).end_object();
    }
    json.end_array();
  }
  if (!request.query_tags.empty()) {
    json.key("query_tags").begin_array();
    for (const auto& [key, value] : request.query_tags) {
      json.begin_object().member("key", key).member("value", value).end_object();
    }
    json.end_array();
  }
  json.end_object();
  return json.take();
}

Result<StatementResult> StatementExecution::run(const StatementRequest& request, const CallContext& context) const {
  const CallContext limited = context.limited_to(statement_limit);
  if (auto running = limited.check("submitting a statement"); !running) return running.error();
  auto answer = submit(request, limited);
  if (!answer) return answer.error();
  const std::string statement_id(answer->root()["statement_id"].string_or());
  if (request.on_submitted) {
    try {
      request.on_submitted(statement_id);
    } catch (...) {
      return stop(statement_id, Error(ErrorCode::user_callback, "on_submitted threw an exception"));
    }
  }
  auto success = wait_for_success(std::move(*answer), statement_id, limited);
  if (!success) return success.error();
  return StatementResultReader(rest_, plain_, clock_, statement_id, limited).read(success->root());
}

Result<base::JsonDocument> StatementExecution::submit(const StatementRequest& request,
                                                      const CallContext& context) const {
  const seconds wait = wait_within(request.wait_in_submit, context);
  auto body = statement_submit_body(request, wait);
  if (!body) return body.error();
  constexpr std::string_view doing = "submit the SQL statement";
  RestCall call;
  call.method = net::HttpMethod::post;
  call.path = std::string(statements_path);
  call.body = std::move(*body);
  call.replay = request.repeatable ? net::Replay::safe : net::Replay::never;
  call.attempt_timeout = wait + seconds(30);
  auto response = rest_.send(call, doing, context.limited_to(wait + seconds(60)));
  if (!response) return answer_was_lost(response.error()) ? with_doubt(response.error(), request) : response.error();
  auto answer = net::json_body(*response, doing);
  if (!answer) return answer_was_lost(answer.error()) ? with_doubt(answer.error(), request) : answer.error();
  if (answer->root()["statement_id"].string_or().empty()) {
    return with_doubt(Error(ErrorCode::protocol, "could not submit the SQL statement: the answer has no statement_id"),
                      request);
  }
  return answer;
}

Result<base::JsonDocument> StatementExecution::poll(const std::string& statement_id, const CallContext& context) const {
  RestCall call;
  call.path = RestPath(statements_path).segment(statement_id).text();
  call.attempt_timeout = seconds(30);
  return rest_.json(call, fmt::format("ask for the state of statement {}", statement_id),
                    context.limited_to(seconds(60)));
}

Result<base::JsonDocument> StatementExecution::wait_for_success(base::JsonDocument answer,
                                                                const std::string& statement_id,
                                                                const CallContext& context) const {
  constexpr std::string_view doing = "waiting for a SQL statement";
  BackOff delay(first_poll_delay, longest_poll_delay);
  int failures = 0;
  for (;;) {
    const base::JsonView status = answer.root()["status"];
    const std::string_view state = status["state"].string_or();
    if (state == "SUCCEEDED") return answer;
    if (state != "PENDING" && state != "RUNNING") return end_of(state, status, statement_id);
    for (;;) {
      if (auto slept = timer_.sleep_for(delay.next(), context, doing); !slept) return stop(statement_id, slept.error());
      auto polled = poll(statement_id, context);
      if (polled) {
        answer = std::move(*polled);
        failures = 0;
        break;
      }
      if (auto running = context.check(doing); !running) return stop(statement_id, running.error());
      Error error = polled.error();
      if (may_pass(error) && ++failures < failed_polls_in_a_row) continue;
      error.message += fmt::format("; statement {} may still be running", statement_id);
      error.request_id = statement_id;
      return error;
    }
  }
}

Error StatementExecution::stop(const std::string& statement_id, Error reason) const {
  RestCall call;
  call.method = net::HttpMethod::post;
  call.path = RestPath(statements_path).segment(statement_id).segment("cancel").text();
  call.body = "{}";
  // Cancelling twice is cancelling once.
  call.replay = net::Replay::safe;
  call.attempt_timeout = cancel_limit;
  // The caller's context has ended, so this one is independent of it.
  auto cancelled = rest_.json(call, "cancel the statement", CallContext::with_timeout(cancel_limit));
  reason.message +=
      cancelled ? fmt::format("; statement {} was cancelled on the server too", statement_id)
                : fmt::format("; statement {} may still be running: {}", statement_id, cancelled.error().message);
  reason.request_id = statement_id;
  return reason;
}

}  // namespace dbxauth::workspace
