// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.hpp"

#include <cassert>
#include <charconv>
#include <cmath>

#include "base/utf8.hpp"

namespace dbxauth::base {
namespace {

void append_unicode_escape(std::string& out, unsigned code_unit) {
  constexpr char digits[] = "0123456789abcdef";
  out += "\\u";
  for (unsigned shift = 16; shift != 0;) {
    shift -= 4;
    out += digits[(code_unit >> shift) & 0xF];
  }
}

void append_ascii(std::string& out, char c, bool escape_html) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const bool html = escape_html && (c == '<' || c == '>' || c == '&');
  if (html || static_cast<unsigned char>(c) < 0x20) {
    append_unicode_escape(out, static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

}  // namespace

void JsonWriter::newline() {
  if (indent_ <= 0) return;
  text_ += '\n';
  text_.append(levels_.size() * static_cast<std::size_t>(indent_), ' ');
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) {
    assert(text_.empty() && "one JSON text has one value");
    return;
  }
  assert(!levels_.back().object && "a member needs its key");
  if (levels_.back().any) text_ += ',';
  levels_.back().any = true;
  newline();
}

JsonWriter& JsonWriter::begin_object() {
  before_value();
  text_ += '{';
  levels_.push_back({true, false});
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  assert(!levels_.empty() && levels_.back().object && !after_key_);
  const bool any = levels_.back().any;
  levels_.pop_back();
  if (any) newline();
  text_ += '}';
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  before_value();
  text_ += '[';
  levels_.push_back({false, false});
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  assert(!levels_.empty() && !levels_.back().object);
  const bool any = levels_.back().any;
  levels_.pop_back();
  if (any) newline();
  text_ += ']';
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  assert(!levels_.empty() && levels_.back().object && !after_key_);
  if (levels_.back().any) text_ += ',';
  levels_.back().any = true;
  newline();
  write_string(name);
  text_ += indent_ > 0 ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  before_value();
  write_string(value);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  before_value();
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  before_value();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text_.append(digits, end);
  // As an integer, "-0" would lose its sign when read.
  if (value == 0 && std::signbit(value)) text_ += ".0";
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  before_value();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  before_value();
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  before_value();
  text_ += json;
  return *this;
}

JsonWriter& JsonWriter::member(std::string_view name, const std::vector<std::string>& values) {
  key(name).begin_array();
  for (const std::string& value : values) string(value);
  return end_array();
}

void JsonWriter::write_string(std::string_view value) {
  text_ += '"';
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t length = utf8_sequence_length(value, at);
    const std::string_view character = value.substr(at, length);
    if (length == 1) {
      append_ascii(text_, value[at], escape_html_);
    } else if (length == 0) {
      text_ += escape_html_ ? "\\ufffd" : "\xEF\xBF\xBD";
    } else if (escape_html_ && (character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9")) {
      append_unicode_escape(text_, character.back() == '\xA8' ? 0x2028U : 0x2029U);
    } else {
      text_ += character;
    }
    at += length == 0 ? 1 : length;
  }
  text_ += '"';
}

}  // namespace dbxauth::base
