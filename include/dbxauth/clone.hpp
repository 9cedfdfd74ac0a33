// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_CLONE_HPP
#define DBXAUTH_CLONE_HPP

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/catalog.hpp"
#include "dbxauth/operation.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/workspace.hpp"

namespace dbxauth {

enum class CloneMode {
  deep,         ///< Data is copied.
  shallow,      ///< Metadata is copied, data files are shared with the source.
  schema_only,  ///< Empty tables with the source's columns.
};

enum class IfExists {
  skip,     ///< The default: what is there stays as it is.
  replace,  ///< Tables are re-cloned (incremental for deep), views and functions replaced.
  fail,     ///< The plan is refused.
};

/// What to clone, and how. JSON form: the same names in snake case, `"schema": 1`; unknown keys are errors.
struct CloneSpec {
  std::string source;       ///< Catalog name.
  std::string destination;  ///< Catalog name.
  CloneMode mode = CloneMode::deep;
  IfExists if_exists = IfExists::skip;
  std::vector<std::string> include_schemas;  ///< Globs (`*`, `?`); empty means all.
  std::vector<std::string> exclude_schemas;
  bool copy_views = true;
  bool copy_functions = true;
  bool copy_volumes = true;
  bool copy_comments = true;
  bool copy_tags = true;
  bool copy_grants = true;
  std::string
      managed_location;  ///< MANAGED LOCATION of the destination catalog when it is created; empty: metastore default.
  /// Source prefix → destination prefix for external tables and volumes. An external table without a mapping is cloned
  /// as a managed one, and the fidelity matrix says so; an external volume without one is skipped.
  std::map<std::string, std::string> location_map;
  std::string warehouse_id;      ///< Empty: chosen by WorkspaceClient::choose_warehouse().
  std::int32_t parallelism = 8;  ///< Statements in flight, 1 to 64.

  std::string to_json() const;
  static Result<CloneSpec> from_json(std::string_view json);
};

enum class StepKind {
  create_catalog,
  create_schema,
  clone_table,
  create_table,
  create_view,
  create_function,
  create_volume,
  set_comment,
  set_tags,
  grant,
};
std::string_view to_string(StepKind kind) noexcept;

/// One statement of a plan.
struct CloneStep {
  std::string id;  ///< Stable and unique in the plan: "clone_table:sales.orders".
  StepKind kind = StepKind::create_schema;
  std::string object;  ///< Destination object, quoted: `` `staging`.`sales`.`orders` ``.
  std::string sql;
  std::vector<std::string> depends_on;  ///< Ids of steps that must have succeeded.
  std::string reason;                   ///< Why it is in the plan.
};

enum class FidelityVerdict { copied, recreated, already_there, skipped };
std::string_view to_string(FidelityVerdict verdict) noexcept;

/// What becomes of one aspect of one source object. Every object of the source has at least one entry.
struct FidelityEntry {
  std::string object;  ///< Source object, quoted.
  std::string aspect;  ///< "data", "definition", "comment", "tags", "grants", "owner", "row filter", …
  FidelityVerdict verdict = FidelityVerdict::copied;
  std::string reason;  ///< Required for `skipped` and `recreated`.
};

/// What will be done, as a value: printable, comparable, saved as JSON or as a SQL script.
struct ClonePlan {
  CloneSpec spec;
  std::string host;
  std::vector<CloneStep> steps;  ///< In an order in which they can be run one after the other.
  std::vector<FidelityEntry> fidelity;
  std::vector<std::string> warnings;

  bool nothing_to_do() const noexcept { return steps.empty(); }
  /// Canonical JSON, `"schema": 1`.
  std::string to_json() const;
  static Result<ClonePlan> from_json(std::string_view json);
  /// A script that a person can read and run in a SQL editor, statements ended by `;`.
  std::string to_sql_script() const;
};

/// Works the plan out. Pure: reads nothing but its arguments and gives equal plans for equal arguments.
/// Refuses (ErrorCode::invalid_argument, unsupported or already_exists) what can't be done as asked.
Result<ClonePlan> plan_clone(const CatalogInventory& source, const CatalogInventory& destination,
                             const CloneSpec& spec);

enum class StepOutcome { succeeded, failed, blocked, cancelled };
std::string_view to_string(StepOutcome outcome) noexcept;

struct StepReport {
  std::string id;
  StepKind kind = StepKind::create_schema;
  std::string object;
  StepOutcome outcome = StepOutcome::succeeded;
  std::string statement_id;
  std::string error;       ///< Message of a failure, or what blocked the step.
  std::string error_code;  ///< Stable name of the ErrorCode, then the server's code when there is one.
  std::int64_t duration_ms = 0;
  std::int64_t copied_files = -1;  ///< As CLONE reported; -1 when not a clone.
  std::int64_t copied_bytes = -1;
};

struct CloneReport {
  CloneSpec spec;
  std::string host;
  std::vector<StepReport> steps;  ///< In plan order.
  std::vector<FidelityEntry> fidelity;
  std::vector<std::string> warnings;
  std::int64_t duration_ms = 0;

  std::int64_t count(StepOutcome outcome) const noexcept;
  /// Every step succeeded.
  bool complete() const noexcept;
  std::string to_json() const;
};

/// Runs a plan with bounded concurrency. A failing step blocks only the steps that depend on it. The result is an error
/// only when nothing could be run; failed steps are in the report. A cancelled run returns its report, too.
Result<CloneReport> run_clone(const WorkspaceClient& workspace, const ClonePlan& plan, const CallContext& context = {},
                              const ProgressCallback& on_progress = {});

}  // namespace dbxauth

#endif
