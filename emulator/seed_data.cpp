// SPDX-License-Identifier: Apache-2.0
#include "seed_data.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "seed_internal.hpp"

namespace dbxauth::emulator {
namespace {

Outcome<void> seed_principals(Metastore& metastore) {
  struct Row {
    PrincipalKind kind;
    const char* name;
    const char* display;
    bool admin;
  };
  using P = SeedPrincipals;
  const Row rows[] = {
      {PrincipalKind::user, P::admin, "Alice Admin", true},
      {PrincipalKind::user, P::analyst, "Bob Analyst", false},
      {PrincipalKind::user, P::outsider, "Carol Outsider", false},
      {PrincipalKind::user, P::odd_name, "Ódhrán O`Brien", false},
      {PrincipalKind::service_principal, P::service_principal, P::service_principal_display_name, false},
      {PrincipalKind::group, P::analysts, "analysts", false},
      {PrincipalKind::group, P::account_users, "account users", false}};
  for (const auto& row : rows) {
    if (auto added = metastore.add_principal(row.kind, row.name, row.display, row.admin); !added)
      return refuse(added.error());
  }
  metastore.set_default_owner(P::admin);
  if (auto added = metastore.add_group_member(P::analysts, P::analyst); !added) return added;
  return metastore.change_grants({}, SecurableKind::metastore, {}, {{P::service_principal, {"CREATE_CATALOG"}, {}}});
}

std::string padded(std::size_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

// Straight through the metastore: thousands of CREATE TABLE texts would be parsed for nothing.
Outcome<void> seed_many(Metastore& metastore, std::size_t tables, std::size_t schemas) {
  CatalogSpec catalog;
  catalog.name = "production";
  if (auto made = metastore.create_catalog({}, catalog); !made) return refuse(made.error());
  for (std::size_t i = 0; i < schemas; ++i) {
    SchemaSpec schema;
    schema.catalog_name = "production";
    schema.name = "schema_" + padded(i);
    if (auto made = metastore.create_schema({}, schema); !made) return refuse(made.error());
  }
  for (std::size_t i = 0; i < tables; ++i) {
    TableSpec spec;
    spec.catalog_name = "production";
    spec.schema_name = "schema_" + padded(i % schemas);
    spec.name = "table_" + padded(i);
    spec.columns = {{"id", "bigint", false, "Key", {}},
                    {"label", "string", true, std::nullopt, {}},
                    {"amount", "decimal(12,2)", true, std::nullopt, {}}};
    spec.comment = "Synthetic table " + std::to_string(i);
    auto made = metastore.create_table({}, spec);
    if (!made) return refuse(made.error());
    auto filled = metastore.database().run("INSERT INTO " + metastore.row_table(*made) + " VALUES(1, 'one of " +
                                           std::to_string(i) + "', 10.25), (2, NULL, " + std::to_string(i) + ")");
    if (!filled) return refuse(internal_error(filled.error()));
  }
  using P = SeedPrincipals;
  return metastore.change_grants(
      {}, SecurableKind::catalog, {"production"},
      {{P::service_principal, {"USE_CATALOG", "USE_SCHEMA", "SELECT", "EXECUTE", "READ_VOLUME", "MANAGE"}, {}},
       {P::analysts, {"USE_CATALOG", "USE_SCHEMA", "SELECT"}, {}}});
}

std::optional<std::size_t> number_after(std::string_view piece, std::string_view name) {
  if (piece.substr(0, name.size()) != name) return std::nullopt;
  const std::string digits(piece.substr(name.size()));
  if (digits.empty() || digits.size() > 7 || digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return static_cast<std::size_t>(std::atoll(digits.c_str()));
}

}  // namespace

Outcome<void> run_seed_statements(SqlEngine& engine, const std::string& catalog,
                                  const std::vector<std::string_view>& statements) {
  for (const auto statement : statements) {
    const auto done = engine.execute({{}, catalog, "default"}, statement);
    if (done) continue;
    ApiError error = done.error();
    error.message += " (in the seed's statement: " + std::string(statement.substr(0, 120)) + ")";
    return refuse(error);
  }
  return {};
}

Outcome<void> seed_metastore(Metastore& metastore, std::string_view spec) {
  return metastore.transaction([&]() -> Outcome<void> {
    std::optional<std::size_t> tables, schemas;
    if (spec != "empty" && spec != "demo") {
      for (const auto piece : base::split(spec, ',')) {
        const auto table_count = number_after(piece, "tables:");
        const auto schema_count = number_after(piece, "schemas:");
        if (table_count) tables = table_count;
        if (schema_count) schemas = schema_count;
        if (!table_count && !schema_count) tables = 9999999;
      }
      if (!tables || *tables > 200000 || schemas.value_or(1) < 1 || schemas.value_or(1) > 10000) {
        return refuse(invalid_parameter(
            "Seed '" + std::string(spec) +
            "' is not known. Use empty, demo, or tables:N,schemas:M with N up to 200000 and M from 1 to 10000."));
      }
    }
    if (auto done = seed_principals(metastore); !done) return done;
    if (spec == "empty") return {};
    return spec == "demo" ? seed_demo(metastore) : seed_many(metastore, *tables, schemas.value_or(1));
  });
}

}  // namespace dbxauth::emulator
