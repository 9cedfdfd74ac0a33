// SPDX-License-Identifier: Apache-2.0
#include "statement_result.hpp"

#include <algorithm>
#include <utility>

namespace dbxauth::emulator {

namespace {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (!line.empty()) line += ',';
    line += csv_field(field);
  }
  return line + "\r\n";
}

std::string render_row(const SqlRow& row, ResultFormat format) {
  if (format == ResultFormat::csv) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) line += ',';
      line += csv_field(row[i].value_or("null"));
    }
    return line + "\r\n";
  }
  base::JsonWriter json;
  json.begin_array();
  for (const auto& value : row) {
    if (value)
      json.string(*value);
    else
      json.null();
  }
  json.end_array();
  return json.take();
}

}  // namespace

StatementResult render_result(const SqlResult& result, ResultFormat format, const ResultLimits& limits) {
  StatementResult rendered;
  rendered.format = format;
  rendered.columns = result.columns;
  ResultChunk chunk;
  const auto open_chunk = [&] {
    chunk = ResultChunk();
    chunk.row_offset = rendered.row_count;
    if (format == ResultFormat::json_array) {
      chunk.data = "[";
    } else if (rendered.chunks.empty()) {
      std::vector<std::string> names;
      for (const ResultColumn& column : result.columns) names.push_back(column.name);
      chunk.data = csv_line(names);
    }
  };
  const auto close_chunk = [&] {
    if (chunk.row_count == 0) return;
    if (format == ResultFormat::json_array) chunk.data += "]";
    rendered.byte_count += static_cast<std::int64_t>(chunk.data.size());
    rendered.chunks.push_back(std::move(chunk));
    open_chunk();
  };
  std::int64_t row_bytes = 0;
  open_chunk();
  for (const SqlRow& row : result.rows) {
    const std::string text = render_row(row, format);
    const auto size = static_cast<std::int64_t>(text.size());
    if ((limits.rows && rendered.row_count >= *limits.rows) || (limits.bytes && row_bytes + size > *limits.bytes)) {
      rendered.truncated = true;
      break;
    }
    if (static_cast<std::int64_t>(chunk.data.size()) + size > limits.chunk_bytes) close_chunk();
    if (format == ResultFormat::json_array && chunk.row_count > 0) chunk.data += ",";
    chunk.data += text;
    ++chunk.row_count;
    ++rendered.row_count;
    row_bytes += size;
  }
  close_chunk();
  return rendered;
}

void StatementResult::write_manifest(base::JsonWriter& json, bool external) const {
  json.begin_object().member("format", format == ResultFormat::csv ? "CSV" : "JSON_ARRAY");
  json.key("schema").begin_object().member("column_count", static_cast<std::int64_t>(columns.size()));
  if (!columns.empty()) json.key("columns").begin_array();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ResultColumn& column = columns[i];
    json.begin_object().member("name", column.name).member("type_text", column.type_text);
    json.member("type_name", column.type_name).member("position", static_cast<std::int64_t>(i));
    if (column.type_name == "DECIMAL")
      json.member("type_precision", column.precision).member("type_scale", column.scale);
    json.end_object();
  }
  if (!columns.empty()) json.end_array();
  json.end_object();
  json.member("total_chunk_count", static_cast<std::int64_t>(chunks.size())).member("total_row_count", row_count);
  if (external) json.member("total_byte_count", byte_count);
  if (!chunks.empty()) json.key("chunks").begin_array();
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    json.begin_object().member("chunk_index", static_cast<std::int64_t>(i)).member("row_offset", chunks[i].row_offset);
    json.member("row_count", chunks[i].row_count);
    if (external) json.member("byte_count", static_cast<std::int64_t>(chunks[i].data.size()));
    json.end_object();
  }
  if (!chunks.empty()) json.end_array();
  json.member("truncated", truncated).end_object();
}

}  // namespace dbxauth::emulator
