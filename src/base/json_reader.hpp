// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dbxauth/result.hpp"

namespace dbxauth::base {

enum class JsonKind { missing, null, boolean, integer, number, string, array, object };

/// A place in a parsed document. Navigation never fails: what is not there has kind `missing`, on which every accessor
/// gives its fallback. Trivially copyable; valid as long as its JsonDocument.
class JsonView {
 public:
  JsonView() noexcept = default;

  JsonKind kind() const noexcept;
  bool is_missing() const noexcept { return kind() == JsonKind::missing; }
  bool is_null_or_missing() const noexcept;
  bool is_object() const noexcept { return kind() == JsonKind::object; }
  bool is_array() const noexcept { return kind() == JsonKind::array; }
  bool is_string() const noexcept { return kind() == JsonKind::string; }

  /// Member of an object, compared exactly; with a duplicate key the first one.
  JsonView operator[](std::string_view key) const noexcept;
  JsonView operator[](const char* key) const noexcept { return (*this)[std::string_view(key)]; }
  /// Element of an array. O(index).
  JsonView at(std::size_t index) const noexcept;
  /// Elements of an array or members of an object; 0 for everything else.
  std::size_t size() const noexcept;

  std::optional<std::string_view> as_string() const noexcept;
  std::optional<std::int64_t> as_integer() const noexcept;  ///< Integers, and numbers without a fraction in range.
  std::optional<double> as_number() const noexcept;
  std::optional<bool> as_boolean() const noexcept;
  std::string_view string_or(std::string_view fallback = {}) const noexcept { return as_string().value_or(fallback); }
  std::int64_t integer_or(std::int64_t fallback) const noexcept { return as_integer().value_or(fallback); }
  bool boolean_or(bool fallback) const noexcept { return as_boolean().value_or(fallback); }
  /// A string, or an integer, boolean or number as text: for servers that are not sure which they send.
  std::optional<std::string> as_text() const;

  /// Calls `visit(JsonView)` for each element of an array, in order; nothing for other kinds.
  template <class Visit>
  void each_element(Visit&& visit) const;
  /// Calls `visit(std::string_view key, JsonView value)` for each member of an object, in document order.
  template <class Visit>
  void each_member(Visit&& visit) const;

 private:
  friend class JsonDocument;
  struct Cursor;
  Cursor begin_elements() const noexcept;
  Cursor begin_members() const noexcept;
  static bool next(Cursor& cursor) noexcept;

  // A simdjson::dom::element, kept opaque so that the library's header stays in json_reader.cpp.
  alignas(void*) unsigned char storage_[2 * sizeof(void*)] = {};
  bool present_ = false;
};

struct JsonView::Cursor {
  alignas(void*) unsigned char position[2 * sizeof(void*)] = {};
  alignas(void*) unsigned char end[2 * sizeof(void*)] = {};
  bool object = false;
  bool started = false;
  bool empty = true;
  std::string_view key;
  JsonView value;
};

template <class Visit>
void JsonView::each_element(Visit&& visit) const {
  Cursor cursor = begin_elements();
  while (next(cursor)) visit(cursor.value);
}

template <class Visit>
void JsonView::each_member(Visit&& visit) const {
  Cursor cursor = begin_members();
  while (next(cursor)) visit(cursor.key, cursor.value);
}

/// Owns a parsed JSON text and wipes its copies on destruction (an answer may hold a token).
class JsonDocument {
 public:
  /// Parses one complete JSON text (RFC 8259), UTF-8, nesting up to 256. The error is ErrorCode::protocol, says at
  /// which byte where known, and quotes nothing of the text. `what` names the text for the message ("the token
  /// response").
  static Result<JsonDocument> parse(std::string_view text, std::string_view what);

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonView root() const noexcept;
  JsonView operator[](std::string_view key) const noexcept { return root()[key]; }

 private:
  struct Impl;
  explicit JsonDocument(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbxauth::base
