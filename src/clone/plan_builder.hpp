// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "clone/clone_statements.hpp"
#include "dbxauth/catalog.hpp"
#include "dbxauth/clone.hpp"

namespace dbxauth::clone {

/// An object by the place it has in both catalogs. The catalog itself has neither schema nor name; a schema has no
/// name.
struct ObjectRef {
  Securable kind = Securable::table;
  std::string schema;
  std::string name;
};

/// Gathers steps, verdicts and warnings, gives ids and quoted names, and puts the verdicts in order at the end.
class PlanBuilder {
 public:
  PlanBuilder(const CloneSpec& spec, std::string host);

  const CloneSpec& spec() const noexcept { return plan_.spec; }

  std::string source_name(const ObjectRef& object) const;
  std::string destination_name(const ObjectRef& object) const;
  /// "sales.orders"; parts with other characters than letters, digits, `_` and `-` are back-ticked.
  std::string path(const ObjectRef& object) const;

  /// Appends a step and returns its id, "<kind>:<id_path>". Empty ids in `depends_on` are left out.
  std::string add_step(StepKind kind, const std::string& id_path, const ObjectRef& object, std::string sql,
                       const std::vector<std::string>& depends_on, std::string reason);
  void verdict(const ObjectRef& object, std::string aspect, FidelityVerdict what, std::string reason = {});
  /// Each text once.
  void warn(std::string text);

  ClonePlan take();

 private:
  std::string full_name(const std::string& catalog, const ObjectRef& object) const;

  struct RankedVerdict {
    std::tuple<Securable, std::string, std::string> rank;
    FidelityEntry entry;
  };
  ClonePlan plan_;
  std::vector<RankedVerdict> verdicts_;
  std::unordered_set<std::string> warned_;  ///< There may be one per object: a catalog has tens of thousands.
};

/// A name, a principal or a column as a part of a step's id.
std::string id_part(std::string_view name);

}  // namespace dbxauth::clone
