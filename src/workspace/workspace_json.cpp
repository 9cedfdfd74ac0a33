// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.hpp"
#include "dbxauth/workspace.hpp"

namespace dbxauth {

std::string to_json(const std::vector<CatalogInfo>& catalogs) {
  base::JsonWriter json;
  json.begin_object().member("schema", 1).key("catalogs").begin_array();
  for (const CatalogInfo& catalog : catalogs) {
    json.begin_object()
        .member("name", catalog.name)
        .member("catalog_type", catalog.catalog_type)
        .member("owner", catalog.owner)
        .member("comment", catalog.comment)
        .end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string to_json(const StatementResult& result) {
  base::JsonWriter json;
  json.begin_object().member("schema", 1).member("statement_id", result.statement_id).key("columns").begin_array();
  for (const StatementColumn& column : result.columns) {
    json.begin_object().member("name", column.name).member("type", column.type_text).end_object();
  }
  json.end_array().key("rows").begin_array();
  for (const auto& row : result.rows) {
    json.begin_array();
    for (const StatementCell& cell : row) {
      if (cell) {
        json.string(*cell);
      } else {
        json.null();
      }
    }
    json.end_array();
  }
  json.end_array().member("row_count", result.total_row_count).member("truncated", result.truncated).end_object();
  return json.take();
}

}  // namespace dbxauth
