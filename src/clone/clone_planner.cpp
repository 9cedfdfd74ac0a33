// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.hpp"
#include "clone/attribute_planner.hpp"
#include "clone/catalog_index.hpp"
#include "clone/object_planner.hpp"
#include "clone/plan_builder.hpp"
#include "clone/plan_request.hpp"
#include "dbxauth/clone.hpp"

namespace dbxauth {
namespace clone {
namespace {

class CatalogPlanner {
 public:
  CatalogPlanner(const CatalogInventory& source, const CatalogInventory& destination, const CloneSpec& spec)
      : source_(source),
        destination_(destination),
        source_index_(source),
        destination_index_(destination),
        plan_(spec, destination.host.empty() ? source.host : destination.host) {}

  ClonePlan run() {
    const std::vector<const SchemaInventory*> schemas = sorted_schemas();
    plan_catalog();
    ObjectPlanner objects(plan_, source_index_, destination_index_);
    std::vector<std::pair<const SchemaInventory*, std::string>> chosen;
    for (const SchemaInventory* schema : schemas) {
      if (base::equals_ignoring_case(schema->name, "information_schema")) continue;
      if (schema_chosen(plan_.spec(), schema->name)) {
        chosen.emplace_back(schema, plan_schema(*schema));
      } else {
        leave_out(*schema);
      }
    }
    for (const auto& entry : chosen) objects.add_schema(*entry.first, entry.second);
    objects.plan(planned_);
    for (const auto& entry : chosen) plan_volumes(*entry.first, entry.second);
    std::stable_sort(planned_.begin(), planned_.end(), [](const PlannedObject& a, const PlannedObject& b) {
      return std::tie(a.ref.kind, a.ref.schema, a.ref.name) < std::tie(b.ref.kind, b.ref.schema, b.ref.name);
    });
    plan_attributes(plan_, planned_);
    warn();
    return plan_.take();
  }

 private:
  std::vector<const SchemaInventory*> sorted_schemas() const {
    std::vector<const SchemaInventory*> schemas;
    for (const SchemaInventory& schema : source_.schemas) schemas.push_back(&schema);
    std::sort(schemas.begin(), schemas.end(),
              [](const SchemaInventory* a, const SchemaInventory* b) { return a->name < b->name; });
    return schemas;
  }

  std::string_view inline_comment(const ObjectAttributes& attributes) const {
    return plan_.spec().copy_comments ? std::string_view(attributes.comment) : std::string_view();
  }

  void plan_catalog() {
    PlannedObject object;
    object.ref.kind = Securable::catalog;
    object.source = &source_.attributes;
    if (destination_.exists) {
      object.destination = &destination_.attributes;
      plan_.verdict(object.ref, "definition", FidelityVerdict::already_there);
      if (!plan_.spec().managed_location.empty()) {
        plan_.warn("managed_location is not used: the destination catalog exists, and its location cannot be changed.");
      }
    } else {
      const std::string& location = plan_.spec().managed_location;
      catalog_step_ = plan_.add_step(
          StepKind::create_catalog, plan_.path(object.ref), object.ref,
          create_catalog_sql(plan_.destination_name(object.ref), location, inline_comment(source_.attributes)), {},
          "the destination catalog does not exist");
      object.step_id = catalog_step_;
      object.comment_made = plan_.spec().copy_comments;
      plan_.verdict(object.ref, "definition", FidelityVerdict::recreated,
                    location.empty() ? "managed data goes to the metastore's default location"
                                     : fmt::format("managed data goes to {}", location));
    }
    planned_.push_back(std::move(object));
  }

  std::string plan_schema(const SchemaInventory& schema) {
    PlannedObject object;
    object.ref = {Securable::schema, schema.name, {}};
    object.source = &schema.attributes;
    if (const SchemaInventory* there = destination_index_.schema(schema.name)) {
      object.destination = &there->attributes;
      plan_.verdict(object.ref, "definition", FidelityVerdict::already_there);
    } else {
      // CREATE CATALOG makes a schema "default", on which IF NOT EXISTS then leaves the comment out.
      const bool made_by_catalog = !catalog_step_.empty() && base::equals_ignoring_case(schema.name, "default");
      object.comment_made = plan_.spec().copy_comments && !made_by_catalog;
      object.step_id =
          plan_.add_step(StepKind::create_schema, plan_.path(object.ref), object.ref,
                         create_schema_sql(plan_.destination_name(object.ref),
                                           made_by_catalog ? std::string_view() : inline_comment(schema.attributes)),
                         {catalog_step_}, "the destination lacks the schema");
      plan_.verdict(object.ref, "definition", FidelityVerdict::recreated,
                    schema.storage_root.empty() ? "" : "managed data goes to the catalog's location");
    }
    const std::string step = object.step_id;
    planned_.push_back(std::move(object));
    return step;
  }

  void plan_volumes(const SchemaInventory& schema, const std::string& schema_step) {
    std::vector<const VolumeInventory*> volumes;
    for (const VolumeInventory& volume : schema.volumes) volumes.push_back(&volume);
    std::sort(volumes.begin(), volumes.end(),
              [](const VolumeInventory* a, const VolumeInventory* b) { return a->name < b->name; });
    for (const VolumeInventory* volume : volumes) plan_volume(schema, *volume, schema_step);
  }

  void plan_volume(const SchemaInventory& schema, const VolumeInventory& volume, const std::string& schema_step) {
    PlannedObject object;
    object.ref = {Securable::volume, schema.name, volume.name};
    object.source = &volume.attributes;
    const VolumeInventory* there = destination_index_.volume(schema.name, volume.name);
    const bool external = base::equals_ignoring_case(volume.volume_type, "EXTERNAL");
    const std::optional<std::string> location =
        external ? map_location(plan_.spec(), volume.storage_location) : std::optional<std::string>("");
    if (!plan_.spec().copy_volumes) {
      object.skipped = "not asked for: copy_volumes is false";
    } else if (there != nullptr) {
      object.destination = &there->attributes;
      plan_.verdict(object.ref, "definition", FidelityVerdict::already_there);
    } else if (!location) {
      object.skipped = "an external volume needs a location of its own: add its location to location_map";
    } else if (external && !volume_locations_.insert(*location).second) {
      object.skipped = fmt::format("location_map puts it to {}, where another volume goes already", *location);
    } else {
      object.comment_made = plan_.spec().copy_comments;
      object.step_id = plan_.add_step(
          StepKind::create_volume, plan_.path(object.ref), object.ref,
          create_volume_sql(plan_.destination_name(object.ref), *location, inline_comment(volume.attributes)),
          {schema_step}, "the destination lacks the volume");
      plan_.verdict(object.ref, "definition", FidelityVerdict::recreated,
                    external ? fmt::format("an external volume at {}", *location) : "an empty managed volume");
    }
    if (!object.skipped.empty()) plan_.verdict(object.ref, "definition", FidelityVerdict::skipped, object.skipped);
    plan_.verdict(object.ref, "files", FidelityVerdict::skipped, "SQL does not copy the files of volumes");
    planned_.push_back(std::move(object));
  }

  /// Every object of a schema that the globs leave out is accounted for.
  void leave_out(const SchemaInventory& schema) {
    const std::string reason = "its schema is left out by include_schemas or exclude_schemas";
    plan_.verdict({Securable::schema, schema.name, {}}, "definition", FidelityVerdict::skipped,
                  "left out by include_schemas or exclude_schemas");
    for (const TableInventory& table : schema.tables) {
      const Securable kind = is_view(table) ? Securable::view : Securable::table;
      plan_.verdict({kind, schema.name, table.name}, is_view(table) ? "definition" : "data", FidelityVerdict::skipped,
                    reason);
    }
    for (const FunctionInventory& function : schema.functions) {
      plan_.verdict({Securable::function, schema.name, function.name}, "definition", FidelityVerdict::skipped, reason);
    }
    for (const VolumeInventory& volume : schema.volumes) {
      plan_.verdict({Securable::volume, schema.name, volume.name}, "definition", FidelityVerdict::skipped, reason);
    }
  }

  void warn() {
    for (const auto& entry : {std::make_pair("source", &source_), std::make_pair("destination", &destination_)}) {
      std::vector<std::string> unseen = entry.second->unseen;
      std::sort(unseen.begin(), unseen.end());
      for (const std::string& what : unseen) {
        plan_.warn(fmt::format("Not everything of the {} could be read: {}", entry.first, what));
      }
    }
    const bool any_schema = std::any_of(
        source_.schemas.begin(), source_.schemas.end(),
        [](const SchemaInventory& schema) { return !base::equals_ignoring_case(schema.name, "information_schema"); });
    if (!any_schema) {
      plan_.warn("The source has no schema that this identity may see: it needs USE SCHEMA and SELECT there.");
    }
    for (const std::string& glob : plan_.spec().exclude_schemas) {
      const bool used = std::any_of(source_.schemas.begin(), source_.schemas.end(), [&](const SchemaInventory& schema) {
        return base::glob_match(base::to_lower(glob), base::to_lower(schema.name));
      });
      if (!used) plan_.warn(fmt::format("No schema of the source matches \"{}\" of exclude_schemas.", glob));
    }
    if (const std::size_t extra = destination_only(); extra > 0) {
      plan_.warn(fmt::format("The destination has {} that the source does not have; left alone.",
                             extra == 1 ? std::string("one object") : fmt::format("{} objects", extra)));
    }
    if (makes_objects() && has_readers()) {
      plan_.warn(
          "The destination has grants already: those who hold them can read what is made before the clone has ended.");
    }
  }

  std::size_t destination_only() const {
    std::size_t count = 0;
    for (const SchemaInventory& schema : destination_.schemas) {
      for (const TableInventory& table : schema.tables) {
        if (source_index_.relation(schema.name, table.name) == nullptr) ++count;
      }
      for (const FunctionInventory& function : schema.functions) {
        if (source_index_.function(schema.name, function.name) == nullptr) ++count;
      }
      for (const VolumeInventory& volume : schema.volumes) {
        if (source_index_.volume(schema.name, volume.name) == nullptr) ++count;
      }
    }
    return count;
  }

  bool makes_objects() const {
    return std::any_of(planned_.begin(), planned_.end(), [](const PlannedObject& object) {
      return !object.step_id.empty() && object.ref.kind != Securable::catalog && object.ref.kind != Securable::schema;
    });
  }

  /// Grants on the catalog or a schema that objects made now inherit.
  bool has_readers() const {
    const auto reads = [](const ObjectAttributes& attributes) {
      return std::any_of(attributes.grants.begin(), attributes.grants.end(), [](const Grant& grant) {
        return base::equals_ignoring_case(grant.privilege, "SELECT") ||
               base::equals_ignoring_case(grant.privilege, "ALL_PRIVILEGES");
      });
    };
    return reads(destination_.attributes) ||
           std::any_of(destination_.schemas.begin(), destination_.schemas.end(),
                       [&](const SchemaInventory& schema) { return reads(schema.attributes); });
  }

  const CatalogInventory& source_;
  const CatalogInventory& destination_;
  CatalogIndex source_index_;
  CatalogIndex destination_index_;
  PlanBuilder plan_;
  std::vector<PlannedObject> planned_;
  std::set<std::string> volume_locations_;
  std::string catalog_step_;
};

}  // namespace
}  // namespace clone

Result<ClonePlan> plan_clone(const CatalogInventory& source, const CatalogInventory& destination,
                             const CloneSpec& spec) {
  auto checked = clone::check_request(source, destination, spec);
  if (!checked) return checked.error();
  ClonePlan plan = clone::CatalogPlanner(source, destination, spec).run();
  // Only an inventory that names an object twice gives two steps one id.
  std::set<std::string> ids;
  for (const CloneStep& step : plan.steps) {
    if (ids.insert(step.id).second) continue;
    return Error(ErrorCode::invalid_argument,
                 fmt::format("The inventory of `{}` holds an object twice: {}.", source.name, step.object));
  }
  return plan;
}

}  // namespace dbxauth
