// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metastore.hpp"
#include "sql_syntax.hpp"

namespace dbxauth::emulator {

struct OutputColumn;

/// The relations of INFORMATION_SCHEMA ("Databricks SQL language manual: Information schema") for one statement: each
/// is written into a temporary SQLite table when it is first named, with what the asking principal may see, and dropped
/// with this object. Also numbers the aliases of the statement and remembers which text is being translated.
class InformationSchema {
 public:
  explicit InformationSchema(Metastore& metastore) : metastore_(metastore) {}
  ~InformationSchema();
  InformationSchema(const InformationSchema&) = delete;
  InformationSchema& operator=(const InformationSchema&) = delete;

  struct Relation {
    std::string sql;
    std::vector<OutputColumn> columns;
  };
  /// `catalog` "system" means all catalogs. nullopt: no relation of that name. Throws SqlFailure when the catalog is
  /// missing or may not be used.
  std::optional<Relation> select(const std::string& catalog, const std::string& relation, const std::string& principal);

  int next_number() { return ++number_; }
  std::string source_text(const Expr& expr) const;

  /// Makes `text` the source of expressions while it lives.
  class SourceScope {
   public:
    SourceScope(InformationSchema& owner, std::string_view text) : owner_(owner), previous_(owner.source_) {
      owner.source_ = text;
    }
    ~SourceScope() { owner_.source_ = previous_; }
    SourceScope(const SourceScope&) = delete;
    SourceScope& operator=(const SourceScope&) = delete;

   private:
    InformationSchema& owner_;
    std::string_view previous_;
  };

 private:
  using Values = std::vector<std::optional<std::string>>;
  struct Sink;
  void fill(const std::string& relation, const CatalogInfo& catalog, const std::string& principal, Sink& sink) const;
  void fill_schema(const std::string& relation, const SchemaInfo& schema, const std::string& principal,
                   Sink& sink) const;
  void fill_tables(const std::string& relation, const SchemaInfo& schema, const std::string& principal,
                   Sink& sink) const;
  void fill_routines(const std::string& relation, const SchemaInfo& schema, const std::string& principal,
                     Sink& sink) const;
  void fill_privileges(const Securable& securable, const std::string& principal, Sink& sink) const;
  void fill_tags(const Securable& securable, Sink& sink) const;

  Metastore& metastore_;
  std::map<std::string, Relation> made_;
  std::vector<std::string> tables_;
  std::string_view source_;
  int number_ = 0;
};

/// "YYYY-MM-DD HH:MM:SS.mmm" in UTC, as the emulator stores timestamps.
std::string stored_timestamp(std::int64_t epoch_ms);

}  // namespace dbxauth::emulator
