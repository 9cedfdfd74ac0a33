// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/logging.hpp"
#include "base/text.hpp"
#include "clone/plan_check.hpp"
#include "clone/step_scheduler.hpp"
#include "dbxauth/clone.hpp"

namespace dbxauth {
namespace clone {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view subject = "clone";
constexpr std::size_t longest_query_tag = 128;  // Databricks' limit for keys and values.

std::int64_t milliseconds_since(SteadyClock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - start).count();
}

/// `id`, shortened on a UTF-8 boundary to what a query tag may hold.
std::string query_tag_value(const std::string& id) {
  if (id.size() <= longest_query_tag) return id;
  std::size_t end = longest_query_tag;
  while (end > 0 && (static_cast<unsigned char>(id[end]) & 0xC0U) == 0x80U) --end;
  return id.substr(0, end);
}

/// Another run, or a submit whose answer was lost, may have made the object in the meantime.
bool is_satisfied_already(const CloneStep& step, const Error& error) {
  const std::string_view head = std::string_view(step.sql).substr(0, step.sql.find('`'));
  if (head.find(" IF NOT EXISTS ") == std::string_view::npos) return false;
  return error.code == ErrorCode::already_exists || error.server_code == "ALREADY_EXISTS" ||
         error.message.find("_ALREADY_EXISTS]") != std::string::npos;
}

/// The numbers in the one row that CLONE returns, by the names of its columns.
void read_clone_metrics(const StatementResult& result, StepReport& report) {
  if (result.rows.empty()) return;
  const auto metric = [&](std::string_view name) -> std::int64_t {
    for (std::size_t i = 0; i < result.columns.size() && i < result.rows[0].size(); ++i) {
      if (!base::equals_ignoring_case(result.columns[i].name, name) || !result.rows[0][i]) continue;
      std::int64_t value = 0;
      for (const char c : *result.rows[0][i]) {
        if (c < '0' || c > '9' || value > (INT64_MAX - 9) / 10) return -1;
        value = value * 10 + (c - '0');
      }
      return result.rows[0][i]->empty() ? -1 : value;
    }
    return -1;
  };
  report.copied_files = metric("num_copied_files");
  report.copied_bytes = metric("copied_files_size");
}

std::string error_code_text(const Error& error) {
  std::string text(to_string(error.code));
  if (!error.server_code.empty()) text += " " + error.server_code;
  return text;
}

class Run {
 public:
  Run(const WorkspaceClient& workspace, const ClonePlan& plan, std::string warehouse_id, const CallContext& context,
      const ProgressCallback& on_progress)
      : workspace_(workspace),
        plan_(plan),
        warehouse_id_(std::move(warehouse_id)),
        context_(context),
        on_progress_(on_progress),
        scheduler_(plan.steps) {
    report_.spec = plan.spec;
    report_.host = workspace.host();
    report_.fidelity = plan.fidelity;
    report_.warnings = plan.warnings;
    for (const CloneStep& step : plan.steps) {
      StepReport report;
      report.id = step.id;
      report.kind = step.kind;
      report.object = step.object;
      report_.steps.push_back(std::move(report));
    }
    progress_.total = std::ssize(plan.steps);
    progress_.phase = "run";
  }

  CloneReport run() {
    const SteadyClock::time_point start = SteadyClock::now();
    const std::size_t workers =
        std::min<std::size_t>(static_cast<std::size_t>(plan_.spec.parallelism), plan_.steps.size());
    std::vector<std::thread> threads;
    try {
      threads.reserve(workers);
      // The calling thread is a worker, too, so that the run goes on where no thread can be had.
      while (threads.size() + 1 < workers) threads.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      base::log(LogLevel::warning, subject, fmt::format("only {} worker threads could be started", threads.size() + 1));
    }
    work();
    for (std::thread& thread : threads) thread.join();
    report_.duration_ms = milliseconds_since(start);
    return std::move(report_);
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (!scheduler_.done()) {
      stop_if_asked();
      if (scheduler_.done()) break;
      const std::optional<std::size_t> step = scheduler_.take();
      if (!step) {
        // Something is running: where nothing runs, a checked plan always has a step that is ready.
        changed_.wait(lock);
        continue;
      }
      progress_.current = plan_.steps[*step].id;
      lock.unlock();
      StepReport finished = execute(*step);
      lock.lock();
      record(*step, std::move(finished));
      changed_.notify_all();
      publish(lock);
    }
    changed_.notify_all();
    publish(lock);
  }

  /// Once the caller's context has ended, no further step is started.
  void stop_if_asked() {
    const Result<void> running = context_.check("cloning a catalog");
    if (running) return;
    for (const std::size_t step : scheduler_.abandon()) {
      StepReport& report = report_.steps[step];
      report.outcome = StepOutcome::cancelled;
      report.error = "Not started: " + running.error().message;
      report.error_code = std::string(to_string(running.error().code));
      ++progress_.done;
    }
    unpublished_ = true;
  }

  StepReport execute(std::size_t index) {
    const SteadyClock::time_point start = SteadyClock::now();
    const CloneStep& step = plan_.steps[index];
    StepReport report = report_.steps[index];
    Result<StatementResult> result = submit(step, report);
    report.duration_ms = milliseconds_since(start);
    if (result) {
      if (!result->statement_id.empty()) report.statement_id = result->statement_id;
      if (step.kind == StepKind::clone_table) read_clone_metrics(*result, report);
      return report;
    }
    const Error& error = result.error();
    if (is_satisfied_already(step, error)) return report;
    report.outcome = error.code == ErrorCode::cancelled ? StepOutcome::cancelled : StepOutcome::failed;
    report.error = error.message;
    report.error_code = error_code_text(error);
    base::log(LogLevel::warning, subject,
              fmt::format("step {} {}: {}", step.id, to_string(report.outcome), error.message));
    return report;
  }

  Result<StatementResult> submit(const CloneStep& step, StepReport& report) {
    StatementRequest request;
    request.sql = step.sql;
    request.warehouse_id = warehouse_id_;
    SessionDefaults defaults = session_defaults(step);
    request.catalog = std::move(defaults.catalog);
    request.schema = std::move(defaults.schema);
    request.wait_in_submit = std::chrono::seconds(step.kind == StepKind::clone_table ? 0 : 30);
    // Every statement of a plan may run twice; a copy of data that may be running already is not started once more.
    request.repeatable = step.kind != StepKind::clone_table;
    request.query_tags = {{"dbxauth_step", query_tag_value(step.id)}};
    request.on_submitted = [&report](std::string_view id) { report.statement_id = std::string(id); };
    try {
      return workspace_.execute(request, context_);
    } catch (const std::bad_alloc&) {
      return Error(ErrorCode::out_of_memory, "Out of memory while running " + step.id + ".");
    } catch (const std::exception& failure) {
      return Error(ErrorCode::internal, "Unexpected exception while running " + step.id + ": " + failure.what());
    }
  }

  /// Called with the lock held.
  void record(std::size_t index, StepReport finished) {
    const StepOutcome outcome = finished.outcome;
    report_.steps[index] = std::move(finished);
    ++progress_.done;
    if (outcome == StepOutcome::failed) ++progress_.failed;
    for (const std::size_t blocked : scheduler_.finish(index, outcome == StepOutcome::succeeded)) {
      StepReport& report = report_.steps[blocked];
      report.outcome = outcome == StepOutcome::cancelled ? StepOutcome::cancelled : StepOutcome::blocked;
      report.error = fmt::format("Not run: {} {}.", plan_.steps[index].id,
                                 outcome == StepOutcome::cancelled ? "was cancelled" : "failed");
      report.error_code = outcome == StepOutcome::cancelled ? "cancelled" : "blocked";
      ++progress_.done;
    }
    unpublished_ = true;
  }

  /// Tells the callback the latest numbers, without the lock, from one thread at a time; a thread that finds another
  /// one telling leaves its numbers to it.
  void publish(std::unique_lock<std::mutex>& lock) {
    if (publishing_) return;
    publishing_ = true;
    while (unpublished_) {
      unpublished_ = false;
      const Progress snapshot = progress_;
      lock.unlock();
      const bool told = tell(snapshot);
      lock.lock();
      if (told) continue;
      callback_broken_ = true;
      report_.warnings.push_back("The progress callback threw an exception and was not called again.");
    }
    publishing_ = false;
  }

  bool tell(const Progress& snapshot) const noexcept {
    if (!on_progress_ || callback_broken_) return true;
    try {
      on_progress_(snapshot);
      return true;
    } catch (...) {
      return false;
    }
  }

  const WorkspaceClient& workspace_;
  const ClonePlan& plan_;
  const std::string warehouse_id_;
  const CallContext& context_;
  const ProgressCallback& on_progress_;

  std::mutex mutex_;  ///< Guards everything below.
  std::condition_variable changed_;
  StepScheduler scheduler_;
  CloneReport report_;
  Progress progress_;
  bool unpublished_ = false;
  bool publishing_ = false;
  bool callback_broken_ = false;
};

std::string comparable_host(std::string_view host) {
  while (!host.empty() && host.back() == '/') host.remove_suffix(1);
  return base::to_lower(host);
}

}  // namespace
}  // namespace clone

Result<CloneReport> run_clone(const WorkspaceClient& workspace, const ClonePlan& plan, const CallContext& context,
                              const ProgressCallback& on_progress) {
  if (auto checked = clone::check_plan(plan); !checked) return checked.error();
  if (auto checked = clone::check_statements(plan); !checked) return checked.error();
  if (clone::comparable_host(plan.host) != clone::comparable_host(workspace.host())) {
    return Error(ErrorCode::invalid_argument,
                 fmt::format("The plan was made for {} and cannot be run on {}; make a plan there.",
                             plan.host.empty() ? "no workspace" : plan.host, workspace.host()));
  }
  std::string warehouse_id;
  if (!plan.nothing_to_do()) {
    if (auto running = context.check("starting a clone"); !running) return running.error();
    auto warehouse = workspace.choose_warehouse(plan.spec.warehouse_id, context);
    if (!warehouse) return warehouse.error();
    warehouse_id = warehouse->id;
  }
  return clone::Run(workspace, plan, std::move(warehouse_id), context, on_progress).run();
}

}  // namespace dbxauth
