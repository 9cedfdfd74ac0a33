// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <iterator>

#include "commands.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace dbxauth::cli {

namespace {

Result<StatementRequest> read_request(const Arguments& arguments) {
  StatementRequest request;
  request.sql = arguments.statement;
  if (request.sql == "-") request.sql.assign(std::istreambuf_iterator<char>(std::cin), {});
  request.catalog = arguments.catalog;
  request.schema = arguments.schema;
  for (const std::string& pair : arguments.parameters) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::invalid_argument, "--param: expected NAME=VALUE, got " + pair};
    }
    request.parameters.push_back({pair.substr(0, equals), pair.substr(equals + 1)});
  }
  return request;
}

std::string result_table(const StatementResult& result) {
  if (result.columns.empty()) return "OK\n";
  std::vector<std::string> header;
  for (const StatementColumn& column : result.columns) header.push_back(printable(column.name));
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : result.rows) {
    auto& cells = rows.emplace_back();
    for (const StatementCell& cell : row) cells.push_back(cell ? printable(*cell) : "NULL");
  }
  return table(header, rows);
}

}  // namespace

int sql(const Arguments& arguments) {
  const OutputFormat format = arguments.global.output;
  const auto client = make_client(arguments.global);
  if (!client) return report(client.error(), format);
  // What is read from standard input is read before Ctrl-C gets another meaning.
  auto request = read_request(arguments);
  if (!request) return report(request.error(), format);
  const Interrupt interrupt;
  const CallContext context = make_context(arguments.global, interrupt.token());
  const auto workspace = client->workspace(context);
  if (!workspace) return report(workspace.error(), format);
  const auto warehouse = workspace->choose_warehouse(
      arguments.warehouse_id.empty() ? client->config().warehouse_id : arguments.warehouse_id, context);
  if (!warehouse) return report(warehouse.error(), format);
  request->warehouse_id = warehouse->id;
  const auto result = workspace->execute(*request, context);
  if (!result) return report(result.error(), format);
  if (result->truncated) tell("Warning: the server cut the result off\n");
  const bool written = format == OutputFormat::json ? print_json(to_json(*result)) : print(result_table(*result));
  return written ? exit_ok : exit_failed;
}

}  // namespace dbxauth::cli
