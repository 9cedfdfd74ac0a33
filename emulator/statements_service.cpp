// SPDX-License-Identifier: Apache-2.0
#include "statements_service.hpp"

#include <charconv>
#include <utility>

#include "crypto.hpp"
#include "encoding/timestamp.hpp"

namespace dbxauth::emulator {

namespace {

// Limits of "Statement Execution API" in the Databricks REST reference.
constexpr std::size_t longest_statement_bytes = 16u * 1024 * 1024;
constexpr std::int64_t default_wait_s = 10;
constexpr std::int64_t shortest_wait_s = 5;
constexpr std::int64_t longest_wait_s = 50;
constexpr std::size_t most_query_tags = 20;
constexpr std::int64_t result_kept_ms = 3600LL * 1000;
constexpr std::int64_t statement_kept_ms = 12 * 3600LL * 1000;

constexpr std::int64_t sweep_interval_ms = 60LL * 1000;

constexpr std::size_t worker_count = 32;
constexpr std::size_t longest_log = 200'000;
constexpr std::chrono::milliseconds cancel_poll{2};
constexpr std::chrono::milliseconds wait_poll{20};
constexpr const char* base_path = "/api/2.0/sql/statements";
constexpr const char* link_header = "x-emulator-link-key";

std::chrono::seconds read_wait_timeout(base::JsonView body) {
  const auto text = optional_string(body, "wait_timeout");
  if (!text) return std::chrono::seconds(default_wait_s);
  std::int64_t seconds = -1;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  const bool well_formed = error == std::errc() && end != text->data() + text->size() && *end == 's' &&
                           end + 1 == text->data() + text->size();
  if (!well_formed || seconds < 0 || (seconds != 0 && (seconds < shortest_wait_s || seconds > longest_wait_s)))
    throw bad_parameter("wait_timeout must be 0s, or between 5s and 50s.");
  return std::chrono::seconds(seconds);
}

bool cancels_on_timeout(base::JsonView body) {
  const std::string action = optional_string(body, "on_wait_timeout").value_or("CONTINUE");
  if (action != "CONTINUE" && action != "CANCEL") throw bad_parameter("on_wait_timeout must be CONTINUE or CANCEL.");
  return action == "CANCEL";
}

std::vector<SqlParameter> read_parameters(base::JsonView body) {
  std::vector<SqlParameter> parameters;
  const base::JsonView list = body["parameters"];
  if (list.is_null_or_missing()) return parameters;
  if (!list.is_array()) throw bad_parameter("Could not parse request object: 'parameters' expects a list");
  list.each_element([&](base::JsonView item) {
    SqlParameter parameter;
    parameter.name = required_string(item, "name");
    parameter.value = optional_string(item, "value");
    parameter.type = optional_string(item, "type").value_or("");
    parameters.push_back(std::move(parameter));
  });
  return parameters;
}

std::vector<std::pair<std::string, std::string>> read_query_tags(base::JsonView body) {
  std::vector<std::pair<std::string, std::string>> tags;
  const base::JsonView list = body["query_tags"];
  if (list.is_null_or_missing()) return tags;
  if (!list.is_array()) throw bad_parameter("Could not parse request object: 'query_tags' expects a list");
  list.each_element([&](base::JsonView item) {
    tags.emplace_back(required_string(item, "key"), optional_string(item, "value").value_or(""));
  });
  if (tags.size() > most_query_tags) throw bad_parameter("At most 20 query_tags may be given.");
  return tags;
}

HttpResponse object_store_error(int status, const std::string& code, const std::string& message) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/xml";
  response.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code + "</Code><Message>" + message +
                  "</Message></Error>\n";
  return response;
}

}  // namespace

StatementsService::StatementsService(SqlEngine& engine, Warehouses& warehouses, Counters& counters,
                                     const Settings& settings, const StopSignal& stop_signal,
                                     std::function<std::int64_t()> now_ms)
    : engine_(engine),
      warehouses_(warehouses),
      counters_(counters),
      settings_(settings),
      stop_signal_(stop_signal),
      now_ms_(std::move(now_ms)) {
  for (std::size_t i = 0; i < worker_count; ++i) workers_.emplace_back([this] { work(); });
}

StatementsService::~StatementsService() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void StatementsService::add_routes(HttpServer& server) {
  server_ = &server;
  const std::string base = base_path;
  server.route("POST " + base, Access::bearer, [this](const HttpRequest& r) { return submit(r); });
  server.route("GET " + base + "/{id}", Access::bearer, [this](const HttpRequest& r) { return get(r); });
  server.route("GET " + base + "/{id}/result/chunks/{index}", Access::bearer,
               [this](const HttpRequest& r) { return get_chunk(r); });
  server.route("POST " + base + "/{id}/cancel", Access::bearer, [this](const HttpRequest& r) { return cancel(r); });
  server.route("GET /presigned-results/{key}", Access::open, [this](const HttpRequest& r) { return download(r); });
}

const char* StatementsService::state_name(State state) {
  switch (state) {
    case State::pending:
      return "PENDING";
    case State::running:
      return "RUNNING";
    case State::succeeded:
      return "SUCCEEDED";
    case State::failed:
      return "FAILED";
    case State::canceled:
      return "CANCELED";
    case State::closed:
      break;
  }
  return "CLOSED";
}

StatementsService::StatementPtr StatementsService::read_statement(const HttpRequest& request,
                                                                  base::JsonView body) const {
  auto statement = std::make_shared<Statement>();
  statement->sql = required_string(body, "statement");
  if (statement->sql.size() > longest_statement_bytes)
    throw bad_parameter("The statement is longer than the maximum of 16 MiB.");
  statement->warehouse_id = required_string(body, "warehouse_id");
  if (!warehouses_.exists(statement->warehouse_id))
    throw does_not_exist("SQL warehouse " + statement->warehouse_id + " does not exist.");
  statement->id = new_uuid();
  statement->kind = statement_kind(statement->sql);
  statement->principal = request.caller.name;
  statement->session.principal = request.caller.name;
  statement->session.catalog = optional_string(body, "catalog").value_or("");
  statement->session.schema = optional_string(body, "schema").value_or("");
  statement->parameters = read_parameters(body);
  statement->query_tags = read_query_tags(body);
  read_result_options(body, *statement);
  return statement;
}

void StatementsService::read_result_options(base::JsonView body, Statement& statement) const {
  const std::string disposition = optional_string(body, "disposition").value_or("INLINE");
  if (disposition != "INLINE" && disposition != "EXTERNAL_LINKS")
    throw bad_parameter("disposition must be INLINE or EXTERNAL_LINKS.");
  statement.external = disposition == "EXTERNAL_LINKS";
  const std::string format = optional_string(body, "format").value_or("JSON_ARRAY");
  if (format == "ARROW_STREAM" && statement.external)
    throw RequestError(501, "NOT_IMPLEMENTED", "The emulator does not write ARROW_STREAM; use JSON_ARRAY or CSV.");
  if (format != "JSON_ARRAY" && !((format == "CSV" || format == "ARROW_STREAM") && statement.external))
    throw bad_parameter(format == "CSV" || format == "ARROW_STREAM"
                            ? "The format field must be JSON_ARRAY when the disposition field is INLINE."
                            : "format must be JSON_ARRAY, ARROW_STREAM or CSV.");
  if (format == "CSV") statement.format = ResultFormat::csv;
  statement.limits.rows = optional_integer(body, "row_limit");
  statement.limits.bytes = optional_integer(body, "byte_limit");
  statement.limits.chunk_bytes = settings_.chunk_bytes;
  if (statement.limits.rows && *statement.limits.rows < 1) throw bad_parameter("row_limit must be positive.");
  if (statement.limits.bytes && *statement.limits.bytes < 1) throw bad_parameter("byte_limit must be positive.");
}

HttpResponse StatementsService::submit(const HttpRequest& request) {
  const auto document = request.json();
  const base::JsonView body = document.root();
  const std::chrono::seconds wait = read_wait_timeout(body);
  const bool cancel_on_timeout = cancels_on_timeout(body);
  const StatementPtr statement = read_statement(request, body);
  counters_.count_statement(statement->kind);
  {
    std::unique_lock lock(mutex_);
    forget_old();
    statements_.emplace(statement->id, statement);
    queue_.push_back(statement);
    log_.push_back(statement);
    if (log_.size() > longest_log) log_.pop_front();
    changed_.notify_all();
    const auto ended = [&] { return statement->ended() || ending_; };
    // Measured by the workspace's clock, which tests move; so it is looked at from time to time.
    const std::int64_t until_ms = now_ms_() + std::chrono::milliseconds(wait).count();
    while (!ended() && now_ms_() < until_ms) changed_.wait_for(lock, wait_poll, ended);
    if (wait.count() > 0 && !ended() && cancel_on_timeout) {
      statement->cancel_asked = true;
      changed_.wait(lock, ended);
    }
  }
  return json_response(describe(statement));
}

StatementsService::StatementPtr StatementsService::find_for(const HttpRequest& request) {
  const std::string& id = request.path_parameter("id");
  const std::lock_guard lock(mutex_);
  forget_old();
  const auto found = statements_.find(id);
  if (found == statements_.end()) throw does_not_exist("The statement " + id + " was not found.");
  if (found->second->principal != request.caller.name && !request.caller.metastore_admin)
    throw forbidden("User " + request.caller.name + " does not have permission to access statement " + id + ".");
  return found->second;
}

HttpResponse StatementsService::get(const HttpRequest& request) {
  return json_response(describe(find_for(request)));
}

HttpResponse StatementsService::get_chunk(const HttpRequest& request) {
  const StatementPtr statement = find_for(request);
  const std::string& text = request.path_parameter("index");
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) throw bad_parameter("chunk_index expects an integer");
  const std::lock_guard lock(mutex_);
  if (statement->state != State::succeeded)
    throw RequestError(
        404, "NOT_FOUND",
        "The statement " + statement->id + " has no result in state " + state_name(statement->state) + ".");
  if (index >= statement->result.chunks.size())
    throw bad_parameter("The result chunk " + text + " of statement " + statement->id + " does not exist.");
  base::JsonWriter json;
  write_result(json, statement, index);
  return json_response(json.take());
}

HttpResponse StatementsService::cancel(const HttpRequest& request) {
  const StatementPtr statement = find_for(request);
  const std::lock_guard lock(mutex_);
  statement->cancel_asked = true;
  changed_.notify_all();
  return json_response("{}");
}

HttpResponse StatementsService::download(const HttpRequest& request) {
  // An object store refuses a request that is signed in its URL and carries another credential as well.
  if (request.header("Authorization"))
    return object_store_error(400, "InvalidArgument", "Only one auth mechanism allowed");
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(sha256_hex(request.path_parameter("key")));
  if (found == links_.end()) return object_store_error(403, "SignatureDoesNotMatch", "The signature does not match");
  ExternalLink& link = found->second;
  if (link.expires_at_ms <= now_ms_()) return object_store_error(403, "AccessDenied", "Request has expired");
  if (!link.header_value.empty() && request.header(link_header) != link.header_value)
    return object_store_error(403, "SignatureDoesNotMatch", "A signed header is missing");
  const std::int64_t most_uses = settings_.external_link_uses;
  if (most_uses > 0 && link.uses >= most_uses) return object_store_error(403, "AccessDenied", "The link was used");
  if (link.statement->state != State::succeeded) return object_store_error(404, "NoSuchKey", "The result is gone");
  ++link.uses;
  HttpResponse response;
  response.content_type = link.statement->format == ResultFormat::csv ? "text/csv" : "application/json";
  response.body = link.statement->result.chunks.at(link.chunk).data;
  return response;
}

void StatementsService::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (ending_) return;
    const StatementPtr statement = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run(statement);
    lock.lock();
  }
}

void StatementsService::run(const StatementPtr& statement) {
  const auto cancelled = [&] {
    const std::lock_guard lock(mutex_);
    return statement->cancel_asked || ending_;
  };
  if (!warehouses_.ensure_running(statement->warehouse_id, cancelled)) {
    if (cancelled()) return finish(statement, State::canceled, std::nullopt, {});
    ApiError error;
    error.error_code = "ABORTED";
    error.message = "SQL warehouse " + statement->warehouse_id + " was stopped.";
    return finish(statement, State::failed, error, {});
  }
  {
    const std::lock_guard lock(mutex_);
    statement->state = State::running;
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(settings_.statement_delay_ms.load());
  while (!cancelled() && std::chrono::steady_clock::now() < until)
    if (!stop_signal_.sleep(cancel_poll)) break;
  // From here on a cancel comes too late, as it may on the platform: what is done is reported as done.
  if (cancelled()) return finish(statement, State::canceled, std::nullopt, {});
  StatementOutcome outcome = engine_.execute(statement->session, statement->sql, statement->parameters);
  if (!outcome) return finish(statement, State::failed, std::move(outcome.error()), {});
  StatementResult result = render_result(*outcome, statement->format, statement->limits);
  const std::int64_t inline_limit = settings_.inline_limit_bytes;
  if (!statement->external && result.byte_count > inline_limit) {
    ApiError error;
    error.error_code = "RESOURCE_EXHAUSTED";
    error.message =
        "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of "
        "at most " +
        std::to_string(inline_limit) +
        " bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want to download the "
        "full result.";
    return finish(statement, State::failed, error, {});
  }
  finish(statement, State::succeeded, std::nullopt, std::move(result));
}

void StatementsService::finish(const StatementPtr& statement, State state, std::optional<ApiError> error,
                               StatementResult result) {
  const std::lock_guard lock(mutex_);
  statement->state = state;
  statement->error = std::move(error);
  statement->result = std::move(result);
  statement->ended_at_ms = now_ms_();
  changed_.notify_all();
}

/// Under the lock.
void StatementsService::forget_old() {
  const std::int64_t now = now_ms_();
  if (now < next_sweep_ms_) return;
  next_sweep_ms_ = now + sweep_interval_ms;
  for (auto entry = statements_.begin(); entry != statements_.end();) {
    Statement& statement = *entry->second;
    const std::int64_t age_ms = statement.ended() ? now - statement.ended_at_ms : 0;
    if (statement.state == State::succeeded && age_ms >= result_kept_ms) {
      statement.state = State::closed;
      statement.result = {};
    }
    entry = age_ms >= statement_kept_ms ? statements_.erase(entry) : std::next(entry);
  }
  for (auto link = links_.begin(); link != links_.end();)
    link = link->second.expires_at_ms + result_kept_ms < now ? links_.erase(link) : std::next(link);
}

std::string StatementsService::describe(const StatementPtr& statement) {
  const std::lock_guard lock(mutex_);
  base::JsonWriter json;
  json.begin_object().member("statement_id", statement->id);
  json.key("status").begin_object().member("state", state_name(statement->state));
  if (statement->error) {
    json.key("error").begin_object();
    json.member("error_code", statement->error->error_code).member("message", statement->error->message).end_object();
    if (!statement->error->sql_state.empty()) json.member("sql_state", statement->error->sql_state);
  }
  json.end_object();
  if (statement->state == State::succeeded) {
    json.key("manifest");
    statement->result.write_manifest(json, statement->external);
    json.key("result");
    if (statement->result.chunks.empty())
      json.begin_object().end_object();
    else
      write_result(json, statement, 0);
  }
  json.end_object();
  return json.take();
}

/// Under the lock.
void StatementsService::write_result(base::JsonWriter& json, const StatementPtr& statement, std::size_t index) {
  const StatementResult& result = statement->result;
  const ResultChunk& chunk = result.chunks[index];
  const auto write_position = [&] {
    json.member("chunk_index", static_cast<std::int64_t>(index)).member("row_offset", chunk.row_offset);
    json.member("row_count", chunk.row_count);
    if (index + 1 >= result.chunks.size()) return;
    json.member("next_chunk_index", static_cast<std::int64_t>(index + 1));
    json.member("next_chunk_internal_link", std::string(base_path) + "/" + statement->id + "/result/chunks/" +
                                                std::to_string(index + 1) +
                                                "?row_offset=" + std::to_string(result.chunks[index + 1].row_offset));
  };
  json.begin_object();
  if (!statement->external) {
    write_position();
    json.key("data_array").raw(chunk.data).end_object();
    return;
  }
  const std::string key = random_base64url(32);
  ExternalLink link;
  link.statement = statement;
  link.chunk = index;
  link.expires_at_ms = now_ms_() + settings_.external_link_lifetime_s * 1000;
  if (settings_.external_link_headers) link.header_value = random_hex(16);
  json.key("external_links").begin_array().begin_object();
  write_position();
  json.member("byte_count", static_cast<std::int64_t>(chunk.data.size()));
  json.member("external_link", server_->url() + "/presigned-results/" + key);
  json.member("expiration", encoding::format_rfc3339(
                                std::chrono::system_clock::time_point(std::chrono::milliseconds(link.expires_at_ms))));
  if (!link.header_value.empty())
    json.key("http_headers").begin_object().member(link_header, link.header_value).end_object();
  json.end_object().end_array().end_object();
  links_.insert_or_assign(sha256_hex(key), std::move(link));
}

std::string StatementsService::log_json() const {
  const std::lock_guard lock(mutex_);
  base::JsonWriter json;
  json.begin_object().key("statements").begin_array();
  for (const StatementPtr& statement : log_) {
    json.begin_object().member("statement_id", statement->id).member("principal", statement->principal);
    json.member("warehouse_id", statement->warehouse_id).member("kind", statement->kind);
    json.member("statement", statement->sql).member("state", state_name(statement->state));
    if (!statement->query_tags.empty()) {
      json.key("query_tags").begin_object();
      for (const auto& [key, value] : statement->query_tags) json.member(key, value);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

void StatementsService::clear_log() {
  const std::lock_guard lock(mutex_);
  log_.clear();
}

}  // namespace dbxauth::emulator
