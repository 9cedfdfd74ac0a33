// SPDX-License-Identifier: Apache-2.0
#include "catalog/inventory_assembly.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "catalog/sql_text.hpp"

namespace dbxauth::catalog {
namespace {

constexpr std::string_view information_schema = "information_schema";

std::int64_t integer_of(std::string_view text, std::int64_t fallback) noexcept {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && !text.empty() ? value : fallback;
}

bool is_yes(std::string_view text) noexcept {
  return base::equals_ignoring_case(text, "YES") || base::equals_ignoring_case(text, "true");
}

std::string upper_snake(std::string_view text) {
  std::string result = base::to_upper(base::trim(text));
  std::replace(result.begin(), result.end(), ' ', '_');
  return result;
}

// Length-prefixed, because names may contain any separator.
std::string key_of(std::string_view schema, std::string_view object) {
  return fmt::format("{}:{}{}", schema.size(), schema, object);
}

struct PositionedParameter {
  std::int64_t position = 0;
  FunctionParameter parameter;
};

struct FunctionDraft {
  FunctionInventory function;
  std::string specific_name;
  std::vector<PositionedParameter> parameters;
  std::vector<PositionedParameter> return_columns;
};

struct SchemaDraft {
  SchemaInventory schema;
  std::vector<FunctionDraft> functions;
};

template <class List>
void sort_by_name(List& list) {
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

class Assembly {
 public:
  Assembly(const InformationSchema& source, CatalogInventory& inventory) : source_(source), inventory_(inventory) {}

  void run() {
    read_schemas();
    read_tables();
    read_columns();
    read_views();
    read_routines();
    read_routine_parts("parameters", "parameter_name", &FunctionDraft::parameters);
    read_routine_parts("routine_columns", "column_name", &FunctionDraft::return_columns);
    read_volumes();
    read_protections("row_filters", &TableInventory::has_row_filter);
    read_protections("column_masks", &TableInventory::has_column_mask);
    index_objects();
    read_all_grants();
    read_all_tags();
    finish();
  }

 private:
  SchemaDraft& schema_of(std::string_view name) {
    const auto [found, inserted] = schema_index_.try_emplace(std::string(name), drafts_.size());
    if (inserted) {
      drafts_.emplace_back();
      drafts_.back().schema.name = std::string(name);
    }
    return drafts_[found->second];
  }

  TableInventory* table_of(std::string_view schema, std::string_view table) {
    const auto found = table_index_.find(key_of(schema, table));
    return found == table_index_.end() ? nullptr : &drafts_[found->second.first].schema.tables[found->second.second];
  }

  FunctionDraft* function_of(std::string_view schema, std::string_view specific_name) {
    const auto found = function_index_.find(key_of(schema, specific_name));
    return found == function_index_.end() ? nullptr : &drafts_[found->second.first].functions[found->second.second];
  }

  void read_schemas() {
    const RelationRows& rows = source_.rows("schemata");
    const auto name = rows.column("schema_name"), owner = rows.column("schema_owner"), comment = rows.column("comment");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, name) == information_schema) continue;
      SchemaInventory& schema = schema_of(rows.text(i, name)).schema;
      schema.attributes.owner = std::string(rows.text(i, owner));
      schema.attributes.comment = std::string(rows.text(i, comment));
    }
  }

  void read_tables() {
    const RelationRows& rows = source_.rows("tables");
    const auto schema = rows.column("table_schema"), name = rows.column("table_name"), type = rows.column("table_type"),
               owner = rows.column("table_owner"), comment = rows.column("comment"),
               format = rows.column("data_source_format"), path = rows.column("storage_path");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, schema) == information_schema) continue;
      TableInventory table;
      table.name = std::string(rows.text(i, name));
      table.table_type = upper_snake(rows.text(i, type));
      // A plain view has no storage; what these columns say of one differs between runtimes.
      if (table.table_type != "VIEW") {
        table.data_source_format = std::string(rows.text(i, format));
        table.storage_location = std::string(rows.text(i, path));
      }
      table.attributes.owner = std::string(rows.text(i, owner));
      table.attributes.comment = std::string(rows.text(i, comment));
      SchemaDraft& draft = schema_of(rows.text(i, schema));
      table_index_.try_emplace(key_of(draft.schema.name, table.name), schema_index_.at(draft.schema.name),
                               draft.schema.tables.size());
      draft.schema.tables.push_back(std::move(table));
    }
  }

  void read_columns() {
    const RelationRows& rows = source_.rows("columns");
    const auto schema = rows.column("table_schema"), table = rows.column("table_name"),
               name = rows.column("column_name"), position = rows.column("ordinal_position"),
               nullable = rows.column("is_nullable"), type = rows.column("full_data_type"),
               comment = rows.column("comment");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, schema) == information_schema) continue;
      TableInventory* owner = table_of(rows.text(i, schema), rows.text(i, table));
      if (owner == nullptr) {
        ++strays_["columns"];
        continue;
      }
      ColumnInventory column;
      column.name = std::string(rows.text(i, name));
      column.type_text = std::string(rows.text(i, type));
      column.comment = std::string(rows.text(i, comment));
      column.nullable = !base::equals_ignoring_case(rows.text(i, nullable), "NO");
      column.position = integer_of(rows.text(i, position), 0);
      owner->columns.push_back(std::move(column));
    }
  }

  void read_views() {
    const RelationRows& rows = source_.rows("views");
    const auto schema = rows.column("table_schema"), name = rows.column("table_name"),
               definition = rows.column("view_definition");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, schema) == information_schema) continue;
      if (TableInventory* view = table_of(rows.text(i, schema), rows.text(i, name))) {
        view->view_definition = std::string(rows.text(i, definition));
        if (!rows.cell(i, definition)) ++hidden_definitions_["views"];
      } else {
        ++strays_["views"];
      }
    }
  }

  void read_routines() {
    const RelationRows& rows = source_.rows("routines");
    const auto schema = rows.column("specific_schema", "routine_schema"), specific = rows.column("specific_name"),
               name = rows.column("routine_name", "specific_name"), type = rows.column("routine_type"),
               data_type = rows.column("data_type"), full_type = rows.column("full_data_type"),
               body = rows.column("routine_body"), definition = rows.column("routine_definition"),
               language = rows.column("external_language"), deterministic = rows.column("is_deterministic"),
               owner = rows.column("routine_owner"), comment = rows.column("comment");
    if (rows.size() > 0 && !owner) inventory_.unseen.emplace_back("routines: owners are not listed");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, schema) == information_schema) continue;
      if (base::equals_ignoring_case(rows.text(i, type), "PROCEDURE")) {
        inventory_.unseen.push_back(fmt::format("procedure {}: not part of an inventory",
                                                quote_name({rows.text(i, schema), rows.text(i, name)})));
        continue;
      }
      FunctionDraft draft;
      draft.specific_name = std::string(rows.text(i, specific));
      FunctionInventory& function = draft.function;
      function.name = std::string(rows.text(i, name));
      function.body_kind = base::to_upper(rows.text(i, body));
      if (function.body_kind != "SQL") function.language = base::to_upper(rows.text(i, language));
      function.definition = std::string(rows.text(i, definition));
      if (!rows.cell(i, definition)) ++hidden_definitions_["routines"];
      function.return_type = base::equals_ignoring_case(rows.text(i, data_type), "TABLE")
                                 ? std::string("TABLE")
                                 : std::string(rows.text(i, full_type));
      function.deterministic = is_yes(rows.text(i, deterministic));
      function.attributes.owner = std::string(rows.text(i, owner));
      function.attributes.comment = std::string(rows.text(i, comment));
      SchemaDraft& home = schema_of(rows.text(i, schema));
      function_index_.try_emplace(key_of(home.schema.name, draft.specific_name), schema_index_.at(home.schema.name),
                                  home.functions.size());
      home.functions.push_back(std::move(draft));
    }
  }

  void read_routine_parts(std::string_view relation, std::string_view name_column,
                          std::vector<PositionedParameter> FunctionDraft::*list) {
    const RelationRows& rows = source_.rows(relation);
    const auto schema = rows.column("specific_schema"), specific = rows.column("specific_name"),
               position = rows.column("ordinal_position"), name = rows.column(name_column),
               type = rows.column("full_data_type"), initial = rows.column("parameter_default"),
               comment = rows.column("comment");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      FunctionDraft* function = function_of(rows.text(i, schema), rows.text(i, specific));
      // Those of procedures and of information_schema's own functions belong to nothing here.
      if (function == nullptr) continue;
      PositionedParameter part;
      part.position = integer_of(rows.text(i, position), 0);
      part.parameter.name = std::string(rows.text(i, name));
      part.parameter.type_text = std::string(rows.text(i, type));
      part.parameter.default_value = rows.cell(i, initial);
      part.parameter.comment = std::string(rows.text(i, comment));
      (function->*list).push_back(std::move(part));
    }
  }

  void read_volumes() {
    const RelationRows& rows = source_.rows("volumes");
    const auto schema = rows.column("volume_schema"), name = rows.column("volume_name"),
               type = rows.column("volume_type"), owner = rows.column("volume_owner"), comment = rows.column("comment"),
               location = rows.column("storage_location");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      VolumeInventory volume;
      volume.name = std::string(rows.text(i, name));
      volume.volume_type = upper_snake(rows.text(i, type));
      volume.storage_location = std::string(rows.text(i, location));
      volume.attributes.owner = std::string(rows.text(i, owner));
      volume.attributes.comment = std::string(rows.text(i, comment));
      schema_of(rows.text(i, schema)).schema.volumes.push_back(std::move(volume));
    }
  }

  void read_protections(std::string_view relation, bool TableInventory::*flag) {
    const RelationRows& rows = source_.rows(relation);
    const auto schema = rows.column("schema_name", "table_schema"), name = rows.column("table_name");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, schema) == information_schema) continue;
      if (TableInventory* table = table_of(rows.text(i, schema), rows.text(i, name))) {
        table->*flag = true;
      } else {
        ++strays_[std::string(relation)];
      }
    }
  }

  // From here on no list of objects grows, so that pointers into them stay valid.
  void index_objects() {
    for (SchemaDraft& draft : drafts_) {
      SchemaInventory& schema = draft.schema;
      schemas_[key_of(schema.name, {})] = &schema.attributes;
      for (TableInventory& table : schema.tables) {
        tables_[key_of(schema.name, table.name)] = &table.attributes;
        for (ColumnInventory& column : table.columns) {
          column_tags_[key_of(key_of(schema.name, table.name), column.name)] = &column.tags;
        }
      }
      for (VolumeInventory& volume : schema.volumes) {
        volumes_[key_of(schema.name, volume.name)] = &volume.attributes;
      }
      for (FunctionDraft& function : draft.functions) {
        functions_[key_of(schema.name, function.specific_name)] = &function.function.attributes;
      }
    }
  }

  // Which columns of a relation name the object that a row speaks of.
  struct ObjectColumns {
    std::string_view schema;
    std::string_view object;  // Empty for rows about schemas.
    std::string_view part;    // A column of a table; empty otherwise.
  };

  // Calls visit(value, i) for each row about a listed object and counts the others.
  template <class Value, class Visit>
  void each_row_of(std::string_view relation, const ObjectColumns& names,
                   const std::unordered_map<std::string, Value*>& index, Visit&& visit) {
    const RelationRows& rows = source_.rows(relation);
    const auto schema = rows.column(names.schema), object = rows.column(names.object), part = rows.column(names.part);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, schema) == information_schema) continue;
      std::string key = key_of(rows.text(i, schema), rows.text(i, object));
      if (!names.part.empty()) key = key_of(key, rows.text(i, part));
      const auto found = index.find(key);
      if (found == index.end()) {
        ++strays_[std::string(relation)];
      } else {
        visit(*found->second, i);
      }
    }
  }

  using AttributeIndex = std::unordered_map<std::string, ObjectAttributes*>;
  using TagIndex = std::unordered_map<std::string, std::map<std::string, std::string>*>;

  void read_all_grants() {
    const RelationRows& rows = source_.rows("catalog_privileges");
    for (std::size_t i = 0; i < rows.size(); ++i) add_grant(rows, i, inventory_.attributes);
    read_grants("schema_privileges", {"schema_name", {}, {}}, schemas_);
    read_grants("table_privileges", {"table_schema", "table_name", {}}, tables_);
    read_grants("volume_privileges", {"volume_schema", "volume_name", {}}, volumes_);
    read_grants("routine_privileges", {"specific_schema", "specific_name", {}}, functions_);
  }

  void read_grants(std::string_view relation, const ObjectColumns& names, const AttributeIndex& index) {
    const RelationRows& rows = source_.rows(relation);
    each_row_of(relation, names, index,
                [&rows](ObjectAttributes& attributes, std::size_t i) { add_grant(rows, i, attributes); });
  }

  static void add_grant(const RelationRows& rows, std::size_t i, ObjectAttributes& attributes) {
    attributes.grants.push_back(Grant{std::string(rows.text(i, rows.column("grantee"))),
                                      normalized_privilege(rows.text(i, rows.column("privilege_type")))});
  }

  void read_all_tags() {
    const RelationRows& rows = source_.rows("catalog_tags");
    for (std::size_t i = 0; i < rows.size(); ++i) add_tag(rows, i, inventory_.attributes.tags);
    read_tags("schema_tags", {"schema_name", {}, {}}, schemas_);
    read_tags("table_tags", {"schema_name", "table_name", {}}, tables_);
    read_tags("volume_tags", {"schema_name", "volume_name", {}}, volumes_);
    const RelationRows& of_columns = source_.rows("column_tags");
    each_row_of(
        "column_tags", {"schema_name", "table_name", "column_name"}, column_tags_,
        [&of_columns](std::map<std::string, std::string>& tags, std::size_t i) { add_tag(of_columns, i, tags); });
  }

  void read_tags(std::string_view relation, const ObjectColumns& names, const AttributeIndex& index) {
    const RelationRows& rows = source_.rows(relation);
    each_row_of(relation, names, index,
                [&rows](ObjectAttributes& attributes, std::size_t i) { add_tag(rows, i, attributes.tags); });
  }

  static void add_tag(const RelationRows& rows, std::size_t i, std::map<std::string, std::string>& tags) {
    tags.insert_or_assign(std::string(rows.text(i, rows.column("tag_name"))),
                          std::string(rows.text(i, rows.column("tag_value"))));
  }

  static void sort_grants(ObjectAttributes& attributes) {
    const auto key = [](const Grant& grant) { return std::tie(grant.principal, grant.privilege); };
    auto& grants = attributes.grants;
    std::sort(grants.begin(), grants.end(), [&key](const Grant& a, const Grant& b) { return key(a) < key(b); });
    // The same privilege granted by two grantors is one privilege.
    grants.erase(
        std::unique(grants.begin(), grants.end(), [&key](const Grant& a, const Grant& b) { return key(a) == key(b); }),
        grants.end());
  }

  static std::vector<FunctionParameter> in_order(std::vector<PositionedParameter> parts) {
    std::sort(parts.begin(), parts.end(), [](const PositionedParameter& a, const PositionedParameter& b) {
      return std::tie(a.position, a.parameter.name) < std::tie(b.position, b.parameter.name);
    });
    std::vector<FunctionParameter> ordered;
    ordered.reserve(parts.size());
    for (PositionedParameter& part : parts) ordered.push_back(std::move(part.parameter));
    return ordered;
  }

  void finish() {
    sort_grants(inventory_.attributes);
    for (SchemaDraft& draft : drafts_) {
      SchemaInventory& schema = draft.schema;
      for (FunctionDraft& function : draft.functions) {
        function.function.parameters = in_order(std::move(function.parameters));
        function.function.return_columns = in_order(std::move(function.return_columns));
        schema.functions.push_back(std::move(function.function));
      }
      sort_grants(schema.attributes);
      for (TableInventory& table : schema.tables) {
        sort_grants(table.attributes);
        std::sort(table.columns.begin(), table.columns.end(), [](const ColumnInventory& a, const ColumnInventory& b) {
          return std::tie(a.position, a.name) < std::tie(b.position, b.name);
        });
      }
      for (FunctionInventory& function : schema.functions) sort_grants(function.attributes);
      for (VolumeInventory& volume : schema.volumes) sort_grants(volume.attributes);
      sort_by_name(schema.tables);
      sort_by_name(schema.functions);
      sort_by_name(schema.volumes);
      inventory_.schemas.push_back(std::move(schema));
    }
    sort_by_name(inventory_.schemas);
    for (const auto& [relation, count] : strays_) {
      inventory_.unseen.push_back(fmt::format("{}: {} rows name objects that are not listed", relation, count));
    }
    for (const auto& [relation, count] : hidden_definitions_) {
      inventory_.unseen.push_back(fmt::format("{}: {} definitions are hidden from this identity", relation, count));
    }
    inventory_.unseen.insert(inventory_.unseen.end(), source_.unseen.begin(), source_.unseen.end());
    std::sort(inventory_.unseen.begin(), inventory_.unseen.end());
  }

  using Place = std::pair<std::size_t, std::size_t>;  // Index of the schema, index in its list.

  const InformationSchema& source_;
  CatalogInventory& inventory_;
  std::vector<SchemaDraft> drafts_;
  std::unordered_map<std::string, std::size_t> schema_index_;
  std::unordered_map<std::string, Place> table_index_;
  std::unordered_map<std::string, Place> function_index_;
  AttributeIndex schemas_;
  AttributeIndex tables_;
  AttributeIndex volumes_;
  AttributeIndex functions_;
  TagIndex column_tags_;
  std::map<std::string, std::size_t> strays_;
  std::map<std::string, std::size_t> hidden_definitions_;
};

}  // namespace

std::string normalized_privilege(std::string_view privilege) {
  return upper_snake(privilege);
}

void assemble_inventory(const InformationSchema& source, CatalogInventory& inventory) {
  Assembly(source, inventory).run();
}

}  // namespace dbxauth::catalog
