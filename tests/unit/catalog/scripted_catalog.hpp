// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.hpp"
#include "support/workspace_fixture.hpp"

namespace dbxauth::testing {

/// The rows of one relation of information_schema, as a server would return them.
struct ScriptedRelation {
  std::vector<std::string> columns;
  std::vector<std::vector<StatementCell>> rows;
};

/// A workspace with one catalog, `production`: its REST answers, and for each relation rows or a failed statement.
/// Relations that a test does not set are empty.
class ScriptedCatalog {
 public:
  ScriptedCatalog() {
    fixture_.authorised->on(net::HttpMethod::get, "/unity-catalog/catalogs/production", 200,
                            R"({"name": "production", "catalog_type": "MANAGED_CATALOG", "owner": "owners",
                                "comment": "all of it", "storage_root": "s3://root", "metastore_id": "m-1"})");
    fixture_.authorised->on(net::HttpMethod::get, "/unity-catalog/schemas?", [this](const RecordedRequest&) {
      return Result<net::HttpResponse>(http_response(200, schemas_answer_));
    });
    fixture_.authorised->on(net::HttpMethod::post, "/api/2.0/sql/statements",
                            [this](const RecordedRequest& request) { return answer(request); });
  }

  WorkspaceClient client() const { return fixture_.client(); }
  ScriptedTransport& transport() const { return *fixture_.authorised; }
  ScriptedTransport& store() const { return *fixture_.plain; }

  void rows(const std::string& relation, std::vector<std::string> columns,
            std::vector<std::vector<StatementCell>> rows) {
    relations_[relation] = {std::move(columns), std::move(rows)};
  }
  /// The statement ends FAILED.
  void fail(const std::string& relation, std::string error_code, std::string message, std::string sql_state = {}) {
    failures_[relation] = {std::move(error_code), std::move(message), std::move(sql_state)};
  }
  /// With the inline disposition the statement fails on the size of its result; the link leads to `url`.
  void exceed_inline_limit(const std::string& relation, std::string url) { links_[relation] = std::move(url); }
  void schemas_answer(std::string body) { schemas_answer_ = std::move(body); }

  /// The SQL of every statement that was submitted, sorted, since they run concurrently.
  std::vector<std::string> statements() const {
    std::vector<std::string> texts;
    for (const RecordedRequest& request : fixture_.authorised->requests()) {
      if (request.method != net::HttpMethod::post) continue;
      texts.emplace_back(parse_json(request.body)["statement"].string_or());
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  /// Rows as the content of a chunk: `[["a", null], …]`.
  static std::string rows_json(const std::vector<std::vector<StatementCell>>& rows) {
    base::JsonWriter json;
    json.begin_array();
    for (const auto& row : rows) {
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
    json.end_array();
    return json.take();
  }

 private:
  struct Failure {
    std::string error_code;
    std::string message;
    std::string sql_state;
  };

  static std::string relation_of(std::string_view sql) {
    constexpr std::string_view label = ".information_schema.";
    const std::size_t at = sql.find(label);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = sql.substr(at + label.size());
    return std::string(rest.substr(0, rest.find(' ')));
  }

  Result<net::HttpResponse> answer(const RecordedRequest& request) const {
    const auto body = parse_json(request.body);
    const std::string relation = relation_of(body["statement"].string_or());
    const bool external = body["disposition"].string_or() == "EXTERNAL_LINKS";
    if (const auto failure = failures_.find(relation); failure != failures_.end()) return failed(failure->second);
    const auto link = links_.find(relation);
    if (link != links_.end() && !external) {
      return failed({"BAD_REQUEST", "Inline byte limit exceeded. Use disposition=EXTERNAL_LINKS.", {}});
    }
    const auto found = relations_.find(relation);
    const ScriptedRelation rows = found == relations_.end() ? ScriptedRelation() : found->second;
    base::JsonWriter json;
    json.begin_object().member("statement_id", "s-" + relation);
    json.key("status").begin_object().member("state", "SUCCEEDED").end_object();
    json.key("manifest").begin_object().key("schema").begin_object().key("columns").begin_array();
    for (const std::string& column : rows.columns) json.begin_object().member("name", column).end_object();
    json.end_array().end_object();
    json.member("total_row_count", static_cast<std::int64_t>(rows.rows.size())).end_object();
    json.key("result").begin_object();
    if (external && link != links_.end()) {
      json.key("external_links").begin_array().begin_object().member("external_link", link->second);
      json.member("chunk_index", 0).end_object().end_array();
    } else {
      json.key("data_array").raw(rows_json(rows.rows));
    }
    json.end_object().end_object();
    return http_response(200, json.text());
  }

  static Result<net::HttpResponse> failed(const Failure& failure) {
    base::JsonWriter json;
    json.begin_object().member("statement_id", "s-failed").key("status").begin_object().member("state", "FAILED");
    if (!failure.sql_state.empty()) json.member("sql_state", failure.sql_state);
    json.key("error").begin_object().member("error_code", failure.error_code).member("message", failure.message);
    json.end_object().end_object().end_object();
    return http_response(200, json.text());
  }

  WorkspaceFixture fixture_;
  std::map<std::string, ScriptedRelation> relations_;
  std::map<std::string, Failure> failures_;
  std::map<std::string, std::string> links_;
  std::string schemas_answer_ = "{}";
};

}  // namespace dbxauth::testing
