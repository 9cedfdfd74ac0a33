// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"
#include "dbxauth/workspace.hpp"
#include "net/http_transport.hpp"
#include "platform/clock.hpp"
#include "workspace/rest_request.hpp"

namespace dbxauth::workspace {

/// Collects the result of one statement that SUCCEEDED: every chunk, or an error, never a part of it.
///
/// A chunk is either inline (`data_array`) or a link to an object store. A link lives for 15 minutes at most: it is
/// asked for again when it is about to expire or when the store refuses it, is fetched through the transport without
/// credentials, and appears in no log record and no error.
class StatementResultReader {
 public:
  StatementResultReader(const RestClient& rest, net::HttpTransport& plain, const platform::Clock& clock,
                        std::string_view statement_id, const CallContext& context)
      : rest_(rest), plain_(plain), clock_(clock), statement_id_(statement_id), context_(context) {}

  /// `answer` is the response of the submit or of the poll that said SUCCEEDED.
  Result<StatementResult> read(base::JsonView answer);

 private:
  struct Link {
    SecretString url;
    std::vector<std::pair<std::string, SecretString>> headers;
    std::optional<std::chrono::system_clock::time_point> expires_at;
    std::int64_t chunk_index = 0;
    std::optional<std::int64_t> next_chunk;
  };

  Result<void> read_columns(base::JsonView manifest);
  /// Appends the rows of a chunk and gives the index of the chunk that follows, if any.
  Result<std::optional<std::int64_t>> read_chunk(base::JsonView chunk, std::int64_t index);
  Result<void> read_link(Link link);
  Result<Link> parse_link(base::JsonView entry, std::int64_t fallback_index) const;
  Result<Link> request_link_again(std::int64_t chunk_index) const;
  Result<net::HttpResponse> fetch(const Link& link) const;
  bool about_to_expire(const Link& link) const;
  Result<void> append_rows(base::JsonView rows);
  Result<base::JsonDocument> request_chunk(std::int64_t index) const;
  std::optional<std::int64_t> next_chunk_of(base::JsonView entry) const;
  Error malformed(std::string_view what) const;

  const RestClient& rest_;
  net::HttpTransport& plain_;
  const platform::Clock& clock_;
  std::string statement_id_;
  CallContext context_;
  StatementResult result_;
};

}  // namespace dbxauth::workspace
