// SPDX-License-Identifier: Apache-2.0
// What a catalog of a thousand and of ten thousand tables costs before the first statement is sent: planning its clone
// into an empty catalog and into one that has everything, and the JSON forms of inventory and plan. `per_table` counts
// memory allocations; time and allocations of both sizes differ by the factor ten where nothing is quadratic.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "dbxauth/catalog.hpp"
#include "dbxauth/clone.hpp"

namespace {

std::atomic<std::int64_t> allocations{0};

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using dbxauth::CatalogInventory;
using dbxauth::ClonePlan;
using dbxauth::CloneSpec;
using dbxauth::SchemaInventory;
using dbxauth::TableInventory;

constexpr std::int64_t relations_per_schema = 500;

std::string numbered(const char* name, std::int64_t number) {
  return name + std::to_string(number);
}

dbxauth::ObjectAttributes attributes(std::int64_t number) {
  dbxauth::ObjectAttributes all;
  all.owner = "owner@example.com";
  all.comment = numbered("The comment of object ", number);
  all.grants = {{"analysts", "SELECT"}, {"engineers", "MODIFY"}, {"engineers", "SELECT"}};
  all.tags = {{"cost_center", numbered("", number % 40)}, {"pii", number % 7 == 0 ? "yes" : "no"}};
  return all;
}

TableInventory table(std::int64_t number) {
  TableInventory made;
  made.name = numbered("table_", number);
  made.table_type = "MANAGED";
  made.data_source_format = "DELTA";
  for (std::int64_t i = 0; i < 20; ++i) {
    dbxauth::ColumnInventory column;
    column.name = numbered("column_", i);
    column.type_text = i % 2 == 0 ? "bigint" : "string";
    column.comment = i % 4 == 0 ? numbered("What column stands for ", i) : "";
    column.position = i;
    if (i == 3) column.tags = {{"pii", "email"}};
    made.columns.push_back(std::move(column));
  }
  made.attributes = attributes(number);
  return made;
}

// Every view reads a table and the view before it, as far as views go: chains as long as the schema.
TableInventory view(const std::string& schema, std::int64_t number, std::int64_t first) {
  TableInventory made = table(number);
  made.name = numbered("view_", number);
  made.table_type = "VIEW";
  made.data_source_format.clear();
  made.view_definition = "SELECT t.column_0, count(*) AS n FROM source." + schema + ".table_" +
                         std::to_string(number - 1) + " t WHERE t.column_1 <> 'source.x' GROUP BY ALL";
  if (number - 2 > first) {
    made.view_definition +=
        " UNION ALL SELECT * FROM `source`.`" + schema + "`.`view_" + std::to_string(number - 2) + "`";
  }
  return made;
}

CatalogInventory inventory(const std::string& name, std::int64_t relations) {
  CatalogInventory made;
  made.host = "https://workspace.example.com";
  made.name = name;
  made.catalog_type = "MANAGED_CATALOG";
  made.metastore_id = "metastore";
  made.attributes = attributes(0);
  for (std::int64_t first = 0; first < relations; first += relations_per_schema) {
    SchemaInventory schema;
    schema.name = numbered("schema_", first / relations_per_schema);
    schema.attributes = attributes(first);
    for (std::int64_t i = first; i < first + relations_per_schema && i < relations; ++i) {
      schema.tables.push_back(i % 2 == 0 ? table(i) : view(schema.name, i, first));
    }
    made.schemas.push_back(std::move(schema));
  }
  return made;
}

template <class Outcome>
auto value_of(Outcome outcome) {
  if (!outcome) {
    std::fprintf(stderr, "%s\n", outcome.error().message.c_str());
    std::abort();
  }
  return std::move(*outcome);
}

ClonePlan plan_into_nothing(const CatalogInventory& source) {
  CatalogInventory destination;
  destination.name = "destination";
  destination.exists = false;
  destination.metastore_id = source.metastore_id;
  CloneSpec spec;
  spec.source = source.name;
  spec.destination = destination.name;
  return value_of(dbxauth::plan_clone(source, destination, spec));
}

template <class Work>
void measure(benchmark::State& state, Work work) {
  const std::int64_t before = allocations.load();
  for (auto _ : state) {
    auto outcome = work();
    benchmark::DoNotOptimize(outcome);
  }
  const double made = static_cast<double>(allocations.load() - before);
  const double tables = static_cast<double>(state.range(0) * state.iterations());
  state.counters["per_table"] = made / tables;
  state.counters["time_per_table"] =
      benchmark::Counter(tables, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void plan_new_catalog(benchmark::State& state) {
  const CatalogInventory source = inventory("source", state.range(0));
  measure(state, [&] { return plan_into_nothing(source); });
  state.counters["steps"] = static_cast<double>(plan_into_nothing(source).steps.size());
}

// Everything is there, and every view differs: one warning for each.
void plan_present_catalog(benchmark::State& state) {
  const CatalogInventory source = inventory("source", state.range(0));
  CatalogInventory destination = source;
  destination.name = "destination";
  CloneSpec spec;
  spec.source = source.name;
  spec.destination = destination.name;
  measure(state, [&] { return value_of(dbxauth::plan_clone(source, destination, spec)); });
}

// One view whose text has as many joins, subqueries and doubtful names as the catalogs above have tables.
void plan_long_view(benchmark::State& state) {
  CatalogInventory source = inventory("source", 2);
  TableInventory& view = source.schemas.front().tables.back();
  view.view_definition = "SELECT 1";
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string number = std::to_string(i);
    view.view_definition += " UNION ALL SELECT a.b.c.d.e_" + number + " FROM source.schema_0.table_" + number +
                            " AS t_" + number + " JOIN (SELECT * FROM source.schema_1.table_" + number + ") USING (id)";
  }
  measure(state, [&] { return plan_into_nothing(source); });
}

void write_inventory(benchmark::State& state) {
  const CatalogInventory source = inventory("source", state.range(0));
  measure(state, [&] { return source.to_json(); });
  state.SetBytesProcessed(static_cast<std::int64_t>(source.to_json().size()) * state.iterations());
}

void read_inventory(benchmark::State& state) {
  const std::string json = inventory("source", state.range(0)).to_json();
  measure(state, [&] { return value_of(CatalogInventory::from_json(json)); });
  state.SetBytesProcessed(static_cast<std::int64_t>(json.size()) * state.iterations());
}

void write_plan(benchmark::State& state) {
  const ClonePlan plan = plan_into_nothing(inventory("source", state.range(0)));
  measure(state, [&] { return plan.to_json(); });
  state.SetBytesProcessed(static_cast<std::int64_t>(plan.to_json().size()) * state.iterations());
}

void read_plan(benchmark::State& state) {
  const std::string json = plan_into_nothing(inventory("source", state.range(0))).to_json();
  measure(state, [&] { return value_of(ClonePlan::from_json(json)); });
  state.SetBytesProcessed(static_cast<std::int64_t>(json.size()) * state.iterations());
}

void sizes(benchmark::internal::Benchmark* one) {
  one->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
}

BENCHMARK(plan_new_catalog)->Apply(sizes);
BENCHMARK(plan_present_catalog)->Apply(sizes);
BENCHMARK(plan_long_view)->Apply(sizes);
BENCHMARK(write_inventory)->Apply(sizes);
BENCHMARK(read_inventory)->Apply(sizes);
BENCHMARK(write_plan)->Apply(sizes);
BENCHMARK(read_plan)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
