// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/operation.hpp"

#include "base/json_reader.hpp"
#include "base/json_writer.hpp"
#include "c_handles.hpp"
#include "c_options.hpp"
#include "dbxauth/clone.hpp"
#include "dbxauth/diagnosis.hpp"

struct dbxauth_operation {
  std::unique_ptr<dbxauth::Operation<std::string>> operation;
};

namespace dbxauth::capi {

namespace {

using TextOperation = Operation<std::string>;
using Report = TextOperation::Report;

std::string progress_json(const Progress& progress) {
  base::JsonWriter json;
  json.begin_object()
      .member("phase", progress.phase)
      .member("done", progress.done)
      .member("total", progress.total)
      .member("failed", progress.failed)
      .member("current", progress.current)
      .end_object();
  return json.take();
}

/// The progress callback of the caller, or an empty function.
ProgressCallback progress_callback(const dbxauth_operation_options& options, std::shared_ptr<UserData> user_data) {
  if (options.progress == nullptr) return {};
  return [progress = options.progress, user_data = std::move(user_data)](const Progress& now) {
    const std::string json = progress_json(now);
    progress(user_data->get(), json.c_str(), json.size());
  };
}

/// What every `_start` function shares: reads the options, owns the user data, starts the thread.
template <class Prepare>
dbxauth_status start_operation(dbxauth_client* client, const dbxauth_operation_options* given, dbxauth_operation** out,
                               dbxauth_error** error, Prepare&& prepare) {
  return guard(error, [&]() -> Result<void> {
    std::shared_ptr<UserData> user_data;
    // The fields are read before anything can fail, so that `destroy` runs on every path; a struct too short to have
    // them was never valid and cannot be read.
    if (given != nullptr && given->struct_size >= FirstVersion<dbxauth_operation_options>::size) {
      user_data = own(given->user_data, given->destroy);
    }
    const auto options = read_options(given, "dbxauth_operation_options");
    if (!options) return options.error();
    if (client == nullptr || out == nullptr) return invalid_argument("client and out must be given");
    *out = nullptr;
    if (options->timeout_ms < 0) return invalid_argument("dbxauth_operation_options.timeout_ms must not be negative");
    Result<TextOperation::Work> work = prepare(client->client);
    if (!work) return work.error();
    CallContext context;
    if (options->timeout_ms > 0) context = CallContext::with_timeout(std::chrono::milliseconds(options->timeout_ms));
    auto handle = std::make_unique<dbxauth_operation>();
    handle->operation =
        TextOperation::start(std::move(*work), std::move(context), progress_callback(*options, std::move(user_data)));
    return give(out, std::move(handle));
  });
}

Result<std::string_view> text_argument(const char* text, std::size_t size, const char* what) {
  if (text == nullptr) return invalid_argument(std::string(what) + " must be given");
  return std::string_view(text, size);
}

Result<StatementRequest> read_statement(std::string_view text) {
  const auto json = base::JsonDocument::parse(text, "the statement request");
  if (!json) return Error{ErrorCode::invalid_argument, json.error().message};
  StatementRequest request;
  request.sql = (*json)["sql"].string_or();
  if (request.sql.empty()) return invalid_argument("the statement request lacks \"sql\"");
  request.warehouse_id = (*json)["warehouse_id"].string_or();
  request.catalog = (*json)["catalog"].string_or();
  request.schema = (*json)["schema"].string_or();
  (*json)["parameters"].each_element([&](base::JsonView parameter) {
    StatementParameter bound;
    bound.name = parameter["name"].string_or();
    if (!parameter["value"].is_null_or_missing()) bound.value = parameter["value"].as_text();
    bound.type = parameter["type"].string_or("STRING");
    request.parameters.push_back(std::move(bound));
  });
  return request;
}

Result<std::string> run_statement(const Client& client, StatementRequest request, const CallContext& context,
                                  const Report& report) {
  report({.done = 0, .total = 1, .failed = 0, .phase = "run", .current = "statement"});
  const auto workspace = client.workspace(context);
  if (!workspace) return workspace.error();
  const auto warehouse = workspace->choose_warehouse(request.warehouse_id, context);
  if (!warehouse) return warehouse.error();
  request.warehouse_id = warehouse->id;
  const auto result = workspace->execute(request, context);
  if (!result) return result.error();
  report({.done = 1, .total = 1, .failed = 0, .phase = "run", .current = "statement"});
  return to_json(*result);
}

Result<std::string> take_inventory(const Client& client, const std::string& catalog, const std::string& warehouse_id,
                                   const CallContext& context, const Report& report) {
  report({.done = 0, .total = 1, .failed = 0, .phase = "inventory", .current = catalog});
  const auto workspace = client.workspace(context);
  if (!workspace) return workspace.error();
  const auto warehouse = workspace->choose_warehouse(warehouse_id, context);
  if (!warehouse) return warehouse.error();
  const auto inventory = CatalogInventory::take(*workspace, catalog, warehouse->id, context);
  if (!inventory) return inventory.error();
  report({.done = 1, .total = 1, .failed = 0, .phase = "inventory", .current = catalog});
  return inventory->to_json();
}

Result<std::string> run_diagnosis(const Client& client, const CallContext& context, const Report& report) {
  report({.done = 0, .total = 1, .failed = 0, .phase = "diagnosis", .current = client.config().host});
  const Diagnosis diagnosis = diagnose(client, context);
  // What a cancelled diagnosis did not get to is not what is wrong with the connection.
  if (context.cancel.cancelled()) return context.check("diagnosing the connection").error();
  report({.done = 1, .total = 1, .failed = 0, .phase = "diagnosis", .current = diagnosis.config.host});
  return diagnosis.to_json();
}

template <class Value>
Result<std::string> as_json(const Result<Value>& value) {
  if (!value) return value.error();
  return value->to_json();
}

Result<std::string> run_plan(const Client& client, const ClonePlan& plan, const CallContext& context,
                             const Report& report) {
  const auto workspace = client.workspace(context);
  if (!workspace) return workspace.error();
  return as_json(run_clone(*workspace, plan, context, report));
}

/// A JSON argument as the caller gave it.
struct JsonArgument {
  const char* text;
  std::size_t size;
  const char* name;
};

/// Starts an operation whose input is a JSON text of type `Input`, which is checked before the thread is started.
template <class Input, class Job>
dbxauth_status start_with(dbxauth_client* client, const JsonArgument& argument,
                          const dbxauth_operation_options* options, dbxauth_operation** out, dbxauth_error** error,
                          Job job) {
  return start_operation(client, options, out, error, [&](const Client& target) -> Result<TextOperation::Work> {
    const auto text = text_argument(argument.text, argument.size, argument.name);
    if (!text) return text.error();
    auto input = Input::from_json(*text);
    if (!input) return input.error();
    return [target, input = std::move(*input), job](const CallContext& context, const Report& report) {
      return job(target, input, context, report);
    };
  });
}

}  // namespace

}  // namespace dbxauth::capi

using namespace dbxauth;
using namespace dbxauth::capi;

extern "C" {

DBXAUTH_API void dbxauth_operation_options_init(dbxauth_operation_options* options, size_t struct_size) {
  init_options(options, struct_size);
}

DBXAUTH_API dbxauth_status dbxauth_inventory_start(dbxauth_client* client, const char* catalog,
                                                   const char* warehouse_id, const dbxauth_operation_options* options,
                                                   dbxauth_operation** out, dbxauth_error** error) {
  return start_operation(client, options, out, error, [&](const Client& target) -> Result<TextOperation::Work> {
    if (catalog == nullptr || *catalog == '\0') return invalid_argument("catalog must be given");
    return [target, name = std::string(catalog), warehouse = text_or_empty(warehouse_id)](const CallContext& context,
                                                                                          const Report& report) {
      return take_inventory(target, name, warehouse, context, report);
    };
  });
}

DBXAUTH_API dbxauth_status dbxauth_clone_plan_start(dbxauth_client* client, const char* spec_json, size_t spec_size,
                                                    const dbxauth_operation_options* options, dbxauth_operation** out,
                                                    dbxauth_error** error) {
  return start_with<CloneSpec>(client, {spec_json, spec_size, "spec_json"}, options, out, error,
                               [](const Client& target, const CloneSpec& spec, const CallContext& context,
                                  const Report& report) { return as_json(target.plan_clone(spec, context, report)); });
}

DBXAUTH_API dbxauth_status dbxauth_clone_run_start(dbxauth_client* client, const char* plan_json, size_t plan_size,
                                                   const dbxauth_operation_options* options, dbxauth_operation** out,
                                                   dbxauth_error** error) {
  return start_with<ClonePlan>(client, {plan_json, plan_size, "plan_json"}, options, out, error, run_plan);
}

DBXAUTH_API dbxauth_status dbxauth_clone_start(dbxauth_client* client, const char* spec_json, size_t spec_size,
                                               const dbxauth_operation_options* options, dbxauth_operation** out,
                                               dbxauth_error** error) {
  return start_with<CloneSpec>(client, {spec_json, spec_size, "spec_json"}, options, out, error,
                               [](const Client& target, const CloneSpec& spec, const CallContext& context,
                                  const Report& report) { return as_json(target.clone(spec, context, report)); });
}

DBXAUTH_API dbxauth_status dbxauth_diagnose_start(dbxauth_client* client, const dbxauth_operation_options* options,
                                                  dbxauth_operation** out, dbxauth_error** error) {
  return start_operation(client, options, out, error, [](const Client& target) -> Result<TextOperation::Work> {
    return
        [target](const CallContext& context, const Report& report) { return run_diagnosis(target, context, report); };
  });
}

DBXAUTH_API dbxauth_status dbxauth_sql_start(dbxauth_client* client, const char* request_json, size_t request_size,
                                             const dbxauth_operation_options* options, dbxauth_operation** out,
                                             dbxauth_error** error) {
  return start_operation(client, options, out, error, [&](const Client& target) -> Result<TextOperation::Work> {
    const auto text = text_argument(request_json, request_size, "request_json");
    if (!text) return text.error();
    auto request = read_statement(*text);
    if (!request) return request.error();
    return [target, request = std::move(*request)](const CallContext& context, const Report& report) {
      return run_statement(target, request, context, report);
    };
  });
}

DBXAUTH_API dbxauth_status dbxauth_operation_wait(dbxauth_operation* operation, int64_t timeout_ms, int32_t* finished,
                                                  dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (operation == nullptr || finished == nullptr || timeout_ms < 0) {
      return invalid_argument("dbxauth_operation_wait: operation and finished must be given, timeout_ms not negative");
    }
    // A year is as good as for ever and cannot overflow the clock.
    constexpr std::int64_t longest_ms = std::int64_t{366} * 24 * 3600 * 1000;
    *finished = operation->operation->wait(std::chrono::milliseconds(std::min(timeout_ms, longest_ms))) ? 1 : 0;
    return {};
  });
}

DBXAUTH_API void dbxauth_operation_cancel(dbxauth_operation* operation) {
  if (operation != nullptr) operation->operation->cancel();
}

DBXAUTH_API dbxauth_status dbxauth_operation_progress_json(dbxauth_operation* operation, dbxauth_string** out,
                                                           dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (operation == nullptr || out == nullptr) return invalid_argument("operation and out must be given");
    *out = nullptr;
    return give(out, make_string(progress_json(operation->operation->progress())));
  });
}

DBXAUTH_API dbxauth_status dbxauth_operation_result_json(dbxauth_operation* operation, dbxauth_string** out,
                                                         dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (operation == nullptr || out == nullptr) return invalid_argument("operation and out must be given");
    *out = nullptr;
    const Result<std::string>& result = operation->operation->result();
    if (!result) return result.error();
    return give(out, make_string(*result));
  });
}

DBXAUTH_API void dbxauth_operation_free(dbxauth_operation* operation) {
  delete operation;
}

DBXAUTH_API dbxauth_status dbxauth_clone_plan_sql(const char* plan_json, size_t plan_size, dbxauth_string** out,
                                                  dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (out == nullptr) return invalid_argument("out must be given");
    *out = nullptr;
    const auto text = text_argument(plan_json, plan_size, "plan_json");
    if (!text) return text.error();
    const auto plan = ClonePlan::from_json(*text);
    if (!plan) return plan.error();
    return give(out, make_string(plan->to_sql_script()));
  });
}

}  // extern "C"
