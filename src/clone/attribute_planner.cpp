// SPDX-License-Identifier: Apache-2.0
#include "clone/attribute_planner.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"

namespace dbxauth::clone {
namespace {

using Tags = std::map<std::string, std::string>;

/// Tags to set, and keys that stay although their values differ.
struct TagDifference {
  Tags missing;
  std::vector<std::string> kept;
};

TagDifference compare_tags(const Tags& source, const Tags* destination, bool overwrite) {
  TagDifference difference;
  for (const auto& tag : source) {
    const bool there = destination != nullptr && destination->count(tag.first) != 0;
    if (there && destination->at(tag.first) == tag.second) continue;
    if (there && !overwrite) {
      difference.kept.push_back(tag.first);
    } else {
      difference.missing.insert(tag);
    }
  }
  return difference;
}

const ColumnInventory* find_column(const std::vector<ColumnInventory>* columns, const std::string& name) {
  if (columns == nullptr) return nullptr;
  const auto found = std::find_if(columns->begin(), columns->end(), [&](const ColumnInventory& column) {
    return base::equals_ignoring_case(column.name, name);
  });
  return found == columns->end() ? nullptr : &*found;
}

std::vector<const ColumnInventory*> by_name(const std::vector<ColumnInventory>& columns) {
  std::vector<const ColumnInventory*> sorted;
  for (const ColumnInventory& column : columns) sorted.push_back(&column);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ColumnInventory* a, const ColumnInventory* b) { return a->name < b->name; });
  return sorted;
}

/// Privileges by principal, sorted.
std::map<std::string, std::set<std::string>> by_principal(const std::vector<Grant>& grants) {
  std::map<std::string, std::set<std::string>> sorted;
  for (const Grant& grant : grants) {
    std::string privilege = base::to_upper(grant.privilege);
    std::replace(privilege.begin(), privilege.end(), ' ', '_');
    sorted[grant.principal].insert(std::move(privilege));
  }
  return sorted;
}

class AttributePlanner {
 public:
  AttributePlanner(PlanBuilder& plan, const PlannedObject& object) : plan_(plan), object_(object) {
    kind_path_ = std::string(name_of(object.ref.kind)) + ":" + plan.path(object.ref);
    overwrite_ = plan.spec().if_exists == IfExists::replace;
  }

  void comments_and_tags() {
    comment();
    column_comments();
    tags();
    column_tags();
  }

  void grants() {
    if (!object_.source->grants.empty() && wanted("grants", plan_.spec().copy_grants)) grant_each();
  }

  void owner() {
    if (object_.source->owner.empty()) return;
    skip("owner", fmt::format("`{}` stays the owner of the source only: what is made belongs to the identity that runs "
                              "the clone",
                              object_.source->owner));
  }

 private:
  void skip(const std::string& aspect, std::string reason) {
    plan_.verdict(object_.ref, aspect, FidelityVerdict::skipped, std::move(reason));
  }

  /// False, with the verdict given, when the object is not made or the aspect is not asked for.
  bool wanted(const std::string& aspect, bool asked_for) {
    if (!asked_for) {
      const std::string_view last_word = base::split(aspect, ' ').back();
      skip(aspect, fmt::format("not asked for: copy_{}{} is false", last_word, last_word.back() == 's' ? "" : "s"));
    } else if (!object_.skipped.empty()) {
      skip(aspect, fmt::format("the {} itself is skipped", name_of(object_.ref.kind)));
    } else {
      return true;
    }
    return false;
  }

  /// CREATE OR REPLACE makes a new object, and nothing promises that it keeps the tags of the old one.
  bool replaced() const { return object_.destination != nullptr && !object_.step_id.empty(); }

  std::string add(StepKind kind, const std::string& id_path, std::string sql, std::string reason) {
    return plan_.add_step(kind, id_path, object_.ref, std::move(sql), {object_.step_id}, std::move(reason));
  }

  void comment() {
    const std::string& text = object_.source->comment;
    if (text.empty() || !wanted("comment", plan_.spec().copy_comments)) return;
    const bool same = object_.destination != nullptr && object_.destination->comment == text;
    const bool another = object_.destination != nullptr && !object_.destination->comment.empty() && !same;
    if (object_.comment_made) {
      plan_.verdict(object_.ref, "comment", FidelityVerdict::copied);
    } else if (same && object_.step_id.empty()) {
      plan_.verdict(object_.ref, "comment", FidelityVerdict::already_there);
    } else if (object_.ref.kind == Securable::function) {
      skip("comment", "an existing function's comment cannot be changed without replacing the function");
    } else if (another && !overwrite_) {
      skip("comment", "the destination has another comment, and if_exists is not \"replace\"");
    } else {
      add(StepKind::set_comment, kind_path_,
          comment_on_sql(object_.ref.kind, plan_.destination_name(object_.ref), text),
          object_.ref.kind == Securable::table && !object_.step_id.empty()
              ? "CLONE does not copy the table's comment"
              : "the destination lacks the source's comment");
      plan_.verdict(object_.ref, "comment", FidelityVerdict::copied);
    }
  }

  void column_comments() {
    if (object_.source_columns == nullptr) return;
    const bool any = std::any_of(object_.source_columns->begin(), object_.source_columns->end(),
                                 [](const ColumnInventory& column) { return !column.comment.empty(); });
    if (!any) return;
    const bool made = object_.column_comments_made && object_.skipped.empty();
    if (made) return plan_.verdict(object_.ref, "column comments", FidelityVerdict::copied);
    if (!wanted("column comments", plan_.spec().copy_comments)) return;
    if (object_.ref.kind == Securable::view) return existing_view_column_comments();
    std::size_t kept = 0;
    std::size_t set = 0;
    for (const ColumnInventory* column : by_name(*object_.source_columns)) {
      const ColumnInventory* there = find_column(object_.destination_columns, column->name);
      if (column->comment.empty() || (there != nullptr && there->comment == column->comment)) continue;
      if (there == nullptr || (!there->comment.empty() && !overwrite_)) {
        ++kept;
        continue;
      }
      add(StepKind::set_comment, column_path(*column),
          column_comment_sql(plan_.destination_name(object_.ref), column->name, column->comment),
          "the destination lacks the column's comment");
      ++set;
    }
    close_columns("column comments", set, kept, "have another comment in the destination, or are not there");
  }

  void existing_view_column_comments() {
    for (const ColumnInventory& column : *object_.source_columns) {
      const ColumnInventory* there = find_column(object_.destination_columns, column.name);
      if (column.comment.empty() || (there != nullptr && there->comment == column.comment)) continue;
      return skip("column comments", "an existing view's column comments cannot be changed without replacing the view");
    }
    plan_.verdict(object_.ref, "column comments", FidelityVerdict::already_there);
  }

  void close_columns(const std::string& aspect, std::size_t set, std::size_t kept, std::string_view why_kept) {
    if (set > 0) plan_.verdict(object_.ref, aspect, FidelityVerdict::copied);
    if (kept > 0) skip(aspect, fmt::format("{} columns {}", kept, why_kept));
    if (set == 0 && kept == 0) plan_.verdict(object_.ref, aspect, FidelityVerdict::already_there);
  }

  void tags() {
    if (object_.source->tags.empty() || !wanted("tags", plan_.spec().copy_tags)) return;
    if (object_.ref.kind == Securable::function) return skip("tags", "SET TAGS has no form for functions");
    const Tags* there = object_.destination != nullptr && !replaced() ? &object_.destination->tags : nullptr;
    const TagDifference difference = compare_tags(object_.source->tags, there, overwrite_);
    if (!difference.missing.empty()) {
      add(StepKind::set_tags, kind_path_,
          set_tags_sql(object_.ref.kind, plan_.destination_name(object_.ref), difference.missing),
          "tags are not part of a definition");
      plan_.verdict(object_.ref, "tags", FidelityVerdict::copied);
    }
    if (!difference.kept.empty()) {
      skip("tags", fmt::format("these have another value in the destination, and if_exists is not \"replace\": {}",
                               base::join(difference.kept, ", ")));
    }
    if (difference.missing.empty() && difference.kept.empty()) {
      plan_.verdict(object_.ref, "tags", FidelityVerdict::already_there);
    }
  }

  void column_tags() {
    if (object_.source_columns == nullptr) return;
    const bool any = std::any_of(object_.source_columns->begin(), object_.source_columns->end(),
                                 [](const ColumnInventory& column) { return !column.tags.empty(); });
    if (!any || !wanted("column tags", plan_.spec().copy_tags)) return;
    if (object_.ref.kind == Securable::view) {
      return skip("column tags", "there is no form of SET TAGS for a view's columns that every runtime knows");
    }
    std::size_t set = 0;
    std::size_t kept = 0;
    for (const ColumnInventory* column : by_name(*object_.source_columns)) {
      const ColumnInventory* there = find_column(object_.destination_columns, column->name);
      const TagDifference difference =
          compare_tags(column->tags, there != nullptr && !replaced() ? &there->tags : nullptr, overwrite_);
      if (!difference.kept.empty()) ++kept;
      if (difference.missing.empty()) continue;
      add(StepKind::set_tags, column_path(*column),
          set_column_tags_sql(plan_.destination_name(object_.ref), column->name, difference.missing),
          "CLONE does not copy tags of columns");
      ++set;
    }
    close_columns("column tags", set, kept, "have tags with another value in the destination");
  }

  std::string column_path(const ColumnInventory& column) const {
    return "column:" + plan_.path(object_.ref) + "." + id_part(column.name);
  }

  void grant_each() {
    const auto there = object_.destination != nullptr ? by_principal(object_.destination->grants)
                                                      : std::map<std::string, std::set<std::string>>();
    bool any = false;
    std::vector<std::string> refused;
    for (const auto& entry : by_principal(object_.source->grants)) {
      const auto held = there.find(entry.first);
      std::vector<std::string> missing;
      for (const std::string& privilege : entry.second) {
        if (!is_grantable(privilege) || entry.first.empty()) {
          refused.push_back(fmt::format("{} to `{}`", privilege, entry.first));
        } else if (held == there.end() || held->second.count(privilege) == 0) {
          missing.push_back(privilege);
        }
      }
      if (missing.empty()) continue;
      any = true;
      add(StepKind::grant, kind_path_ + ":" + id_part(entry.first),
          grant_sql(missing, object_.ref.kind, plan_.destination_name(object_.ref), entry.first),
          "granted directly on the source; given last, when everything else is in place");
    }
    if (any) plan_.verdict(object_.ref, "grants", FidelityVerdict::copied);
    if (!refused.empty()) skip("grants", "not something that can be granted: " + base::join(refused, ", "));
    if (!any && refused.empty()) plan_.verdict(object_.ref, "grants", FidelityVerdict::already_there);
  }

  PlanBuilder& plan_;
  const PlannedObject& object_;
  std::string kind_path_;
  bool overwrite_ = false;
};

}  // namespace

void plan_attributes(PlanBuilder& plan, const std::vector<PlannedObject>& objects) {
  for (const PlannedObject& object : objects) AttributePlanner(plan, object).comments_and_tags();
  for (const PlannedObject& object : objects) AttributePlanner(plan, object).grants();
  for (const PlannedObject& object : objects) AttributePlanner(plan, object).owner();
}

}  // namespace dbxauth::clone
