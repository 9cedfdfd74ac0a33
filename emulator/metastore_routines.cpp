// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "metastore_internal.hpp"

namespace dbxauth::emulator {

// --- functions

Outcome<FunctionInfo> Metastore::create_function(const std::string& actor, const FunctionSpec& spec) {
  const auto guard = lock();
  auto schema = resolve(SecurableKind::schema, {spec.catalog_name, spec.schema_name});
  if (!schema) return refuse(schema.error());
  if (schema->name == "information_schema")
    return refuse(permission_denied("The schema information_schema is read-only."));
  if (auto allowed = require(actor, Privilege::create_function, *schema); !allowed) return refuse(allowed.error());
  auto made = insert_securable(actor, SecurableKind::function, &*schema, spec.info.name, spec.info.comment, "", {}, {});
  if (!made) return refuse(made.error());
  FunctionInfo function = spec.info;
  static_cast<Securable&>(function) = *made;
  auto text = database_->query(
      "UPDATE securables SET definition = ?, definition_catalog = ?, definition_schema = ? WHERE id = ?");
  text.bind(1, function.routine_definition).bind(2, base::to_lower(function.definition_catalog));
  text.bind(3, base::to_lower(function.definition_schema)).bind(4, function.row_id).run();
  auto details = database_->query(
      "INSERT INTO functions(securable, data_type, full_data_type, routine_body, external_language, is_table, "
      "deterministic) "
      "VALUES(?, ?, ?, ?, ?, ?, ?)");
  details.bind(1, function.row_id)
      .bind(2, function.data_type)
      .bind(3, function.full_data_type)
      .bind(4, function.routine_body);
  details.bind(5, function.external_language)
      .bind(6, function.is_table_function ? 1 : 0)
      .bind(7, function.is_deterministic ? 1 : 0);
  if (!details.run()) return refuse(internal_error(details.error()));
  int position = 0;
  for (const auto& parameter : function.parameters) {
    auto insert = database_->query(
        "INSERT INTO function_parameters(securable, position, name, type_text, default_text, comment) VALUES(?, ?, ?, "
        "?, ?, ?)");
    insert.bind(1, function.row_id).bind(2, position++).bind(3, parameter.name).bind(4, parameter.type_text);
    insert.bind(5, parameter.default_text).bind(6, parameter.comment);
    if (!insert.run()) return refuse(internal_error(insert.error()));
  }
  position = 0;
  for (const auto& column : function.return_columns) {
    auto insert = database_->query(
        "INSERT INTO table_columns(securable, position, name, type_text, nullable, comment) VALUES(?, ?, ?, ?, 1, ?)");
    insert.bind(1, function.row_id)
        .bind(2, position++)
        .bind(3, column.name)
        .bind(4, column.type_text)
        .bind(5, column.comment);
    if (!insert.run()) return refuse(internal_error(insert.error()));
  }
  return function;
}

void Metastore::load_function(FunctionInfo& function) const {
  auto text = database_->query("SELECT definition, definition_catalog, definition_schema FROM securables WHERE id = ?");
  text.bind(1, function.row_id);
  if (text.next()) {
    function.routine_definition = text.text(0);
    function.definition_catalog = text.text(1);
    function.definition_schema = text.text(2);
  }
  auto details = database_->query(
      "SELECT data_type, full_data_type, routine_body, external_language, is_table, deterministic FROM functions WHERE "
      "securable = ?");
  details.bind(1, function.row_id);
  if (details.next()) {
    function.data_type = details.text(0);
    function.full_data_type = details.text(1);
    function.routine_body = details.text(2);
    function.external_language = details.text(3);
    function.is_table_function = details.integer(4) != 0;
    function.is_deterministic = details.integer(5) != 0;
  }
  auto parameter = database_->query(
      "SELECT name, type_text, default_text, comment FROM function_parameters WHERE securable = ? ORDER BY position");
  parameter.bind(1, function.row_id);
  while (parameter.next()) {
    function.parameters.push_back(
        {parameter.text(0), parameter.text(1), parameter.optional_text(2), parameter.optional_text(3)});
  }
  auto column =
      database_->query("SELECT name, type_text, comment FROM table_columns WHERE securable = ? ORDER BY position");
  column.bind(1, function.row_id);
  while (column.next())
    function.return_columns.push_back({column.text(0), column.text(1), true, column.optional_text(2), {}});
}

Outcome<FunctionInfo> Metastore::get_function(const std::string& actor, std::string_view catalog,
                                              std::string_view schema, std::string_view name) const {
  const auto guard = lock();
  auto found =
      resolve_visible(actor, SecurableKind::function, {std::string(catalog), std::string(schema), std::string(name)});
  if (!found) return refuse(found.error());
  FunctionInfo function;
  static_cast<Securable&>(function) = std::move(*found);
  load_details(function, true);
  load_function(function);
  return function;
}

Outcome<Page<FunctionInfo>> Metastore::list_functions(const std::string& actor, std::string_view catalog,
                                                      std::string_view schema, const PageRequest& page) const {
  const auto guard = lock();
  auto parent = resolve(SecurableKind::schema, {std::string(catalog), std::string(schema)});
  if (!parent) return refuse(parent.error());
  auto children = list_children(actor, SecurableKind::function, *parent, page);
  if (!children) return refuse(children.error());
  Page<FunctionInfo> result;
  result.next_page_token = children->next_page_token;
  for (auto& child : children->items) {
    FunctionInfo function;
    static_cast<Securable&>(function) = std::move(child);
    load_details(function, false);
    load_function(function);
    result.items.push_back(std::move(function));
  }
  return result;
}

// --- volumes

Outcome<VolumeInfo> Metastore::create_volume(const std::string& actor, const VolumeSpec& spec) {
  const auto guard = lock();
  auto schema = resolve(SecurableKind::schema, {spec.catalog_name, spec.schema_name});
  if (!schema) return refuse(schema.error());
  if (schema->name == "information_schema")
    return refuse(permission_denied("The schema information_schema is read-only."));
  if (auto allowed = require(actor, Privilege::create_volume, *schema); !allowed) return refuse(allowed.error());
  const bool external = spec.volume_type == "EXTERNAL";
  if (!external && spec.volume_type != "MANAGED")
    return refuse(invalid_parameter("volume_type is MANAGED or EXTERNAL, not '" + spec.volume_type + "'."));
  if (external == spec.storage_location.empty()) {
    return refuse(invalid_parameter(external ? "An external volume needs a storage location."
                                             : "A managed volume takes no storage location."));
  }
  auto made =
      insert_securable(actor, SecurableKind::volume, &*schema, spec.name, spec.comment, spec.volume_type, {}, {});
  if (!made) return refuse(made.error());
  VolumeInfo volume;
  static_cast<Securable&>(volume) = *made;
  volume.volume_type = spec.volume_type;
  volume.storage_location = external ? spec.storage_location : storage_root() + "/volumes/" + volume.id;
  auto update = database_->query("UPDATE securables SET storage_location = ? WHERE id = ?");
  update.bind(1, volume.storage_location).bind(2, volume.row_id).run();
  return volume;
}

namespace {
void fill_volume(Database& database, VolumeInfo& volume) {
  auto row = database.query("SELECT subtype FROM securables WHERE id = ?");
  row.bind(1, volume.row_id);
  if (row.next()) volume.volume_type = row.text(0);
}
}  // namespace

Outcome<VolumeInfo> Metastore::get_volume(const std::string& actor, std::string_view catalog, std::string_view schema,
                                          std::string_view name) const {
  const auto guard = lock();
  auto found =
      resolve_visible(actor, SecurableKind::volume, {std::string(catalog), std::string(schema), std::string(name)});
  if (!found) return refuse(found.error());
  VolumeInfo volume;
  static_cast<Securable&>(volume) = std::move(*found);
  load_details(volume, true);
  fill_volume(*database_, volume);
  return volume;
}

Outcome<Page<VolumeInfo>> Metastore::list_volumes(const std::string& actor, std::string_view catalog,
                                                  std::string_view schema, const PageRequest& page) const {
  const auto guard = lock();
  auto parent = resolve(SecurableKind::schema, {std::string(catalog), std::string(schema)});
  if (!parent) return refuse(parent.error());
  auto children = list_children(actor, SecurableKind::volume, *parent, page);
  if (!children) return refuse(children.error());
  Page<VolumeInfo> result;
  result.next_page_token = children->next_page_token;
  for (auto& child : children->items) {
    VolumeInfo volume;
    static_cast<Securable&>(volume) = std::move(child);
    fill_volume(*database_, volume);
    result.items.push_back(std::move(volume));
  }
  return result;
}

// --- any securable

Outcome<void> Metastore::patch(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                               const SecurablePatch& changes) {
  return transaction([&]() -> Outcome<void> {
    auto found = resolve_visible(actor, kind, path);
    if (!found) return refuse(found.error());
    const bool only_comment = !changes.new_name && !changes.owner && changes.set_properties.empty() &&
                              changes.unset_properties.empty() && !changes.properties;
    // "COMMENT ON": MODIFY is enough for the comment of a table.
    if (!(only_comment && kind == SecurableKind::table && is_allowed(actor, Privilege::modify, *found))) {
      if (auto allowed = require_control(actor, *found); !allowed) return allowed;
    }
    if (changes.new_name) {
      const std::string name = base::to_lower(*changes.new_name);
      if (auto fine = check_new_name(kind, name); !fine) return fine;
      if (name != found->name && find_row(kind, found->ancestors.front().row_id, name)) {
        auto taken = found->path();
        taken.back() = name;
        return refuse(already_exists(kind, taken));
      }
      auto update = database_->query("UPDATE securables SET name = ? WHERE id = ?");
      if (!update.bind(1, name).bind(2, found->row_id).run()) return refuse(internal_error(update.error()));
    }
    if (changes.owner) {
      const auto principal = find_principal(*changes.owner);
      if (!principal) {
        ApiError error{"PRINCIPAL_DOES_NOT_EXIST",
                       "Could not find principal with name " + *changes.owner + ".",
                       "42704",
                       404,
                       {},
                       {}};
        error.error_class = "PRINCIPAL_DOES_NOT_EXIST";
        return refuse(error);
      }
      database_->query("UPDATE securables SET owner = ? WHERE id = ?")
          .bind(1, principal->name)
          .bind(2, found->row_id)
          .run();
    }
    if (changes.comment) {
      database_->query("UPDATE securables SET comment = ? WHERE id = ?")
          .bind(1, *changes.comment)
          .bind(2, found->row_id)
          .run();
    }
    if (changes.properties) database_->query("DELETE FROM properties WHERE securable = ?").bind(1, found->row_id).run();
    for (const auto& key : changes.unset_properties) {
      database_->query("DELETE FROM properties WHERE securable = ? AND key = ?")
          .bind(1, found->row_id)
          .bind(2, key)
          .run();
    }
    for (const auto* set : {&changes.set_properties, changes.properties ? &*changes.properties : nullptr}) {
      if (set == nullptr) continue;
      for (const auto& [key, value] : *set) {
        auto insert = database_->query("INSERT OR REPLACE INTO properties(securable, key, value) VALUES(?, ?, ?)");
        if (!insert.bind(1, found->row_id).bind(2, key).bind(3, value).run())
          return refuse(internal_error(insert.error()));
      }
    }
    touch(actor, found->row_id);
    return {};
  });
}

void Metastore::delete_tree(std::int64_t row_id) {
  std::vector<std::int64_t> children;
  {
    auto child = database_->query("SELECT id FROM securables WHERE parent = ?");
    child.bind(1, row_id);
    while (child.next()) children.push_back(child.integer(0));
  }
  for (const auto child : children) delete_tree(child);
  (void)database_->run("DROP TABLE IF EXISTS " + row_table(row_id));
  for (const auto* table :
       {"table_columns", "properties", "tags", "grants", "functions", "function_parameters", "table_versions"}) {
    database_->query(std::string("DELETE FROM ") + table + " WHERE securable = ?").bind(1, row_id).run();
  }
  database_->query("DELETE FROM securables WHERE id = ?").bind(1, row_id).run();
}

Outcome<void> Metastore::drop(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                              bool cascade) {
  return transaction([&]() -> Outcome<void> {
    auto found = resolve_visible(actor, kind, path);
    if (!found) return refuse(found.error());
    if (auto allowed = require_control(actor, *found); !allowed) return allowed;
    const bool fixed = kind == SecurableKind::metastore ||
                       (kind == SecurableKind::schema && found->name == "information_schema") ||
                       (kind == SecurableKind::catalog && found->name == "system");
    if (fixed)
      return refuse(permission_denied("The " + std::string(kind_name(kind)) + " '" + found->full_name() +
                                      "' cannot be dropped."));
    if (!cascade && (kind == SecurableKind::catalog || kind == SecurableKind::schema)) {
      auto inside = database_->query(
          "SELECT count(*) FROM securables c WHERE c.parent = ?1 AND (?2 = 2 OR (c.name NOT IN ('information_schema', "
          "'default') "
          "OR EXISTS(SELECT 1 FROM securables g WHERE g.parent = c.id)))");
      inside.bind(1, found->row_id).bind(2, static_cast<int>(kind));
      if (inside.next() && inside.integer(0) > 0) {
        ApiError error{kind == SecurableKind::catalog ? "CATALOG_NOT_EMPTY" : "SCHEMA_NOT_EMPTY",
                       std::string(kind_title(kind)) + " '" + found->full_name() +
                           "' is not empty. Drop what it holds first, or use CASCADE (force).",
                       "2BP01",
                       400,
                       {},
                       {}};
        error.error_class = kind == SecurableKind::catalog ? "CATALOG_NOT_EMPTY" : "SCHEMA_NOT_EMPTY";
        return refuse(error);
      }
    }
    delete_tree(found->row_id);
    rights_.clear();
    return {};
  });
}

// --- tags

namespace {
Outcome<void> check_column(Database& database, const Securable& securable, std::string& column) {
  if (column.empty()) return {};
  auto row = database.query("SELECT name FROM table_columns WHERE securable = ? AND name = ? COLLATE NOCASE");
  row.bind(1, securable.row_id).bind(2, column);
  if (securable.kind == SecurableKind::table && row.next()) {
    column = row.text(0);
    return {};
  }
  ApiError error = invalid_parameter("Column '" + column + "' does not exist in '" + securable.full_name() + "'.");
  error.error_class = "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION";
  error.sql_state = "42703";
  return refuse(error);
}
}  // namespace

Outcome<std::map<std::string, std::string>> Metastore::get_tags(const std::string& actor, SecurableKind kind,
                                                                const std::vector<std::string>& path,
                                                                std::string_view column) const {
  const auto guard = lock();
  auto found = resolve_visible(actor, kind, path);
  if (!found) return refuse(found.error());
  std::string name(column);
  if (auto fine = check_column(*database_, *found, name); !fine) return refuse(fine.error());
  std::map<std::string, std::string> tags;
  auto row = database_->query("SELECT key, value FROM tags WHERE securable = ? AND column_name = ?");
  row.bind(1, found->row_id).bind(2, name);
  while (row.next()) tags[row.text(0)] = row.text(1);
  return tags;
}

Outcome<void> Metastore::set_tags(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                                  std::string_view column, const std::map<std::string, std::string>& tags) {
  return transaction([&]() -> Outcome<void> {
    auto found = resolve_visible(actor, kind, path);
    if (!found) return refuse(found.error());
    // "Apply tags to Unity Catalog securable objects": owner, or APPLY TAG with the USE privileges.
    if (!is_allowed(actor, Privilege::apply_tag, *found) && !is_allowed(actor, Privilege::manage, *found)) {
      if (auto allowed = require(actor, Privilege::apply_tag, *found); !allowed) return allowed;
    }
    std::string name(column);
    if (auto fine = check_column(*database_, *found, name); !fine) return fine;
    for (const auto& [key, value] : tags) {
      // "Tag constraints": key up to 255 characters without . , - = / : and value up to 1000 characters.
      if (key.empty() || key.size() > 255 || key.find_first_of(".,-=/:") != std::string::npos || value.size() > 1000) {
        ApiError error = invalid_parameter(
            "'" + key +
            "' is not a valid tag: keys have 1 to 255 characters without . , - = / : and values at most 1000.");
        error.error_class = "INVALID_TAG";
        return refuse(error);
      }
      auto insert =
          database_->query("INSERT OR REPLACE INTO tags(securable, column_name, key, value) VALUES(?, ?, ?, ?)");
      if (!insert.bind(1, found->row_id).bind(2, name).bind(3, key).bind(4, value).run())
        return refuse(internal_error(insert.error()));
    }
    auto count = database_->query("SELECT count(*) FROM tags WHERE securable = ? AND column_name = ?");
    count.bind(1, found->row_id).bind(2, name);
    if (count.next() && count.integer(0) > 50) return refuse(invalid_parameter("An object takes at most 50 tags."));
    return {};
  });
}

Outcome<void> Metastore::unset_tags(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path,
                                    std::string_view column, const std::vector<std::string>& keys) {
  return transaction([&]() -> Outcome<void> {
    auto found = resolve_visible(actor, kind, path);
    if (!found) return refuse(found.error());
    if (!is_allowed(actor, Privilege::apply_tag, *found) && !is_allowed(actor, Privilege::manage, *found)) {
      if (auto allowed = require(actor, Privilege::apply_tag, *found); !allowed) return allowed;
    }
    std::string name(column);
    if (auto fine = check_column(*database_, *found, name); !fine) return fine;
    for (const auto& key : keys) {
      database_->query("DELETE FROM tags WHERE securable = ? AND column_name = ? AND key = ?")
          .bind(1, found->row_id)
          .bind(2, name)
          .bind(3, key)
          .run();
    }
    return {};
  });
}

}  // namespace dbxauth::emulator
