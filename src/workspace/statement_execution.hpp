// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/json_reader.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/workspace.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"
#include "workspace/poll_timer.hpp"
#include "workspace/rest_request.hpp"

namespace dbxauth::workspace {

/// The body of `POST /api/2.0/sql/statements`, or ErrorCode::invalid_argument naming the field that the API would
/// refuse. `wait`, from wait_within(), is sent in place of the request's own wait_in_submit.
Result<std::string> statement_submit_body(const StatementRequest& request, std::chrono::seconds wait);

/// What the submit call may wait for when the context ends sooner than the request would like: the statement's id must
/// be known in time to cancel it. Gives a value that the API accepts (0, or 5 s and more).
std::chrono::seconds wait_within(std::chrono::seconds wished, const CallContext& context);

/// Runs statements: submit once, wait, collect the result. Holds references only; thread-safe.
/// https://docs.databricks.com/api/workspace/statementexecution
class StatementExecution {
 public:
  StatementExecution(const RestClient& rest, net::HttpTransport& plain, const platform::Clock& clock,
                     const PollTimer& timer)
      : rest_(rest), plain_(plain), clock_(clock), timer_(timer) {}

  /// As WorkspaceClient::execute().
  Result<StatementResult> run(const StatementRequest& request, const CallContext& context) const;

 private:
  Result<base::JsonDocument> submit(const StatementRequest& request, const CallContext& context) const;
  /// Polls until SUCCEEDED; every other end is an Error.
  Result<base::JsonDocument> wait_for_success(base::JsonDocument answer, const std::string& statement_id,
                                              const CallContext& context) const;
  Result<base::JsonDocument> poll(const std::string& statement_id, const CallContext& context) const;
  /// Cancels the statement on the server in a context of its own and completes `reason` with what came of it.
  Error stop(const std::string& statement_id, Error reason) const;

  const RestClient& rest_;
  net::HttpTransport& plain_;
  const platform::Clock& clock_;
  const PollTimer& timer_;
};

}  // namespace dbxauth::workspace
