// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/json_reader.hpp"
#include "emulator.hpp"
#include "encoding/url.hpp"

namespace dbxauth::emulator::testing {

/// An answer with its parsed body. `status` 0: no complete answer came.
struct Answer {
  int status = 0;
  std::string body;
  httplib::Headers headers;
  std::shared_ptr<base::JsonDocument> document;

  base::JsonView json() const {
    REQUIRE(document != nullptr);
    return document->root();
  }
  std::string text(std::string_view key) const { return json()[key].as_text().value_or(""); }
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// A workspace of its own on a free port, with a clock that can be moved forward.
class TestWorkspace {
 public:
  explicit TestWorkspace(const std::string& seed = "demo", bool tls = false, const std::string& tls_directory = {})
      : TestWorkspace(options(seed, tls, tls_directory)) {}
  explicit TestWorkspace(EmulatorOptions options) : emulator_(with_clock(std::move(options))) {
    REQUIRE(emulator_.start() == "");
    client_ = connect();
  }
  ~TestWorkspace() { client_.reset(); }

  const EmulatorCredentials& credentials() const { return emulator_.credentials(); }
  std::string user(const std::string& name) const { return credentials().users.at(name); }
  Emulator& emulator() { return emulator_; }
  void advance(std::chrono::milliseconds by) { *offset_ms_ += by.count(); }

  std::unique_ptr<httplib::Client> connect() const {
    auto client = std::make_unique<httplib::Client>(credentials().url);
    client->set_keep_alive(true);
    client->set_read_timeout(60);
    client->set_tcp_nodelay(true);
    client->set_url_encode(false);
    if (!credentials().ca_bundle.empty()) client->set_ca_cert_path(credentials().ca_bundle);
    return client;
  }

  Answer send(const std::string& method, const std::string& path, const std::string& body = {},
              httplib::Headers headers = {}, const std::string& content_type = "application/json") {
    httplib::Request request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    request.body = body;
    if (!body.empty()) request.headers.emplace("Content-Type", content_type);
    return read(client_->send(request));
  }
  static httplib::Headers bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }
  Answer get(const std::string& path) { return get_as(credentials().token, path); }
  Answer get_as(const std::string& token, const std::string& path) { return send("GET", path, {}, bearer(token)); }
  Answer post(const std::string& path, const std::string& body) { return post_as(credentials().token, path, body); }
  Answer post_as(const std::string& token, const std::string& path, const std::string& body) {
    return send("POST", path, body, bearer(token));
  }
  Answer form(const std::string& path, const std::string& body, httplib::Headers headers = {}) {
    return send("POST", path, body, std::move(headers), "application/x-www-form-urlencoded");
  }
  Answer control(const std::string& path, const std::string& body) { return send("POST", "/_emulator/" + path, body); }
  void set(const std::string& settings) { REQUIRE(control("settings", settings).status == 200); }

  Answer execute(const std::string& sql, const std::string& more = {}) {
    return execute_as(credentials().token, sql, more);
  }
  Answer execute_as(const std::string& token, const std::string& sql, const std::string& more = {}) {
    return post_as(
        token, "/api/2.0/sql/statements",
        R"({"warehouse_id":")" + credentials().warehouse_id + R"(","statement":")" + sql + "\"" + more + "}");
  }

  static Answer read(const httplib::Result& result) {
    Answer answer;
    if (!result) return answer;
    answer.status = result->status;
    answer.body = result->body;
    answer.headers = result->headers;
    if (auto document = base::JsonDocument::parse(answer.body, "the answer"))
      answer.document = std::make_shared<base::JsonDocument>(std::move(*document));
    return answer;
  }

 private:
  static EmulatorOptions options(const std::string& seed, bool tls, const std::string& tls_directory) {
    EmulatorOptions options;
    options.seed = seed;
    options.tls = tls;
    options.tls_directory = tls_directory;
    return options;
  }
  EmulatorOptions with_clock(EmulatorOptions options) {
    options.now_ms = [offset = offset_ms_] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      return std::chrono::duration_cast<std::chrono::milliseconds>(now).count() + offset->load();
    };
    return options;
  }

  std::shared_ptr<std::atomic<std::int64_t>> offset_ms_ = std::make_shared<std::atomic<std::int64_t>>(0);
  Emulator emulator_;
  std::unique_ptr<httplib::Client> client_;
};

inline std::string code_of(const Answer& answer) {
  return answer.text("error_code");
}

}  // namespace dbxauth::emulator::testing
