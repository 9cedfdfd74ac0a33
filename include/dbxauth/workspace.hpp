// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_WORKSPACE_HPP
#define DBXAUTH_WORKSPACE_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"

namespace dbxauth {

/// `GET /api/2.0/preview/scim/v2/Me`.
struct CurrentUser {
  std::string id;
  std::string user_name;  ///< An email address, or the application id of a service principal.
  std::string display_name;
  bool active = true;
  std::string workspace_id;  ///< From the response header `x-databricks-org-id`; may be empty.
};

/// A SQL warehouse (`/api/2.0/sql/warehouses`).
struct Warehouse {
  std::string id;
  std::string name;
  std::string state;  ///< STARTING, RUNNING, STOPPING, STOPPED, DELETING, DELETED.
  std::string cluster_size;
  std::string warehouse_type;  ///< CLASSIC, PRO.
  bool serverless = false;
};

struct CatalogInfo {
  std::string name;
  std::string catalog_type;
  std::string owner;
  std::string comment;
  std::string storage_root;
  std::string metastore_id;
  std::string isolation_mode;
};

struct SchemaInfo {
  std::string name;
  std::string catalog_name;
  std::string owner;
  std::string comment;
  std::string storage_root;
};

struct TableInfo {
  std::string name;
  std::string catalog_name;
  std::string schema_name;
  std::string table_type;  ///< MANAGED, EXTERNAL, VIEW, MATERIALIZED_VIEW, STREAMING_TABLE, FOREIGN, …
  std::string data_source_format;
  std::string owner;
  std::string comment;
  std::string storage_location;
};

/// A named parameter of a statement (`:name`). A missing value is SQL NULL.
struct StatementParameter {
  std::string name;
  std::optional<std::string> value;
  std::string type = "STRING";
};

struct StatementRequest {
  std::string sql;
  std::string warehouse_id;
  std::string
      catalog;  ///< Default catalog of the statement; may be empty. Session state does not persist between calls.
  std::string schema;
  std::vector<StatementParameter> parameters;
  /// What the submit call waits for before the client starts polling: 0, or 5 to 50 s. Metadata statements finish
  /// within one round trip that way; long ones (CLONE) are better submitted with 0.
  std::chrono::seconds wait_in_submit{30};
  /// Up to 20 key/value pairs that show up in the query history.
  std::vector<std::pair<std::string, std::string>> query_tags;
  /// Told the statement id as soon as it is known, before the statement has ended. May be empty.
  std::function<void(std::string_view statement_id)> on_submitted;
  /// False: the result comes inline, and the statement fails when it exceeds the server's limit (25 MiB). True: it
  /// comes by external links to the cloud's object store, up to 100 GiB. Never switched silently, since a statement
  /// that failed on the limit would have to run again.
  bool large_result = false;
  /// True: running the statement twice is running it once, so it is submitted again when the answer to the submit was
  /// lost. False: it is not, since it may be running.
  bool repeatable = false;
};

struct StatementColumn {
  std::string name;
  std::string type_text;
};

/// A value of a result; std::nullopt is SQL NULL and distinct from the text "null".
using StatementCell = std::optional<std::string>;

struct StatementResult {
  std::string statement_id;
  std::vector<StatementColumn> columns;
  std::vector<std::vector<StatementCell>> rows;
  std::int64_t total_row_count = 0;
  bool truncated = false;  ///< The server dropped rows (`row_limit`, `byte_limit`).
};

/// `"schema": 1`, catalogs [{name, catalog_type, owner, comment}].
std::string to_json(const std::vector<CatalogInfo>& catalogs);

/// `"schema": 1`, statement_id, columns [{name, type}], rows [[text or null]], row_count, truncated.
std::string to_json(const StatementResult& result);

/// A workspace's REST and SQL APIs, authorised, retried, paged and cancellable. Thread-safe; copies share one state.
/// Every call ends within its context's deadline; without one a REST call ends within 60 s and a statement within 24 h.
class WorkspaceClient {
 public:
  struct State;
  /// Obtained from Client::workspace(); `state` is internal to the library.
  explicit WorkspaceClient(std::shared_ptr<const State> state) noexcept;
  ~WorkspaceClient();
  WorkspaceClient(const WorkspaceClient&) = default;
  WorkspaceClient& operator=(const WorkspaceClient&) = default;
  WorkspaceClient(WorkspaceClient&&) noexcept = default;
  WorkspaceClient& operator=(WorkspaceClient&&) noexcept = default;

  const std::string& host() const noexcept;

  Result<CurrentUser> current_user(const CallContext& context = {}) const;

  /// All pages.
  Result<std::vector<Warehouse>> warehouses(const CallContext& context = {}) const;
  Result<Warehouse> warehouse(std::string_view id, const CallContext& context = {}) const;
  /// The warehouse to use: `preferred` when not empty, else the best of those listed (running before starting before
  /// stopped; serverless first among equals). ErrorCode::not_found when there is none.
  Result<Warehouse> choose_warehouse(std::string_view preferred, const CallContext& context = {}) const;
  /// Starts it when needed and waits until it runs, 20 min at most unless the context says otherwise.
  Result<Warehouse> start_warehouse(std::string_view id, const CallContext& context = {}) const;

  /// All pages. Pages may be empty; only an absent page token ends the list.
  Result<std::vector<CatalogInfo>> catalogs(const CallContext& context = {}) const;
  Result<CatalogInfo> catalog(std::string_view name, const CallContext& context = {}) const;
  Result<std::vector<SchemaInfo>> schemas(std::string_view catalog, const CallContext& context = {}) const;
  Result<std::vector<TableInfo>> tables(std::string_view catalog, std::string_view schema,
                                        const CallContext& context = {}) const;

  /// Runs a statement to its end and fetches all of its result: inline, or with StatementRequest::large_result by
  /// external links (fetched without credentials). On cancellation or deadline the statement is cancelled on the server
  /// too. It is submitted once: when the answer to the submit is lost the error says that the statement may be running.
  Result<StatementResult> execute(const StatementRequest& request, const CallContext& context = {}) const;

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace dbxauth

#endif
