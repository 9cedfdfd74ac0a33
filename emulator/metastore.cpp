// SPDX-License-Identifier: Apache-2.0
#include "metastore.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.hpp"
#include "metastore_internal.hpp"

namespace dbxauth::emulator {

std::vector<std::string> split_full_name(std::string_view full_name) {
  std::vector<std::string> parts;
  for (auto piece : base::split(full_name, '.')) parts.emplace_back(piece);
  return parts;
}

std::string new_uuid() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[bytes[i] >> 4U];
    text += digits[bytes[i] & 0x0fU];
  }
  return text;
}

std::vector<std::string> Securable::path() const {
  switch (kind) {
    case SecurableKind::metastore:
      return {};
    case SecurableKind::catalog:
      return {name};
    case SecurableKind::schema:
      return {catalog_name, name};
    default:
      return {catalog_name, schema_name, name};
  }
}

std::string Securable::full_name() const {
  return base::join(path(), ".");
}

ApiError does_not_exist(SecurableKind kind, const std::vector<std::string>& path) {
  const std::string full = base::join(path, ".");
  std::string quoted;
  for (const auto& part : path) quoted += (quoted.empty() ? "`" : ".`") + part + "`";
  ApiError error;
  error.http_status = 404;
  error.sql_state = "42704";
  error.message = std::string(kind_title(kind)) + " '" + full + "' does not exist.";
  switch (kind) {
    case SecurableKind::metastore:
    case SecurableKind::catalog:
      error.error_code = "CATALOG_DOES_NOT_EXIST";
      error.error_class = "NO_SUCH_CATALOG_EXCEPTION";
      error.sql_message =
          "Catalog '" + full + "' was not found. Please verify the catalog name and then retry the query.";
      break;
    case SecurableKind::schema:
      error.error_code = "SCHEMA_DOES_NOT_EXIST";
      error.error_class = "SCHEMA_NOT_FOUND";
      error.sql_message =
          "The schema " + quoted + " cannot be found. Verify the spelling and correctness of the schema and catalog.";
      break;
    case SecurableKind::table:
      error.error_code = "TABLE_DOES_NOT_EXIST";
      error.error_class = "TABLE_OR_VIEW_NOT_FOUND";
      error.sql_message = "The table or view " + quoted +
                          " cannot be found. Verify the spelling and correctness of the schema and catalog.";
      error.sql_state = "42P01";
      break;
    case SecurableKind::function:
      error.error_code = "ROUTINE_DOES_NOT_EXIST";
      error.error_class = "ROUTINE_NOT_FOUND";
      error.sql_message =
          "The routine " + quoted + " cannot be found. Verify the spelling and correctness of the schema and catalog.";
      error.sql_state = "42883";
      break;
    case SecurableKind::volume:
      error.error_code = "VOLUME_DOES_NOT_EXIST";
      error.error_class = "VOLUME_NOT_FOUND";
      error.sql_message = "Volume " + quoted + " does not exist.";
      break;
  }
  return error;
}

ApiError already_exists(SecurableKind kind, const std::vector<std::string>& path) {
  ApiError error = does_not_exist(kind, path);
  error.http_status = 409;
  error.message = std::string(kind_title(kind)) + " '" + base::join(path, ".") + "' already exists";
  std::string quoted;
  for (const auto& part : path) quoted += (quoted.empty() ? "`" : ".`") + part + "`";
  error.sql_message = "Cannot create " + std::string(kind_name(kind)) + " " + quoted +
                      " because it already exists. Choose a different name, drop or replace the existing object, or "
                      "add the IF NOT EXISTS clause to tolerate pre-existing objects.";
  switch (kind) {
    case SecurableKind::metastore:
    case SecurableKind::catalog:
      error.error_code = "CATALOG_ALREADY_EXISTS";
      error.error_class = "CATALOG_ALREADY_EXISTS";
      error.sql_state = "42710";
      break;
    case SecurableKind::schema:
      error.error_code = "SCHEMA_ALREADY_EXISTS";
      error.error_class = "SCHEMA_ALREADY_EXISTS";
      error.sql_state = "42P06";
      break;
    case SecurableKind::table:
      error.error_code = "TABLE_ALREADY_EXISTS";
      error.error_class = "TABLE_OR_VIEW_ALREADY_EXISTS";
      error.sql_state = "42P07";
      break;
    case SecurableKind::function:
      error.error_code = "ROUTINE_ALREADY_EXISTS";
      error.error_class = "ROUTINE_ALREADY_EXISTS";
      error.sql_state = "42723";
      break;
    case SecurableKind::volume:
      error.error_code = "VOLUME_ALREADY_EXISTS";
      error.error_class = "VOLUME_ALREADY_EXISTS";
      error.sql_state = "42000";
      break;
  }
  return error;
}

Metastore::Metastore(MetastoreOptions options) : options_(std::move(options)), default_owner_("system") {}
Metastore::~Metastore() = default;

Outcome<std::unique_ptr<Metastore>> Metastore::open(MetastoreOptions options) {
  std::unique_ptr<Metastore> metastore(new Metastore(std::move(options)));
  auto database = Database::open(metastore->options_.database_path);
  if (!database) return refuse(database.error());
  metastore->database_ = std::move(*database);
  if (auto created = metastore->create_schema_tables(); !created) return refuse(created.error());
  return metastore;
}

Outcome<void> Metastore::create_schema_tables() {
  for (int shard = 0; shard < shard_count && in_memory(options_); ++shard) {
    if (auto attached = database_->run("ATTACH ':memory:' AS shard" + std::to_string(shard)); !attached)
      return refuse(internal_error(attached.error()));
  }
  const auto created = database_->run(R"sql(
    CREATE TABLE IF NOT EXISTS principals(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,
      name TEXT NOT NULL UNIQUE COLLATE NOCASE, display_name TEXT NOT NULL, admin INTEGER NOT NULL, active INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS group_members(group_id INTEGER NOT NULL, member_id INTEGER NOT NULL,
      PRIMARY KEY(group_id, member_id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS securables(id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL, kind INTEGER NOT NULL,
      parent INTEGER NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, comment TEXT, subtype TEXT NOT NULL DEFAULT '',
      storage_root TEXT NOT NULL DEFAULT '', storage_location TEXT NOT NULL DEFAULT '', created_at INTEGER NOT NULL,
      created_by TEXT NOT NULL, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
      definition TEXT NOT NULL DEFAULT '', definition_catalog TEXT NOT NULL DEFAULT '',
      definition_schema TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 0, UNIQUE(parent, kind, name));
    CREATE TABLE IF NOT EXISTS table_columns(securable INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
      type_text TEXT NOT NULL, nullable INTEGER NOT NULL, comment TEXT, PRIMARY KEY(securable, position)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS properties(securable INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY(securable, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS tags(securable INTEGER NOT NULL, column_name TEXT NOT NULL, key TEXT NOT NULL,
      value TEXT NOT NULL, PRIMARY KEY(securable, column_name, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS grants(securable INTEGER NOT NULL, principal TEXT NOT NULL, privilege INTEGER NOT NULL,
      grantor TEXT NOT NULL, PRIMARY KEY(securable, principal, privilege)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS grants_by_principal ON grants(principal);
    CREATE TABLE IF NOT EXISTS functions(securable INTEGER PRIMARY KEY, data_type TEXT NOT NULL, full_data_type TEXT NOT NULL,
      routine_body TEXT NOT NULL, external_language TEXT NOT NULL, is_table INTEGER NOT NULL, deterministic INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS function_parameters(securable INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
      type_text TEXT NOT NULL, default_text TEXT, comment TEXT, PRIMARY KEY(securable, position)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS table_versions(securable INTEGER NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,
      user TEXT NOT NULL, operation TEXT NOT NULL, PRIMARY KEY(securable, version)) WITHOUT ROWID;
  )sql");
  if (!created) return refuse(internal_error("The state could not be initialised: " + created.error()));
  auto root = database_->query("SELECT id, uuid, owner FROM securables WHERE kind = 0");
  if (root.next()) {
    metastore_row_ = root.integer(0);
    metastore_id_ = root.text(1);
    default_owner_ = root.text(2);
    return {};
  }
  metastore_id_ = new_uuid();
  auto insert = database_->query(
      "INSERT INTO securables(uuid, kind, parent, name, owner, created_at, created_by, updated_at, updated_by) "
      "VALUES(?, 0, 0, 'metastore', ?, ?, 'system', ?, 'system')");
  insert.bind(1, metastore_id_).bind(2, default_owner_).bind(3, now_ms()).bind(4, now_ms());
  if (!insert.run()) return refuse(internal_error(insert.error()));
  metastore_row_ = database_->last_row_id();
  // "System tables": the catalog `system`, whose information_schema spans all catalogs, is there for everyone.
  auto system = create_catalog({}, CatalogSpec{"system", "System catalog (auto-created)", {}, {}, "System user"});
  if (!system) return refuse(system.error());
  database_->query("UPDATE securables SET subtype = 'SYSTEM_CATALOG' WHERE id = ?").bind(1, system->row_id).run();
  database_->query("DELETE FROM securables WHERE parent = ? AND name = 'default'").bind(1, system->row_id).run();
  for (const auto privilege : {Privilege::use_catalog, Privilege::use_schema, Privilege::select}) {
    auto grant = database_->query(
        "INSERT INTO grants(securable, principal, privilege, grantor) VALUES(?, 'account users', ?, 'System user')");
    grant.bind(1, system->row_id).bind(2, static_cast<int>(privilege)).run();
  }
  return {};
}

Outcome<void> Metastore::transaction(const std::function<Outcome<void>()>& step) {
  const auto guard = lock();
  const std::string name = "step" + std::to_string(transaction_depth_);
  if (auto begun = database_->run("SAVEPOINT " + name); !begun) return refuse(internal_error(begun.error()));
  ++transaction_depth_;
  auto outcome = step();
  --transaction_depth_;
  if (!outcome) {
    (void)database_->run("ROLLBACK TO " + name);
    rights_.clear();
  }
  if (auto ended = database_->run("RELEASE " + name); !ended && outcome) return refuse(internal_error(ended.error()));
  return outcome;
}

std::string Metastore::metastore_id() const {
  return metastore_id_;
}
std::string Metastore::storage_root() const {
  return "s3://emulator-metastore/" + metastore_id_;
}

std::string Metastore::default_owner() const {
  const auto guard = lock();
  return default_owner_;
}

void Metastore::set_default_owner(std::string principal) {
  const auto guard = lock();
  default_owner_ = std::move(principal);
  database_->query("UPDATE securables SET owner = ? WHERE id = ?")
      .bind(1, default_owner_)
      .bind(2, metastore_row_)
      .run();
}

std::int64_t Metastore::now_ms() const {
  if (options_.now_ms) return options_.now_ms();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string Metastore::owner_for(const std::string& actor) const {
  return actor.empty() ? default_owner_ : actor;
}

// --- principals

Outcome<Principal> Metastore::add_principal(PrincipalKind kind, std::string_view name, std::string_view display_name,
                                            bool metastore_admin) {
  const auto guard = lock();
  if (name.empty()) return refuse(invalid_parameter("A principal needs a name."));
  auto insert =
      database_->query("INSERT INTO principals(kind, name, display_name, admin, active) VALUES(?, ?, ?, ?, 1)");
  insert.bind(1, static_cast<int>(kind)).bind(2, name).bind(3, display_name.empty() ? name : display_name);
  insert.bind(4, metastore_admin ? 1 : 0);
  if (!insert.run()) {
    return refuse(ApiError{
        "RESOURCE_ALREADY_EXISTS", "Principal '" + std::string(name) + "' already exists.", "42710", 409, {}, {}});
  }
  rights_.clear();
  return *find_principal(name);
}

Outcome<void> Metastore::add_group_member(std::string_view group, std::string_view member) {
  const auto guard = lock();
  const auto owner = find_principal(group);
  const auto added = find_principal(member);
  if (!owner || !added) {
    return refuse(ApiError{"PRINCIPAL_DOES_NOT_EXIST",
                           "Could not find principal with name " + std::string(owner ? member : group),
                           "42704",
                           404,
                           {},
                           {}});
  }
  if (owner->kind != PrincipalKind::group) return refuse(invalid_parameter("'" + owner->name + "' is not a group."));
  auto insert = database_->query("INSERT OR IGNORE INTO group_members(group_id, member_id) VALUES(?, ?)");
  insert.bind(1, owner->id).bind(2, added->id);
  if (!insert.run()) return refuse(internal_error(insert.error()));
  rights_.clear();
  return {};
}

namespace {
Principal read_principal(const Query& row) {
  Principal principal;
  principal.id = row.integer(0);
  principal.kind = static_cast<PrincipalKind>(row.integer(1));
  principal.name = row.text(2);
  principal.display_name = row.text(3);
  principal.metastore_admin = row.integer(4) != 0;
  principal.active = row.integer(5) != 0;
  return principal;
}
}  // namespace

std::optional<Principal> Metastore::find_principal(std::string_view name) const {
  const auto guard = lock();
  auto row = database_->query("SELECT id, kind, name, display_name, admin, active FROM principals WHERE name = ?");
  row.bind(1, name);
  if (!row.next()) return std::nullopt;
  return read_principal(row);
}

std::optional<Principal> Metastore::find_principal(std::int64_t id) const {
  const auto guard = lock();
  auto row = database_->query("SELECT id, kind, name, display_name, admin, active FROM principals WHERE id = ?");
  row.bind(1, id);
  if (!row.next()) return std::nullopt;
  return read_principal(row);
}

std::vector<Principal> Metastore::list_principals(std::optional<PrincipalKind> kind) const {
  const auto guard = lock();
  auto row = database_->query("SELECT id, kind, name, display_name, admin, active FROM principals ORDER BY id");
  std::vector<Principal> principals;
  while (row.next()) {
    auto principal = read_principal(row);
    if (!kind || principal.kind == *kind) principals.push_back(std::move(principal));
  }
  return principals;
}

std::vector<std::string> Metastore::groups_of(std::string_view principal) const {
  const auto guard = lock();
  std::vector<std::string> groups;
  auto row = database_->query(
      "WITH RECURSIVE reached(id) AS (SELECT id FROM principals WHERE name = ?1 UNION "
      "SELECT group_id FROM group_members JOIN reached ON member_id = reached.id) "
      "SELECT name FROM principals JOIN reached USING(id) WHERE name <> ?1");
  row.bind(1, principal);
  while (row.next()) groups.push_back(row.text(0));
  const auto self = find_principal(principal);
  if (self && self->kind != PrincipalKind::group) groups.emplace_back("account users");
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

std::vector<std::string> Metastore::members_of(std::string_view group) const {
  const auto guard = lock();
  std::vector<std::string> members;
  auto row = database_->query(
      "SELECT m.name FROM group_members JOIN principals g ON g.id = group_id JOIN principals m ON m.id = member_id "
      "WHERE g.name = ? ORDER BY m.name");
  row.bind(1, group);
  while (row.next()) members.push_back(row.text(0));
  return members;
}

}  // namespace dbxauth::emulator
