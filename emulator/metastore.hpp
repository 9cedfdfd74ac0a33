// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_error.hpp"
#include "database.hpp"
#include "privileges.hpp"

namespace dbxauth::emulator {

enum class PrincipalKind { user, service_principal, group };

struct Principal {
  std::int64_t id = 0;
  PrincipalKind kind = PrincipalKind::user;
  std::string name;  ///< User name (an email), application id of a service principal, or group name.
  std::string display_name;
  bool metastore_admin = false;
  bool active = true;
};

/// What every securable has. Names are lower case, as Unity Catalog stores them ("Databricks SQL language manual:
/// Names").
struct Securable {
  SecurableKind kind = SecurableKind::catalog;
  std::int64_t row_id = 0;   ///< Internal, never reused.
  std::string id;            ///< UUID: metastore_id, catalog id, schema_id, table_id, function_id, volume_id.
  std::string catalog_name;  ///< Empty for a catalog itself.
  std::string schema_name;   ///< Empty for catalogs and schemas.
  std::string name;
  std::string owner;
  std::optional<std::string> comment;
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string> tags;  ///< Filled by get_*, empty in lists.
  std::int64_t created_at_ms = 0;           ///< Unix epoch, milliseconds.
  std::string created_by;
  std::int64_t updated_at_ms = 0;
  std::string updated_by;
  std::string storage_root;      ///< Catalogs and schemas with their own managed location; else empty.
  std::string storage_location;  ///< Tables and volumes (not views), schemas and catalogs with a storage root.

  struct Ancestor {
    std::int64_t row_id = 0;
    std::string owner;
  };
  std::vector<Ancestor> ancestors;  ///< Nearest first, the metastore last.

  std::string full_name() const;          ///< "catalog.schema.name", unquoted, as REST writes it.
  std::vector<std::string> path() const;  ///< The same in parts.
};

struct CatalogInfo : Securable {
  std::string catalog_type = "MANAGED_CATALOG";
  std::string isolation_mode = "OPEN";
};

struct SchemaInfo : Securable {};

struct ColumnInfo {
  std::string name;
  std::string type_text;  ///< As in DDL, lower case: "decimal(12,2)", "array<string>".
  bool nullable = true;
  std::optional<std::string> comment;
  std::map<std::string, std::string> tags;  ///< Filled by get_table only.
  std::string type_name() const;  ///< REST spelling: LONG for bigint, SHORT, BYTE, STRING, DECIMAL, ARRAY, …
  int precision() const;          ///< DECIMAL: its precision; else 0.
  int scale() const;
};

struct TableInfo : Securable {
  std::string table_type;          ///< MANAGED, EXTERNAL, VIEW, MANAGED_SHALLOW_CLONE, EXTERNAL_SHALLOW_CLONE,
                                   ///< MATERIALIZED_VIEW, STREAMING_TABLE.
  std::string data_source_format;  ///< DELTA; empty for views.
  std::vector<ColumnInfo> columns;
  std::string view_definition;  ///< Text after AS; empty for tables.
  std::string view_catalog;     ///< Current catalog and schema when the view was made: one- and two-part names in it
  std::string view_schema;      ///< resolve against these.
  std::int64_t version = 0;     ///< Delta version: 0 after creation, +1 for each write or metadata change.
  bool is_view() const { return table_type == "VIEW" || table_type == "MATERIALIZED_VIEW"; }
};

struct ParameterInfo {
  std::string name;
  std::string type_text;
  std::optional<std::string> default_text;  ///< The SQL expression after DEFAULT.
  std::optional<std::string> comment;
};

struct FunctionInfo : Securable {
  std::string data_type;             ///< REST spelling of the result ("INT"), "TABLE_TYPE" for a table function.
  std::string full_data_type;        ///< "int"; for a table function "TABLE(a int,b string)".
  std::string routine_body = "SQL";  ///< SQL or EXTERNAL.
  std::string external_language;     ///< "Python" for EXTERNAL.
  std::string routine_definition;    ///< The expression or query after RETURN, or the text between $$.
  std::vector<ParameterInfo> parameters;
  std::vector<ColumnInfo> return_columns;  ///< Table functions only.
  bool is_table_function = false;
  bool is_deterministic = true;
  std::string definition_catalog;  ///< Current catalog and schema when it was made.
  std::string definition_schema;
};

struct VolumeInfo : Securable {
  std::string volume_type = "MANAGED";  ///< MANAGED or EXTERNAL.
};

struct CatalogSpec {
  std::string name;
  std::optional<std::string> comment;
  std::map<std::string, std::string> properties;
  std::string storage_root;  ///< MANAGED LOCATION; empty: the metastore's.
  std::string owner;         ///< Empty: the actor.
};
struct SchemaSpec {
  std::string catalog_name, name;
  std::optional<std::string> comment;
  std::map<std::string, std::string> properties;
  std::string storage_root;
};
struct TableSpec {
  std::string catalog_name, schema_name, name;
  std::string table_type = "MANAGED";
  std::vector<ColumnInfo> columns;
  std::optional<std::string> comment;
  std::map<std::string, std::string> properties;
  std::string storage_location;  ///< External tables; empty for managed ones (assigned) and views.
  std::string view_definition, view_catalog, view_schema;
};
struct FunctionSpec {
  std::string catalog_name, schema_name;
  FunctionInfo info;  ///< Name, parameters, body, comment; what the metastore assigns is ignored.
};
struct VolumeSpec {
  std::string catalog_name, schema_name, name;
  std::string volume_type = "MANAGED";
  std::string storage_location;  ///< EXTERNAL only.
  std::optional<std::string> comment;
};

/// Changes to one securable; what is not set stays.
struct SecurablePatch {
  std::optional<std::string> new_name;
  std::optional<std::string> owner;
  std::optional<std::optional<std::string>> comment;  ///< An inner nullopt removes it.
  std::map<std::string, std::string> set_properties;
  std::vector<std::string> unset_properties;
  std::optional<std::map<std::string, std::string>>
      properties;  ///< Replaces all of them (REST PATCH of a catalog or schema).
};

struct PageRequest {
  int max_results = 0;     ///< 0: the limit of the kind (the caller caps it before).
  std::string page_token;  ///< Empty: from the start. An unknown token is INVALID_PARAMETER_VALUE.
};
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  ///< Empty: the last page.
};

struct PrivilegeAssignment {
  std::string principal;
  std::vector<std::string> privileges;  ///< Upper snake: "USE_CATALOG"; sorted.
};
struct EffectivePrivilege {
  std::string privilege;
  std::optional<SecurableKind> inherited_from_kind;  ///< Unset: granted on the object itself.
  std::string inherited_from_name;
};
struct EffectiveAssignment {
  std::string principal;
  std::vector<EffectivePrivilege> privileges;
};
struct GrantChange {
  std::string principal;
  std::vector<std::string> add;  ///< "SELECT", "USE_CATALOG" (or with a space), "ALL_PRIVILEGES".
  std::vector<std::string> remove;
};

struct MetastoreOptions {
  /// ":memory:", or a file that is created when missing and opened with its contents when present.
  std::string database_path = ":memory:";
  /// Refuses space, period, slash, control characters and more than 255 characters in object names, as Unity Catalog
  /// does ("Names: Unity Catalog object names"). Off: for people whose catalogs hold such names from elsewhere.
  bool strict_object_names = true;
  std::string region = "emulator";
  std::string cloud = "local";
  /// Milliseconds since the Unix epoch; default the system clock.
  std::function<std::int64_t()> now_ms;
};

/// The state of one workspace: principals, securables, grants, tags and table rows, in SQLite.
///
/// `actor` in every call is the name of the principal that acts; its rights are checked as Unity Catalog does. The
/// empty actor is the system itself (seeds): nothing is checked and objects it makes belong to `default_owner()`. Names
/// are parts, not quoted; comparison ignores ASCII case. Thread-safe: one recursive mutex, also offered by lock() to
/// make several calls one step. Failures are ApiError values; nothing throws.
class Metastore {
 public:
  static Outcome<std::unique_ptr<Metastore>> open(MetastoreOptions options);
  ~Metastore();
  Metastore(const Metastore&) = delete;
  Metastore& operator=(const Metastore&) = delete;

  std::unique_lock<std::recursive_mutex> lock() const { return std::unique_lock(mutex_); }
  /// Runs `step` in one SQLite transaction under the lock; a refusal rolls everything back. Nests.
  Outcome<void> transaction(const std::function<Outcome<void>()>& step);

  // --- the metastore and its principals
  std::string metastore_id() const;
  std::string storage_root() const;  ///< "s3://emulator-metastore/<id>".
  std::string default_owner() const;
  void set_default_owner(std::string principal);
  const MetastoreOptions& options() const { return options_; }

  Outcome<Principal> add_principal(PrincipalKind kind, std::string_view name, std::string_view display_name,
                                   bool metastore_admin = false);
  Outcome<void> add_group_member(std::string_view group, std::string_view member);
  /// Every user and service principal is a member of `account users` without being added.
  std::optional<Principal> find_principal(std::string_view name) const;
  std::optional<Principal> find_principal(std::int64_t id) const;
  std::vector<Principal> list_principals(std::optional<PrincipalKind> kind = std::nullopt) const;
  std::vector<std::string> groups_of(std::string_view principal) const;  ///< Transitive; sorted.
  std::vector<std::string> members_of(std::string_view group) const;     ///< Direct; sorted.

  // --- catalogs, schemas
  Outcome<CatalogInfo> create_catalog(const std::string& actor, const CatalogSpec& spec);
  Outcome<CatalogInfo> get_catalog(const std::string& actor, std::string_view name) const;
  Outcome<Page<CatalogInfo>> list_catalogs(const std::string& actor, const PageRequest& page) const;
  Outcome<SchemaInfo> create_schema(const std::string& actor, const SchemaSpec& spec);
  Outcome<SchemaInfo> get_schema(const std::string& actor, std::string_view catalog, std::string_view name) const;
  Outcome<Page<SchemaInfo>> list_schemas(const std::string& actor, std::string_view catalog,
                                         const PageRequest& page) const;

  // --- tables and views
  Outcome<TableInfo> create_table(const std::string& actor, const TableSpec& spec);
  Outcome<TableInfo> get_table(const std::string& actor, std::string_view catalog, std::string_view schema,
                               std::string_view name) const;
  Outcome<Page<TableInfo>> list_tables(const std::string& actor, std::string_view catalog, std::string_view schema,
                                       const PageRequest& page, bool with_columns = true) const;
  /// `full_name` and `table_type` only, of one catalog; patterns are SQL LIKE, empty matches all.
  Outcome<Page<TableInfo>> list_table_summaries(const std::string& actor, std::string_view catalog,
                                                std::string_view schema_pattern, std::string_view table_pattern,
                                                const PageRequest& page) const;
  /// Replaces comment of one column (nullopt removes). Raises the table's version.
  Outcome<void> set_column_comment(const std::string& actor, const TableInfo& table, std::string_view column,
                                   const std::optional<std::string>& comment);
  /// Raises the version and records it for DESCRIBE HISTORY.
  void record_version(const std::string& actor, const TableInfo& table, std::string_view operation);
  struct VersionRecord {
    std::int64_t version = 0;
    std::int64_t timestamp_ms = 0;
    std::string user;
    std::string operation;
  };
  std::vector<VersionRecord> table_history(const TableInfo& table) const;  ///< Newest first.
  /// The SQLite table that holds the rows of `table`, quoted; its columns carry the table's column names.
  std::string row_table(const TableInfo& table) const;
  std::int64_t row_count(const TableInfo& table) const;

  // --- functions, volumes
  Outcome<FunctionInfo> create_function(const std::string& actor, const FunctionSpec& spec);
  Outcome<FunctionInfo> get_function(const std::string& actor, std::string_view catalog, std::string_view schema,
                                     std::string_view name) const;
  Outcome<Page<FunctionInfo>> list_functions(const std::string& actor, std::string_view catalog,
                                             std::string_view schema, const PageRequest& page) const;
  Outcome<VolumeInfo> create_volume(const std::string& actor, const VolumeSpec& spec);
  Outcome<VolumeInfo> get_volume(const std::string& actor, std::string_view catalog, std::string_view schema,
                                 std::string_view name) const;
  Outcome<Page<VolumeInfo>> list_volumes(const std::string& actor, std::string_view catalog, std::string_view schema,
                                         const PageRequest& page) const;

  // --- any securable; `path` is its name in parts (empty for the metastore)
  /// Finds without checking rights; nullopt when it does not exist.
  std::optional<Securable> find(SecurableKind kind, const std::vector<std::string>& path) const;
  /// Needs ownership of the object or a parent, or MANAGE (new_name, owner, comment, properties; comment also MODIFY
  /// for tables).
  Outcome<void> patch(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                      const SecurablePatch& changes);
  /// `cascade`: with everything inside; else a catalog with more than `information_schema` and an empty `default`, and
  /// a schema that is not empty, are refused.
  Outcome<void> drop(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path, bool cascade);

  // --- tags; `column` empty for the object itself
  Outcome<std::map<std::string, std::string>> get_tags(const std::string& actor, SecurableKind kind,
                                                       const std::vector<std::string>& path,
                                                       std::string_view column) const;
  Outcome<void> set_tags(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                         std::string_view column, const std::map<std::string, std::string>& tags);
  Outcome<void> unset_tags(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                           std::string_view column, const std::vector<std::string>& keys);

  // --- grants
  /// Direct grants, sorted by principal; `principal` empty means all of them.
  Outcome<Page<PrivilegeAssignment>> get_grants(const std::string& actor, SecurableKind kind,
                                                const std::vector<std::string>& path, std::string_view principal,
                                                const PageRequest& page) const;
  /// All or nothing. Unknown principal: PRINCIPAL_DOES_NOT_EXIST (404); privilege that the kind does not take:
  /// INVALID_PARAMETER_VALUE.
  Outcome<void> change_grants(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                              const std::vector<GrantChange>& changes);
  Outcome<std::vector<EffectiveAssignment>> get_effective_grants(const std::string& actor, SecurableKind kind,
                                                                 const std::vector<std::string>& path,
                                                                 std::string_view principal) const;

  // --- rights
  /// Holds `principal` the privilege on the object: by ownership of it or of a parent, by a grant or ALL_PRIVILEGES on
  /// it or on a parent, to itself or one of its groups. Does not look at USE_CATALOG and USE_SCHEMA. MANAGE is held by
  /// metastore admins too; CREATE_CATALOG on the metastore by them and by those it was granted to.
  bool is_allowed(std::string_view principal, Privilege privilege, const Securable& securable) const;
  /// The same plus USE_CATALOG and USE_SCHEMA on the parents; the refusal is what the workspace would say, for example
  /// PERMISSION_DENIED "User does not have USE CATALOG on Catalog 'x'.".
  Outcome<void> require(const std::string& principal, Privilege privilege, const Securable& securable) const;
  /// May the principal know of the object: any right on it, BROWSE, or MANAGE.
  bool is_visible(std::string_view principal, const Securable& securable) const;
  Securable metastore_securable() const;

  /// Everything a catalog holds (objects, comments, properties, tags, direct grants, owners, rows), canonical: sorted,
  /// without ids and times, so that two equal catalogs give equal text up to the catalog's name. Empty catalog name:
  /// all catalogs. Rows are arrays of text or null, sorted.
  std::string state_json(std::string_view catalog = {}, bool with_rows = true) const;

  /// For the SQL engine; hold lock() while it is used.
  Database& database() const { return *database_; }

 private:
  struct Rights;
  explicit Metastore(MetastoreOptions options);
  Outcome<void> create_schema_tables();
  const Rights& rights_of(std::string_view principal) const;
  Outcome<void> check_new_name(SecurableKind kind, std::string_view name) const;
  Outcome<Securable> insert_securable(const std::string& actor, SecurableKind kind, const Securable* parent,
                                      const std::string& name, const std::optional<std::string>& comment,
                                      const std::string& subtype, const std::map<std::string, std::string>& properties,
                                      const std::string& owner);
  Outcome<Securable> resolve(SecurableKind kind, const std::vector<std::string>& path) const;
  Outcome<Securable> resolve_visible(const std::string& actor, SecurableKind kind,
                                     const std::vector<std::string>& path) const;
  Outcome<void> require_control(const std::string& actor, const Securable& securable) const;
  std::optional<Securable> find_row(SecurableKind kind, std::int64_t parent, std::string_view name) const;
  Outcome<Page<Securable>> list_children(const std::string& actor, SecurableKind kind, const Securable& parent,
                                         const PageRequest& page) const;
  void load_details(Securable& securable, bool with_tags) const;
  void load_table(TableInfo& table, bool with_columns, bool with_tags) const;
  void load_function(FunctionInfo& function) const;
  void delete_tree(std::int64_t row_id);
  std::string row_table(std::int64_t row_id) const;
  void touch(const std::string& actor, std::int64_t row_id);
  std::int64_t now_ms() const;
  std::string owner_for(const std::string& actor) const;
  friend class StateWriter;

  MetastoreOptions options_;
  mutable std::recursive_mutex mutex_;
  std::unique_ptr<Database> database_;
  std::string metastore_id_;
  std::string default_owner_;
  std::int64_t metastore_row_ = 0;
  mutable std::map<std::string, std::unique_ptr<Rights>, std::less<>> rights_;  // cleared when grants or groups change
  int transaction_depth_ = 0;
};

/// "a.b.c" as REST writes it, in parts. Names with a period in them cannot be addressed so (nor in Unity Catalog).
std::vector<std::string> split_full_name(std::string_view full_name);
/// A random version 4 UUID, lower case.
std::string new_uuid();

}  // namespace dbxauth::emulator
