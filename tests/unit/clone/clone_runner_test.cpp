// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "support/workspace_fixture.hpp"
#include "unit/clone/inventory_fixture.hpp"

using namespace dbxauth;
using namespace dbxauth::testing;

namespace {

constexpr const char* succeeded = R"({"statement_id": "%", "status": {"state": "SUCCEEDED"},
  "manifest": {"schema": {"column_count": 0, "columns": []}, "total_row_count": 0, "total_chunk_count": 0}})";

constexpr const char* cloned = R"({"statement_id": "%", "status": {"state": "SUCCEEDED"},
  "manifest": {"schema": {"column_count": 2, "columns": [
      {"name": "num_copied_files", "type_text": "BIGINT", "position": 0},
      {"name": "copied_files_size", "type_text": "BIGINT", "position": 1}]},
    "total_row_count": 1, "total_chunk_count": 1},
  "result": {"chunk_index": 0, "row_count": 1, "data_array": [["3", "4096"]]}})";

std::string failed(const std::string& code, const std::string& message) {
  return R"({"statement_id": "%", "status": {"state": "FAILED", "error": {"error_code": ")" + code +
         R"(", "message": ")" + message + R"("}}})";
}

/// A workspace that remembers what it was asked to run and answers at once, by rule.
class FakeWarehouse {
 public:
  FakeWarehouse() {
    fixture_.authorised->on(
        net::HttpMethod::get, "/api/2.0/sql/warehouses", 200,
        R"({"warehouses": [{"id": "w1", "name": "w", "state": "RUNNING"}], "id": "w7", "state": "RUNNING"})");
    fixture_.authorised->on(net::HttpMethod::post, "/cancel", 200, "{}");
    fixture_.authorised->on(net::HttpMethod::post, "/api/2.0/sql/statements",
                            [this](const RecordedRequest& request) { return answer(request); });
  }

  WorkspaceClient client() const { return fixture_.client(); }
  std::size_t requests() const { return fixture_.authorised->request_count(); }

  /// Statements that contain `part` are answered with `body`.
  void answer_with(const std::string& part, std::string body) { answers_[part] = std::move(body); }
  /// Called for every statement on the thread that submits it.
  std::function<void(const std::string& sql)> on_statement;

  std::vector<std::string> statements() const {
    const std::lock_guard lock(mutex_);
    return statements_;
  }
  std::vector<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  int most_at_once() const { return most_at_once_; }

 private:
  Result<net::HttpResponse> answer(const RecordedRequest& request) {
    const base::JsonDocument body = parse_json(request.body);
    const std::string sql(body["statement"].string_or());
    std::string id;
    {
      const std::lock_guard lock(mutex_);
      statements_.push_back(sql);
      bodies_.push_back(request.body);
      id = "s" + std::to_string(statements_.size());
      most_at_once_ = std::max(most_at_once_, ++running_);
    }
    if (on_statement) on_statement(sql);
    std::string text = sql.find(" CLONE ") != std::string::npos ? cloned : succeeded;
    for (const auto& rule : answers_) {
      if (sql.find(rule.first) != std::string::npos) text = rule.second;
    }
    text.replace(text.find('%'), 1, id);
    const std::lock_guard lock(mutex_);
    --running_;
    return http_response(200, text);
  }

  WorkspaceFixture fixture_;
  std::map<std::string, std::string> answers_;
  mutable std::mutex mutex_;
  std::vector<std::string> statements_;
  std::vector<std::string> bodies_;
  int running_ = 0;
  int most_at_once_ = 0;
};

ClonePlan full_plan(int parallelism = 8) {
  CloneSpec spec = production_to_staging();
  spec.parallelism = parallelism;
  auto plan = plan_clone(production(), absent("staging"), spec);
  if (!plan) throw std::runtime_error(plan.error().message);
  return *plan;
}

const StepReport& step(const CloneReport& report, const std::string& id) {
  const auto found =
      std::find_if(report.steps.begin(), report.steps.end(), [&](const StepReport& s) { return s.id == id; });
  if (found == report.steps.end()) throw std::runtime_error("no step " + id);
  return *found;
}

}  // namespace

TEST_CASE("a run executes every step once, in an order that respects the dependencies") {
  for (const int parallelism : {1, 2, 8, 64}) {
    FakeWarehouse warehouse;
    const ClonePlan plan = full_plan(parallelism);
    const auto report = run_clone(warehouse.client(), plan);
    REQUIRE(report);
    CHECK(report->complete());
    CHECK(report->steps.size() == plan.steps.size());
    CHECK(warehouse.most_at_once() <= parallelism);
    const std::vector<std::string> run = warehouse.statements();
    REQUIRE(run.size() == plan.steps.size());
    std::map<std::string, std::ptrdiff_t> place;
    for (const CloneStep& s : plan.steps) place[s.id] = std::find(run.begin(), run.end(), s.sql) - run.begin();
    for (const CloneStep& s : plan.steps) {
      CHECK(place[s.id] < std::ssize(run));
      for (const std::string& below : s.depends_on) CHECK(place[below] < place[s.id]);
    }
    const auto first_grant =
        std::find_if(run.begin(), run.end(), [](const std::string& sql) { return sql.find("GRANT ") == 0; });
    CHECK(std::all_of(first_grant, run.end(), [](const std::string& sql) { return sql.find("GRANT ") == 0; }));
  }
}

TEST_CASE("as many statements run at once as asked for") {
  FakeWarehouse warehouse;
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  bool met = false;
  // Four clones wait for each other: were fewer in flight, none would go on.
  warehouse.on_statement = [&](const std::string& sql) {
    if (sql.find(" CLONE ") == std::string::npos) return;
    std::unique_lock lock(mutex);
    if (++inside == 4) met = true;
    changed.notify_all();
    changed.wait_for(lock, std::chrono::seconds(20), [&] { return met; });
  };
  CHECK(run_clone(warehouse.client(), full_plan(4)));
  CHECK(met);
  CHECK(warehouse.most_at_once() == 4);
}

TEST_CASE("clones are submitted without waiting, the rest with; every step is tagged") {
  FakeWarehouse warehouse;
  ClonePlan plan = full_plan(1);
  plan.spec.warehouse_id = "w7";
  const auto report = run_clone(warehouse.client(), plan);
  REQUIRE(report);
  CHECK(step(*report, "clone_table:sales.orders").copied_files == 3);
  CHECK(step(*report, "clone_table:sales.orders").copied_bytes == 4096);
  CHECK(step(*report, "create_schema:sales").copied_files == -1);
  CHECK(step(*report, "create_schema:sales").statement_id == "s3");
  for (const std::string& text : warehouse.bodies()) {
    const base::JsonDocument body = parse_json(text);
    const std::string sql(body["statement"].string_or());
    const bool clone = sql.find(" CLONE ") != std::string::npos;
    CHECK(body["wait_timeout"].string_or() == (clone ? "0s" : "30s"));
    CHECK(body["warehouse_id"].string_or() == "w7");
    const base::JsonView tag = body["query_tags"].at(0);
    CHECK(tag["key"].string_or() == "dbxauth_step");
    CHECK(std::any_of(plan.steps.begin(), plan.steps.end(),
                      [&](const CloneStep& s) { return s.id == tag["value"].string_or() && s.sql == sql; }));
    const bool unqualified = sql.find("VIEW IF") != std::string::npos || sql.find("FUNCTION IF") != std::string::npos;
    CHECK(body["catalog"].string_or() == (unqualified ? "staging" : ""));
  }
}

TEST_CASE("a failure blocks what depends on it and nothing else") {
  FakeWarehouse warehouse;
  warehouse.answer_with("CLONE `production`.`sales`.`orders`", failed("BAD_REQUEST", "[DELTA_PROBLEM] broken"));
  const auto report = run_clone(warehouse.client(), full_plan(4));
  REQUIRE(report);
  CHECK_FALSE(report->complete());
  const StepReport& broken = step(*report, "clone_table:sales.orders");
  CHECK(broken.outcome == StepOutcome::failed);
  CHECK(broken.error.find("DELTA_PROBLEM") != std::string::npos);
  CHECK(broken.error_code == "sql_failed BAD_REQUEST");
  std::set<std::string> blocked;
  for (const StepReport& s : report->steps) {
    if (s.outcome != StepOutcome::blocked) continue;
    blocked.insert(s.id);
    CHECK(s.error == "Not run: clone_table:sales.orders failed.");
  }
  CHECK(blocked == std::set<std::string>{"create_view:sales.v_orders", "create_function:util.recent",
                                         "set_comment:table:sales.orders", "set_tags:table:sales.orders",
                                         "set_tags:column:sales.orders.o_orderkey", "set_tags:view:sales.v_orders",
                                         "grant:table:sales.orders:`o'brien@example.com`",
                                         "grant:view:sales.v_orders:analysts"});
  CHECK(report->count(StepOutcome::failed) == 1);
  CHECK(report->count(StepOutcome::succeeded) == std::ssize(report->steps) - 1 - std::ssize(blocked));
  CHECK(report->to_json().find("\"complete\": false") != std::string::npos);
}

TEST_CASE("what another run made in the meantime is no failure where IF NOT EXISTS stands") {
  FakeWarehouse warehouse;
  warehouse.answer_with("CREATE SCHEMA", failed("ALREADY_EXISTS", "[SCHEMA_ALREADY_EXISTS] it is there"));
  warehouse.answer_with("ALTER CATALOG", failed("ALREADY_EXISTS", "[TAG_ALREADY_EXISTS] it is there"));
  const auto report = run_clone(warehouse.client(), full_plan());
  REQUIRE(report);
  CHECK(report->count(StepOutcome::failed) == 1);
  CHECK(step(*report, "set_tags:catalog:staging").outcome == StepOutcome::failed);
}

TEST_CASE("cancelling stops what is not started and returns the report") {
  FakeWarehouse warehouse;
  CancelSource cancel;
  warehouse.on_statement = [&](const std::string& sql) {
    if (sql.find(" CLONE ") != std::string::npos) cancel.cancel();
  };
  CallContext context;
  context.cancel = cancel.token();
  const auto report = run_clone(warehouse.client(), full_plan(2), context);
  REQUIRE(report);
  CHECK(step(*report, "create_catalog:staging").outcome == StepOutcome::succeeded);
  CHECK(step(*report, "grant:catalog:staging:analysts").outcome == StepOutcome::cancelled);
  CHECK(report->count(StepOutcome::cancelled) > 10);
  CHECK(report->count(StepOutcome::blocked) == 0);
  CHECK(report->count(StepOutcome::failed) == 0);
  CHECK(warehouse.statements().size() < full_plan().steps.size());
}

TEST_CASE("a statement that runs on is cancelled on the server") {
  FakeWarehouse warehouse;
  CancelSource cancel;
  warehouse.answer_with(" CLONE ", R"({"statement_id": "%", "status": {"state": "RUNNING"}})");
  warehouse.on_statement = [&](const std::string& sql) {
    if (sql.find(" CLONE ") != std::string::npos) cancel.cancel();
  };
  CallContext context;
  context.cancel = cancel.token();
  const auto report = run_clone(warehouse.client(), full_plan(1), context);
  REQUIRE(report);
  CHECK(step(*report, "clone_table:sales.events_parquet").outcome == StepOutcome::cancelled);
  CHECK(report->count(StepOutcome::succeeded) == 5);
}

TEST_CASE("progress is monotone, never overlaps and ends with everything") {
  FakeWarehouse warehouse;
  std::atomic<int> inside{0};
  bool overlapped = false;
  std::vector<Progress> seen;
  const ClonePlan plan = full_plan(8);
  const auto report = run_clone(warehouse.client(), plan, {}, [&](const Progress& progress) {
    if (++inside != 1) overlapped = true;
    seen.push_back(progress);
    --inside;
  });
  REQUIRE(report);
  CHECK_FALSE(overlapped);
  REQUIRE_FALSE(seen.empty());
  for (std::size_t i = 1; i < seen.size(); ++i) CHECK(seen[i - 1].done < seen[i].done);
  CHECK(seen.back().done == std::ssize(plan.steps));
  CHECK(seen.back().total == std::ssize(plan.steps));
  CHECK(seen.back().phase == "run");
}

TEST_CASE("a callback that throws does not stop the run") {
  FakeWarehouse warehouse;
  int calls = 0;
  const auto report = run_clone(warehouse.client(), full_plan(), {}, [&](const Progress&) {
    ++calls;
    throw 1;
  });
  REQUIRE(report);
  CHECK(report->complete());
  CHECK(calls == 1);
  CHECK(report->warnings.back().find("callback") != std::string::npos);
}

TEST_CASE("a plan with nothing to do makes no request") {
  FakeWarehouse warehouse;
  ClonePlan plan;
  plan.spec = production_to_staging();
  plan.host = "https://adb-1.azuredatabricks.net";
  const auto report = run_clone(warehouse.client(), plan);
  REQUIRE(report);
  CHECK(report->complete());
  CHECK(warehouse.requests() == 0);
}

TEST_CASE("a plan whose statements are not those of its steps is refused") {
  FakeWarehouse warehouse;
  for (const char* sql :
       {"DROP TABLE `production`.`sales`.`orders`", "CREATE OR REPLACE TABLE `production`.`sales`.`orders` (a INT)",
        "CREATE OR REPLACE TABLE `staging`.`sales`.`orders_2` (a INT)", "SELECT 1"}) {
    ClonePlan plan = full_plan();
    const auto table = std::find_if(plan.steps.begin(), plan.steps.end(),
                                    [](const CloneStep& s) { return s.id == "clone_table:sales.orders"; });
    REQUIRE(table != plan.steps.end());
    table->sql = sql;
    const auto report = run_clone(warehouse.client(), plan);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == ErrorCode::invalid_argument);
    CHECK_THAT(report.error().message, Catch::Contains("clone_table:sales.orders"));
  }
  ClonePlan elsewhere = full_plan();
  elsewhere.steps[0].object = "`production`";
  elsewhere.steps[0].sql = "CREATE CATALOG IF NOT EXISTS `production`";
  CHECK_FALSE(run_clone(warehouse.client(), elsewhere));
  CHECK(warehouse.requests() == 0);
}

TEST_CASE("plans of another workspace and broken plans are refused") {
  FakeWarehouse warehouse;
  ClonePlan plan = full_plan();
  plan.host = "https://adb-2.azuredatabricks.net";
  auto report = run_clone(warehouse.client(), plan);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::invalid_argument);
  plan.host.clear();
  CHECK_FALSE(run_clone(warehouse.client(), plan));
  plan.host = "https://ADB-1.azuredatabricks.net/";
  CHECK(run_clone(warehouse.client(), plan));
  plan.steps[0].depends_on = {"nothing"};
  report = run_clone(warehouse.client(), plan);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::invalid_argument);
  CancelSource cancel;
  cancel.cancel();
  CallContext context;
  context.cancel = cancel.token();
  report = run_clone(warehouse.client(), full_plan(), context);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::cancelled);
}
