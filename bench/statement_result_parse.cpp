// SPDX-License-Identifier: Apache-2.0
// How fast the answer to a statement is read: 25 MiB, the most that one inline chunk may hold, parsed, and parsed and
// walked cell by cell as the client does.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "base/json_reader.hpp"

namespace {

using dbxauth::base::JsonDocument;
using dbxauth::base::JsonView;

constexpr std::size_t chunk_bytes = std::size_t{25} * 1024 * 1024;

// Every value of a JSON_ARRAY result is a string or null.
const std::string& answer() {
  static const std::string text = [] {
    std::string made =
        R"({"statement_id":"01ef-0001","status":{"state":"SUCCEEDED"},"result":{"chunk_index":0,"data_array":[)";
    made.reserve(chunk_bytes + 256);
    for (std::int64_t row = 0; made.size() < chunk_bytes; ++row) {
      if (row != 0) made += ',';
      const std::string number = std::to_string(row);
      made += "[\"" + number + "\",\"sales\",\"orders_" + number +
              "\",\"a comment with \\\"quotes\\\" and na\xC3\xAFve text\",null,\"2026-11-23T01:00:00.000Z\",\"" +
              std::to_string(row * 7919 % 1000003) + ".25\"]";
    }
    return made + "]}}";
  }();
  return text;
}

JsonDocument parse() {
  auto document = JsonDocument::parse(answer(), "the answer");
  if (!document) {
    std::fprintf(stderr, "%s\n", document.error().message.c_str());
    std::abort();
  }
  return std::move(*document);
}

std::size_t walk(JsonView rows) {
  std::size_t bytes = 0;
  rows.each_element(
      [&](JsonView row) { row.each_element([&](JsonView cell) { bytes += cell.as_string().value_or("").size(); }); });
  return bytes;
}

void parse_only(benchmark::State& state) {
  for (auto _ : state) {
    const JsonDocument document = parse();
    benchmark::DoNotOptimize(document.root().kind());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(answer().size()) * state.iterations());
}
BENCHMARK(parse_only)->Unit(benchmark::kMillisecond);

void parse_and_walk(benchmark::State& state) {
  for (auto _ : state) {
    const JsonDocument document = parse();
    benchmark::DoNotOptimize(walk(document.root()["result"]["data_array"]));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(answer().size()) * state.iterations());
}
BENCHMARK(parse_and_walk)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
