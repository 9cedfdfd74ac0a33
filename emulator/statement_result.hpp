// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.hpp"
#include "sql_engine.hpp"

namespace dbxauth::emulator {

enum class ResultFormat { json_array, csv };

struct ResultLimits {
  std::optional<std::int64_t> rows;
  std::optional<std::int64_t> bytes;
  std::int64_t chunk_bytes = 0;
};

struct ResultChunk {
  std::int64_t row_offset = 0;
  std::int64_t row_count = 0;
  std::string data;  ///< JSON_ARRAY: `[["1",null],…]`. CSV: lines ending in CRLF, the first chunk with the header line.
};

/// The rows of one statement, rendered and cut into chunks.
struct StatementResult {
  ResultFormat format = ResultFormat::json_array;
  std::vector<ResultColumn> columns;
  std::vector<ResultChunk> chunks;
  std::int64_t row_count = 0;
  std::int64_t byte_count = 0;
  bool truncated = false;  ///< By row_limit or byte_limit.

  void write_manifest(base::JsonWriter& json, bool external) const;
};

StatementResult render_result(const SqlResult& result, ResultFormat format, const ResultLimits& limits);

}  // namespace dbxauth::emulator
