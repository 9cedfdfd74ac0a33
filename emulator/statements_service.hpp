// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "counters.hpp"
#include "http_server.hpp"
#include "settings.hpp"
#include "statement_result.hpp"
#include "stop_signal.hpp"
#include "warehouses.hpp"

namespace dbxauth::emulator {

/// The statement execution API, /api/2.0/sql/statements. Statements run on worker threads of this object; the request
/// that submits one waits for it as long as its wait_timeout says. Thread-safe.
class StatementsService {
 public:
  StatementsService(SqlEngine& engine, Warehouses& warehouses, Counters& counters, const Settings& settings,
                    const StopSignal& stop_signal, std::function<std::int64_t()> now_ms);
  ~StatementsService();  ///< Joins the workers; the stop signal must have been given.
  void add_routes(HttpServer& server);
  std::string log_json() const;  ///< What was submitted, oldest first, with principal, warehouse, tags and state.
  void clear_log();

 private:
  enum class State { pending, running, succeeded, failed, canceled, closed };
  struct Statement {
    std::string id;
    std::string sql;
    std::string kind;
    std::string warehouse_id;
    std::string principal;
    SqlSession session;
    std::vector<SqlParameter> parameters;
    std::vector<std::pair<std::string, std::string>> query_tags;
    ResultFormat format = ResultFormat::json_array;
    ResultLimits limits;
    bool external = false;
    // Below: guarded by the service's mutex.
    State state = State::pending;
    bool cancel_asked = false;
    std::optional<ApiError> error;
    StatementResult result;
    std::int64_t ended_at_ms = 0;
    bool ended() const { return state != State::pending && state != State::running; }
  };
  using StatementPtr = std::shared_ptr<Statement>;
  struct ExternalLink {
    StatementPtr statement;
    std::size_t chunk = 0;
    std::int64_t expires_at_ms = 0;
    std::int64_t uses = 0;
    std::string header_value;
  };

  HttpResponse submit(const HttpRequest& request);
  HttpResponse get(const HttpRequest& request);
  HttpResponse get_chunk(const HttpRequest& request);
  HttpResponse cancel(const HttpRequest& request);
  HttpResponse download(const HttpRequest& request);
  StatementPtr read_statement(const HttpRequest& request, base::JsonView body) const;
  void read_result_options(base::JsonView body, Statement& statement) const;
  StatementPtr find_for(const HttpRequest& request);
  void work();
  void run(const StatementPtr& statement);
  void finish(const StatementPtr& statement, State state, std::optional<ApiError> error, StatementResult result);
  void forget_old();
  std::string describe(const StatementPtr& statement);
  void write_result(base::JsonWriter& json, const StatementPtr& statement, std::size_t chunk);
  static const char* state_name(State state);

  SqlEngine& engine_;
  Warehouses& warehouses_;
  Counters& counters_;
  const Settings& settings_;
  const StopSignal& stop_signal_;
  std::function<std::int64_t()> now_ms_;
  const HttpServer* server_ = nullptr;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // of any statement, and of the queue
  std::map<std::string, StatementPtr> statements_;
  std::deque<StatementPtr> queue_;
  std::deque<StatementPtr> log_;
  std::map<std::string, ExternalLink> links_;
  std::vector<std::thread> workers_;
  std::int64_t next_sweep_ms_ = 0;
  bool ending_ = false;
};

}  // namespace dbxauth::emulator
