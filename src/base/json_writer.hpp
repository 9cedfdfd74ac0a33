// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbxauth::base {

/// Writes one JSON text. Keys are written in the order given; nothing is sorted or checked for duplicates.
/// Invalid UTF-8 is replaced by U+FFFD. Misnesting is a programming error caught by assert.
class JsonWriter {
 public:
  /// `indent` 0 writes on one line; 2 is what files and people get.
  explicit JsonWriter(int indent = 0) : indent_(indent) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& number(double value);  ///< Not finite: null.
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// Inserts a complete JSON text as it is.
  JsonWriter& raw(std::string_view json);

  JsonWriter& member(std::string_view name, std::string_view value) { return key(name).string(value); }
  JsonWriter& member(std::string_view name, const char* value) { return key(name).string(value); }
  JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& member(std::string_view name, std::int64_t value) { return key(name).integer(value); }
  JsonWriter& member(std::string_view name, int value) { return key(name).integer(value); }
  JsonWriter& member(std::string_view name, const std::vector<std::string>& values);

  /// Escapes `<`, `>` and `&` as Go's encoder does; for files that the Databricks CLI shares.
  JsonWriter& escape_html(bool on) {
    escape_html_ = on;
    return *this;
  }

  const std::string& text() const noexcept { return text_; }
  std::string take() noexcept { return std::move(text_); }

 private:
  void before_value();
  void newline();
  void write_string(std::string_view value);

  struct Level {
    bool object;
    bool any;
  };
  std::string text_;
  std::vector<Level> levels_;
  int indent_;
  bool after_key_ = false;
  bool escape_html_ = false;
};

}  // namespace dbxauth::base
