// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "http_server.hpp"
#include "settings.hpp"
#include "unity_catalog_json.hpp"

namespace dbxauth::emulator {

/// /api/2.1/unity-catalog over a Metastore, which decides who may see and change what.
class UnityCatalogService {
 public:
  UnityCatalogService(Metastore& metastore, const Settings& settings, std::string workspace_id);
  void add_routes(HttpServer& server);

 private:
  // unity_catalog_service.cpp
  void add_catalog_routes(HttpServer& server);
  void add_schema_routes(HttpServer& server);
  void add_table_routes(HttpServer& server);
  void add_function_and_volume_routes(HttpServer& server);
  HttpResponse patch_object(const HttpRequest& request, SecurableKind kind, const std::vector<std::string>& path);
  HttpResponse drop_object(const HttpRequest& request, SecurableKind kind, const std::vector<std::string>& path);
  HttpResponse get_object(const std::string& actor, SecurableKind kind, const std::vector<std::string>& path) const;
  std::vector<std::string> path_of(const HttpRequest& request, std::size_t parts) const;
  /// Serves one page of a list: sizes, tokens, and the empty pages of Settings::empty_pages.
  template <class T>
  HttpResponse list(const HttpRequest& request, std::string_view member, int largest_page,
                    const std::function<Outcome<Page<T>>(const PageRequest&)>& fetch,
                    const std::function<void(base::JsonWriter&, const T&)>& write) const;

  // unity_catalog_governance.cpp: grants, tags, the metastore itself
  void add_governance_routes(HttpServer& server);
  HttpResponse get_permissions(const HttpRequest& request) const;
  HttpResponse patch_permissions(const HttpRequest& request);
  HttpResponse get_effective_permissions(const HttpRequest& request) const;
  HttpResponse list_tags(const HttpRequest& request) const;
  HttpResponse get_tag(const HttpRequest& request) const;
  HttpResponse create_tag(const HttpRequest& request);
  HttpResponse update_tag(const HttpRequest& request);
  HttpResponse delete_tag(const HttpRequest& request);
  HttpResponse metastore_summary() const;
  HttpResponse metastore_assignment() const;

  Metastore& metastore_;
  const Settings& settings_;
  std::string workspace_id_;
};

}  // namespace dbxauth::emulator
