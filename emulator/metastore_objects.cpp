// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "metastore_internal.hpp"
#include "sql_types.hpp"

namespace dbxauth::emulator {
namespace {

constexpr const char* securable_columns =
    "id, uuid, parent, name, owner, comment, subtype, storage_root, storage_location, created_at, created_by, "
    "updated_at, "
    "updated_by, version";

void read_securable(const Query& row, SecurableKind kind, Securable& securable) {
  securable.kind = kind;
  securable.row_id = row.integer(0);
  securable.id = row.text(1);
  securable.name = row.text(3);
  securable.owner = row.text(4);
  securable.comment = row.optional_text(5);
  securable.storage_root = row.text(7);
  securable.storage_location = row.text(8);
  securable.created_at_ms = row.integer(9);
  securable.created_by = row.text(10);
  securable.updated_at_ms = row.integer(11);
  securable.updated_by = row.text(12);
}

void place_under(Securable& child, const Securable& parent) {
  if (parent.kind == SecurableKind::catalog) child.catalog_name = parent.name;
  if (parent.kind == SecurableKind::schema) {
    child.catalog_name = parent.catalog_name;
    child.schema_name = parent.name;
  }
  child.ancestors.clear();
  child.ancestors.push_back({parent.row_id, parent.owner});
  child.ancestors.insert(child.ancestors.end(), parent.ancestors.begin(), parent.ancestors.end());
}

bool overlaps(const std::string& a, const std::string& b) {
  const std::string left = a.back() == '/' ? a : a + "/";
  const std::string right = b.back() == '/' ? b : b + "/";
  return left.compare(0, right.size(), right) == 0 || right.compare(0, left.size(), left) == 0;
}

ApiError name_taken(SecurableKind kind, const Securable& parent, const std::string& name) {
  auto path = parent.path();
  path.push_back(name);
  return already_exists(kind, path);
}

}  // namespace

Securable Metastore::metastore_securable() const {
  const auto guard = lock();
  Securable root;
  auto row = database_->query(std::string("SELECT ") + securable_columns + " FROM securables WHERE id = ?");
  row.bind(1, metastore_row_);
  if (row.next()) read_securable(row, SecurableKind::metastore, root);
  root.kind = SecurableKind::metastore;
  return root;
}

std::optional<Securable> Metastore::find_row(SecurableKind kind, std::int64_t parent, std::string_view name) const {
  static const std::string sql =
      std::string("SELECT ") + securable_columns + " FROM securables WHERE parent = ? AND kind = ? AND name = ?";
  auto row = database_->query(sql);
  row.bind(1, parent).bind(2, static_cast<int>(kind)).bind(3, base::to_lower(name));
  if (!row.next()) return std::nullopt;
  Securable securable;
  read_securable(row, kind, securable);
  return securable;
}

std::optional<Securable> Metastore::find(SecurableKind kind, const std::vector<std::string>& path) const {
  const auto guard = lock();
  Securable current = metastore_securable();
  if (kind == SecurableKind::metastore) return current;
  const std::size_t depth = kind == SecurableKind::catalog ? 1 : kind == SecurableKind::schema ? 2 : 3;
  if (path.size() != depth) return std::nullopt;
  for (std::size_t i = 0; i < depth; ++i) {
    const SecurableKind level = i + 1 == depth ? kind : i == 0 ? SecurableKind::catalog : SecurableKind::schema;
    auto found = find_row(level, current.row_id, path[i]);
    if (!found) return std::nullopt;
    place_under(*found, current);
    current = std::move(*found);
  }
  return current;
}

Outcome<Securable> Metastore::resolve(SecurableKind kind, const std::vector<std::string>& path) const {
  if (auto found = find(kind, path)) return std::move(*found);
  // The outermost name that is missing is the one to report.
  if (path.size() > 1 && !find(SecurableKind::catalog, {path[0]}))
    return refuse(does_not_exist(SecurableKind::catalog, {path[0]}));
  if (path.size() > 2 && !find(SecurableKind::schema, {path[0], path[1]})) {
    return refuse(does_not_exist(SecurableKind::schema, {path[0], path[1]}));
  }
  return refuse(does_not_exist(kind, path));
}

Outcome<Securable> Metastore::resolve_visible(const std::string& actor, SecurableKind kind,
                                              const std::vector<std::string>& path) const {
  auto found = resolve(kind, path);
  if (!found) return found;
  if (kind == SecurableKind::metastore || is_visible(actor, *found)) return found;
  static constexpr std::array needed{Privilege::browse, Privilege::use_catalog, Privilege::use_schema,
                                     Privilege::select, Privilege::execute,     Privilege::read_volume};
  if (auto allowed = require(actor, needed[static_cast<std::size_t>(kind)], *found); !allowed)
    return refuse(allowed.error());
  return found;
}

Outcome<void> Metastore::check_new_name(SecurableKind kind, std::string_view name) const {
  const auto bad = [&](std::string_view why) {
    return refuse(invalid_parameter("\"" + std::string(name) + "\" is not a valid name for a " +
                                    std::string(kind_name(kind)) + ": " + std::string(why)));
  };
  if (name.empty()) return bad("it is empty.");
  if (!base::is_valid_utf8(name)) return bad("it is not UTF-8.");
  if (!options_.strict_object_names) return {};
  // "Names: Unity Catalog object names": at most 255 characters; no period, space, slash, control characters or DEL.
  const auto characters =
      std::count_if(name.begin(), name.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  if (characters > 255) return bad("names cannot exceed 255 characters.");
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '.' || c == ' ' || c == '/') {
      return bad("names cannot contain periods, spaces, forward slashes or control characters.");
    }
  }
  return {};
}

Outcome<Securable> Metastore::insert_securable(const std::string& actor, SecurableKind kind, const Securable* parent,
                                               const std::string& name, const std::optional<std::string>& comment,
                                               const std::string& subtype,
                                               const std::map<std::string, std::string>& properties,
                                               const std::string& owner) {
  const std::string stored = base::to_lower(name);
  if (auto fine = check_new_name(kind, stored); !fine) return refuse(fine.error());
  if (find_row(kind, parent->row_id, stored)) return refuse(name_taken(kind, *parent, stored));
  auto insert = database_->query(
      "INSERT INTO securables(uuid, kind, parent, name, owner, comment, subtype, created_at, created_by, updated_at, "
      "updated_by) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const std::int64_t now = now_ms();
  const std::string who = owner_for(actor);
  const std::string id = new_uuid();
  insert.bind(1, id).bind(2, static_cast<int>(kind)).bind(3, parent->row_id).bind(4, stored);
  insert.bind(5, owner.empty() ? who : owner)
      .bind(6, comment)
      .bind(7, subtype)
      .bind(8, now)
      .bind(9, who)
      .bind(10, now)
      .bind(11, who);
  if (!insert.run()) return refuse(internal_error(insert.error()));
  Securable made;
  made.kind = kind;
  made.row_id = database_->last_row_id();
  made.id = id;
  made.name = stored;
  made.owner = owner.empty() ? who : owner;
  made.comment = comment;
  made.properties = properties;
  made.created_at_ms = made.updated_at_ms = now;
  made.created_by = made.updated_by = who;
  place_under(made, *parent);
  for (const auto& [key, value] : properties) {
    auto property = database_->query("INSERT INTO properties(securable, key, value) VALUES(?, ?, ?)");
    property.bind(1, made.row_id).bind(2, key).bind(3, value);
    if (!property.run()) return refuse(internal_error(property.error()));
  }
  return made;
}

namespace {
void set_storage(Database& database, const Securable& securable) {
  auto update = database.query("UPDATE securables SET storage_root = ?, storage_location = ? WHERE id = ?");
  update.bind(1, securable.storage_root).bind(2, securable.storage_location).bind(3, securable.row_id).run();
}
}  // namespace

void Metastore::load_details(Securable& securable, bool with_tags) const {
  auto property = database_->query("SELECT key, value FROM properties WHERE securable = ?");
  property.bind(1, securable.row_id);
  while (property.next()) securable.properties[property.text(0)] = property.text(1);
  if (!with_tags) return;
  auto tag = database_->query("SELECT key, value FROM tags WHERE securable = ? AND column_name = ''");
  tag.bind(1, securable.row_id);
  while (tag.next()) securable.tags[tag.text(0)] = tag.text(1);
}

// --- catalogs

Outcome<CatalogInfo> Metastore::create_catalog(const std::string& actor, const CatalogSpec& spec) {
  const auto guard = lock();
  const Securable root = metastore_securable();
  if (auto allowed = require(actor, Privilege::create_catalog, root); !allowed) return refuse(allowed.error());
  auto made = insert_securable(actor, SecurableKind::catalog, &root, spec.name, spec.comment, "MANAGED_CATALOG",
                               spec.properties, spec.owner);
  if (!made) return refuse(made.error());
  CatalogInfo catalog;
  static_cast<Securable&>(catalog) = *made;
  catalog.storage_root = spec.storage_root;
  if (!spec.storage_root.empty())
    catalog.storage_location = spec.storage_root + "/__unitystorage/catalogs/" + catalog.id;
  set_storage(*database_, catalog);
  for (const auto* name : {"default", "information_schema"}) {
    const bool is_default = std::string_view(name) == "default";
    auto schema =
        insert_securable(actor, SecurableKind::schema, &catalog, name,
                         is_default ? std::optional<std::string>("Default schema (auto-created)") : std::nullopt, "",
                         {}, is_default ? catalog.owner : "System user");
    if (!schema) return refuse(schema.error());
  }
  return catalog;
}

namespace {
void fill_catalog(Database& database, CatalogInfo& catalog) {
  auto row = database.query("SELECT subtype FROM securables WHERE id = ?");
  row.bind(1, catalog.row_id);
  if (row.next()) catalog.catalog_type = row.text(0);
}
}  // namespace

Outcome<CatalogInfo> Metastore::get_catalog(const std::string& actor, std::string_view name) const {
  const auto guard = lock();
  auto found = resolve_visible(actor, SecurableKind::catalog, {std::string(name)});
  if (!found) return refuse(found.error());
  CatalogInfo catalog;
  static_cast<Securable&>(catalog) = std::move(*found);
  load_details(catalog, true);
  fill_catalog(*database_, catalog);
  return catalog;
}

Outcome<Page<Securable>> Metastore::list_children(const std::string& actor, SecurableKind kind, const Securable& parent,
                                                  const PageRequest& page) const {
  static const std::string sql = std::string("SELECT ") + securable_columns +
                                 " FROM securables WHERE parent = ? AND kind = ? AND name > ? ORDER BY name";
  // A token is the last name seen behind a mark, so that a token of someone else's making is noticed.
  if (!page.page_token.empty() && page.page_token.compare(0, 2, "n:") != 0) {
    return refuse(invalid_parameter("Invalid page token."));
  }
  auto row = database_->query(sql);
  row.bind(1, parent.row_id).bind(2, static_cast<int>(kind));
  row.bind(3, page.page_token.empty() ? std::string() : page.page_token.substr(2));
  Page<Securable> result;
  const bool knows_parent = is_visible(actor, parent);
  while (row.next()) {
    Securable item;
    read_securable(row, kind, item);
    place_under(item, parent);
    const bool is_information_schema = kind == SecurableKind::schema && item.name == "information_schema";
    if (!is_visible(actor, item) && !(is_information_schema && knows_parent)) continue;
    if (page.max_results > 0 && result.items.size() == static_cast<std::size_t>(page.max_results)) {
      result.next_page_token = "n:" + result.items.back().name;
      break;
    }
    result.items.push_back(std::move(item));
  }
  return result;
}

Outcome<Page<CatalogInfo>> Metastore::list_catalogs(const std::string& actor, const PageRequest& page) const {
  const auto guard = lock();
  auto children = list_children(actor, SecurableKind::catalog, metastore_securable(), page);
  if (!children) return refuse(children.error());
  Page<CatalogInfo> result;
  result.next_page_token = children->next_page_token;
  for (auto& child : children->items) {
    CatalogInfo catalog;
    static_cast<Securable&>(catalog) = std::move(child);
    load_details(catalog, false);
    fill_catalog(*database_, catalog);
    result.items.push_back(std::move(catalog));
  }
  return result;
}

// --- schemas

Outcome<SchemaInfo> Metastore::create_schema(const std::string& actor, const SchemaSpec& spec) {
  const auto guard = lock();
  auto catalog = resolve(SecurableKind::catalog, {spec.catalog_name});
  if (!catalog) return refuse(catalog.error());
  if (auto allowed = require(actor, Privilege::use_catalog, *catalog); !allowed) return refuse(allowed.error());
  if (auto allowed = require(actor, Privilege::create_schema, *catalog); !allowed) return refuse(allowed.error());
  auto made =
      insert_securable(actor, SecurableKind::schema, &*catalog, spec.name, spec.comment, "", spec.properties, {});
  if (!made) return refuse(made.error());
  SchemaInfo schema;
  static_cast<Securable&>(schema) = *made;
  schema.storage_root = spec.storage_root;
  if (!spec.storage_root.empty()) schema.storage_location = spec.storage_root + "/__unitystorage/schemas/" + schema.id;
  set_storage(*database_, schema);
  return schema;
}

Outcome<SchemaInfo> Metastore::get_schema(const std::string& actor, std::string_view catalog,
                                          std::string_view name) const {
  const auto guard = lock();
  const std::vector<std::string> path{std::string(catalog), std::string(name)};
  auto found = base::equals_ignoring_case(name, "information_schema")
                   ? resolve(SecurableKind::schema, path)
                   : resolve_visible(actor, SecurableKind::schema, path);
  if (!found) return refuse(found.error());
  SchemaInfo schema;
  static_cast<Securable&>(schema) = std::move(*found);
  load_details(schema, true);
  return schema;
}

Outcome<Page<SchemaInfo>> Metastore::list_schemas(const std::string& actor, std::string_view catalog,
                                                  const PageRequest& page) const {
  const auto guard = lock();
  auto parent = resolve_visible(actor, SecurableKind::catalog, {std::string(catalog)});
  if (!parent) return refuse(parent.error());
  auto children = list_children(actor, SecurableKind::schema, *parent, page);
  if (!children) return refuse(children.error());
  Page<SchemaInfo> result;
  result.next_page_token = children->next_page_token;
  for (auto& child : children->items) {
    SchemaInfo schema;
    static_cast<Securable&>(schema) = std::move(child);
    load_details(schema, false);
    result.items.push_back(std::move(schema));
  }
  return result;
}

// --- tables

std::string Metastore::row_table(const TableInfo& table) const {
  return row_table(table.row_id);
}

std::string Metastore::row_table(std::int64_t row_id) const {
  // SQLite reads its whole list of tables at each CREATE TABLE; in memory the tables are spread over several lists.
  const std::string shard = in_memory(options_) ? "shard" + std::to_string(row_id % shard_count) : std::string("main");
  return shard + ".\"rows_" + std::to_string(row_id) + "\"";
}

std::int64_t Metastore::row_count(const TableInfo& table) const {
  const auto guard = lock();
  if (table.is_view()) return 0;
  auto count = database_->prepare_once("SELECT count(*) FROM " + row_table(table));
  return count && count->next() ? count->integer(0) : 0;
}

Outcome<TableInfo> Metastore::create_table(const std::string& actor, const TableSpec& spec) {
  const auto guard = lock();
  auto schema = resolve(SecurableKind::schema, {spec.catalog_name, spec.schema_name});
  if (!schema) return refuse(schema.error());
  if (schema->name == "information_schema")
    return refuse(permission_denied("The schema information_schema is read-only."));
  if (auto allowed = require(actor, Privilege::create_table, *schema); !allowed) return refuse(allowed.error());
  std::set<std::string> seen;
  for (const auto& column : spec.columns) {
    if (column.name.empty()) return refuse(invalid_parameter("A column of '" + spec.name + "' has no name."));
    if (!seen.insert(base::to_lower(column.name)).second) {
      ApiError error = invalid_parameter("The column `" + column.name +
                                         "` already exists. Choose another name or rename the existing column.");
      error.error_class = "COLUMN_ALREADY_EXISTS";
      error.sql_state = "42711";
      return refuse(error);
    }
  }
  if (!spec.storage_location.empty()) {
    auto other = database_->query(
        "SELECT storage_location, name FROM securables WHERE subtype IN('EXTERNAL', 'EXTERNAL_SHALLOW_CLONE') AND "
        "storage_location <> ''");
    while (other.next()) {
      if (!overlaps(other.text(0), spec.storage_location)) continue;
      ApiError error = invalid_parameter("The location '" + spec.storage_location + "' overlaps with that of '" +
                                         other.text(1) + "'.");
      error.error_class = "LOCATION_OVERLAP";
      error.sql_state = "42000";
      return refuse(error);
    }
  }
  auto made = insert_securable(actor, SecurableKind::table, &*schema, spec.name, spec.comment, spec.table_type,
                               spec.properties, {});
  if (!made) return refuse(made.error());
  TableInfo table;
  static_cast<Securable&>(table) = *made;
  table.table_type = spec.table_type;
  table.columns = spec.columns;
  table.view_definition = spec.view_definition;
  table.view_catalog = base::to_lower(spec.view_catalog);
  table.view_schema = base::to_lower(spec.view_schema);
  if (!table.is_view()) {
    table.data_source_format = "DELTA";
    table.storage_location =
        spec.storage_location.empty() ? storage_root() + "/tables/" + table.id : spec.storage_location;
  }
  set_storage(*database_, table);
  if (table.is_view()) {
    auto view = database_->query(
        "UPDATE securables SET definition = ?, definition_catalog = ?, definition_schema = ? WHERE id = ?");
    view.bind(1, table.view_definition)
        .bind(2, table.view_catalog)
        .bind(3, table.view_schema)
        .bind(4, table.row_id)
        .run();
  }
  std::string create = "CREATE TABLE " + row_table(table) + "(";
  int position = 0;
  for (const auto& column : table.columns) {
    auto insert = database_->query(
        "INSERT INTO table_columns(securable, position, name, type_text, nullable, comment) VALUES(?, ?, ?, ?, ?, ?)");
    insert.bind(1, table.row_id).bind(2, position).bind(3, column.name).bind(4, column.type_text);
    insert.bind(5, column.nullable ? 1 : 0).bind(6, column.comment);
    if (!insert.run()) return refuse(internal_error(insert.error()));
    create += (position++ == 0 ? "" : ", ") + quote_sqlite_name(column.name) + " " + sqlite_affinity(column.type_text);
    if (!column.nullable) create += " NOT NULL";
  }
  if (table.is_view()) return table;
  // SQLite has no table without columns; Delta has.
  if (table.columns.empty()) create += "\"__no_columns\"";
  if (auto stored = database_->run(create + ")"); !stored)
    return refuse(invalid_parameter("The table cannot be stored: " + stored.error()));
  auto history = database_->query(
      "INSERT INTO table_versions(securable, version, at, user, operation) VALUES(?, 0, ?, ?, 'CREATE TABLE')");
  history.bind(1, table.row_id).bind(2, table.created_at_ms).bind(3, table.created_by).run();
  return table;
}

void Metastore::load_table(TableInfo& table, bool with_columns, bool with_tags) const {
  load_details(table, with_tags);
  auto row = database_->query(
      "SELECT subtype, definition, definition_catalog, definition_schema, version FROM securables WHERE id = ?");
  row.bind(1, table.row_id);
  if (row.next()) {
    table.table_type = row.text(0);
    table.view_definition = row.text(1);
    table.view_catalog = row.text(2);
    table.view_schema = row.text(3);
    table.version = row.integer(4);
  }
  if (!table.is_view()) table.data_source_format = "DELTA";
  if (!with_columns) return;
  auto column_row = database_->query(
      "SELECT name, type_text, nullable, comment FROM table_columns WHERE securable = ? ORDER BY position");
  column_row.bind(1, table.row_id);
  while (column_row.next()) {
    ColumnInfo column;
    column.name = column_row.text(0);
    column.type_text = column_row.text(1);
    column.nullable = column_row.integer(2) != 0;
    column.comment = column_row.optional_text(3);
    table.columns.push_back(std::move(column));
  }
  if (!with_tags) return;
  auto tag = database_->query("SELECT column_name, key, value FROM tags WHERE securable = ? AND column_name <> ''");
  tag.bind(1, table.row_id);
  while (tag.next()) {
    for (auto& column : table.columns) {
      if (base::equals_ignoring_case(column.name, tag.text(0))) column.tags[tag.text(1)] = tag.text(2);
    }
  }
}

Outcome<TableInfo> Metastore::get_table(const std::string& actor, std::string_view catalog, std::string_view schema,
                                        std::string_view name) const {
  const auto guard = lock();
  auto found =
      resolve_visible(actor, SecurableKind::table, {std::string(catalog), std::string(schema), std::string(name)});
  if (!found) return refuse(found.error());
  TableInfo table;
  static_cast<Securable&>(table) = std::move(*found);
  load_table(table, true, true);
  return table;
}

Outcome<Page<TableInfo>> Metastore::list_tables(const std::string& actor, std::string_view catalog,
                                                std::string_view schema, const PageRequest& page,
                                                bool with_columns) const {
  const auto guard = lock();
  auto parent = resolve(SecurableKind::schema, {std::string(catalog), std::string(schema)});
  if (!parent) return refuse(parent.error());
  auto children = list_children(actor, SecurableKind::table, *parent, page);
  if (!children) return refuse(children.error());
  Page<TableInfo> result;
  result.next_page_token = children->next_page_token;
  for (auto& child : children->items) {
    TableInfo table;
    static_cast<Securable&>(table) = std::move(child);
    load_table(table, with_columns, false);
    result.items.push_back(std::move(table));
  }
  return result;
}

Outcome<Page<TableInfo>> Metastore::list_table_summaries(const std::string& actor, std::string_view catalog,
                                                         std::string_view schema_pattern,
                                                         std::string_view table_pattern,
                                                         const PageRequest& page) const {
  const auto guard = lock();
  auto parent = resolve_visible(actor, SecurableKind::catalog, {std::string(catalog)});
  if (!parent) return refuse(parent.error());
  std::string after_schema, after_table;
  if (!page.page_token.empty()) {
    const auto slash = page.page_token.find('/');
    if (page.page_token.compare(0, 2, "s:") != 0 || slash == std::string::npos)
      return refuse(invalid_parameter("Invalid page token."));
    after_schema = page.page_token.substr(2, slash - 2);
    after_table = page.page_token.substr(slash + 1);
  }
  static const std::string sql =
      "SELECT t.id, t.uuid, t.parent, t.name, t.owner, t.comment, t.subtype, t.storage_root, t.storage_location, "
      "t.created_at, "
      "t.created_by, t.updated_at, t.updated_by, t.version, s.id, s.name, s.owner FROM securables t JOIN securables s "
      "ON s.id = t.parent "
      "WHERE s.parent = ?1 AND s.kind = 2 AND t.kind = 3 AND s.name LIKE ?2 ESCAPE '\\' AND t.name LIKE ?3 ESCAPE '\\' "
      "AND (s.name > ?4 OR (s.name = ?4 AND t.name > ?5)) ORDER BY s.name, t.name";
  auto row = database_->query(sql);
  row.bind(1, parent->row_id)
      .bind(2, schema_pattern.empty() ? "%" : schema_pattern)
      .bind(3, table_pattern.empty() ? "%" : table_pattern);
  row.bind(4, after_schema).bind(5, after_table);
  Page<TableInfo> result;
  while (row.next()) {
    TableInfo table;
    read_securable(row, SecurableKind::table, table);
    Securable schema;
    schema.kind = SecurableKind::schema;
    schema.row_id = row.integer(14);
    schema.name = row.text(15);
    schema.owner = row.text(16);
    place_under(schema, *parent);
    place_under(table, schema);
    table.table_type = row.text(6);
    if (!is_visible(actor, table)) continue;
    if (page.max_results > 0 && result.items.size() == static_cast<std::size_t>(page.max_results)) {
      result.next_page_token = "s:" + result.items.back().schema_name + "/" + result.items.back().name;
      break;
    }
    result.items.push_back(std::move(table));
  }
  return result;
}

void Metastore::record_version(const std::string& actor, const TableInfo& table, std::string_view operation) {
  const auto guard = lock();
  database_->query("UPDATE securables SET version = version + 1 WHERE id = ?").bind(1, table.row_id).run();
  auto insert = database_->query(
      "INSERT OR REPLACE INTO table_versions(securable, version, at, user, operation) SELECT id, version, ?, ?, ? FROM "
      "securables WHERE id = ?");
  insert.bind(1, now_ms()).bind(2, owner_for(actor)).bind(3, operation).bind(4, table.row_id).run();
}

std::vector<Metastore::VersionRecord> Metastore::table_history(const TableInfo& table) const {
  const auto guard = lock();
  std::vector<VersionRecord> history;
  auto row = database_->query(
      "SELECT version, at, user, operation FROM table_versions WHERE securable = ? ORDER BY version DESC");
  row.bind(1, table.row_id);
  while (row.next()) history.push_back({row.integer(0), row.integer(1), row.text(2), row.text(3)});
  return history;
}

Outcome<void> Metastore::set_column_comment(const std::string& actor, const TableInfo& table, std::string_view column,
                                            const std::optional<std::string>& comment) {
  const auto guard = lock();
  if (!is_allowed(actor, Privilege::modify, table)) {
    if (auto allowed = require_control(actor, table); !allowed) return allowed;
  }
  auto update =
      database_->query("UPDATE table_columns SET comment = ? WHERE securable = ? AND name = ? COLLATE NOCASE");
  update.bind(1, comment).bind(2, table.row_id).bind(3, column);
  if (!update.run()) return refuse(internal_error(update.error()));
  if (database_->changed_rows() == 0) {
    ApiError error =
        invalid_parameter("Column '" + std::string(column) + "' does not exist in '" + table.full_name() + "'.");
    error.error_class = "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION";
    error.sql_state = "42703";
    return refuse(error);
  }
  touch(actor, table.row_id);
  if (!table.is_view()) record_version(actor, table, "CHANGE COLUMN");
  return {};
}

void Metastore::touch(const std::string& actor, std::int64_t row_id) {
  auto update = database_->query("UPDATE securables SET updated_at = ?, updated_by = ? WHERE id = ?");
  update.bind(1, now_ms()).bind(2, owner_for(actor)).bind(3, row_id).run();
}

}  // namespace dbxauth::emulator
