// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/json_slices.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace dbxauth::tokenstore {
namespace {

// More damage than this is not worth the time: each attempt may read to the end of the text.
constexpr int kMostRecoveries = 200;
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kIndent = "  ";

class Slicer {
 public:
  explicit Slicer(std::string_view text) : text_(text) {}

  RawObject slice() {
    RawObject object;
    skip_space();
    if (!take('{')) return object;
    skip_space();
    if (take('}')) {
      object.complete = at_end();
      return object;
    }
    bool intact = true;
    for (int recoveries = 0; recoveries <= kMostRecoveries;) {
      const Step step = read_member(object);
      // After damage a brace may be that of an inner object.
      if (step == Step::closed && (intact || at_end())) {
        object.complete = intact && at_end();
        return object;
      }
      if (step == Step::more) continue;
      intact = false;
      ++recoveries;
      const std::size_t line_end = text_.find('\n', position_);
      if (line_end == std::string_view::npos) return object;
      position_ = line_end + 1;
    }
    return object;
  }

 private:
  enum class Step { more, closed, damaged };

  void skip_space() { position_ = std::min(text_.find_first_not_of(kSpace, position_), text_.size()); }

  bool at_end() {
    skip_space();
    return position_ == text_.size();
  }

  bool take(char expected) {
    if (position_ >= text_.size() || text_[position_] != expected) return false;
    ++position_;
    return true;
  }

  Step read_member(RawObject& object) {
    skip_space();
    const std::size_t start = position_;
    std::optional<std::string> key;
    if (!skip_string() || !(key = decode(text_.substr(start, position_ - start)))) return damaged_at(start);
    skip_space();
    if (!take(':')) return damaged_at(start);
    skip_space();
    const std::size_t begin = position_;
    const bool closed = skip_value();
    object.members.push_back({std::move(*key), text_.substr(begin, position_ - begin)});
    // An unclosed value runs to the end; what follows its first line may still hold whole members.
    if (!closed) return damaged_at(begin);
    const std::size_t end = position_;
    skip_space();
    if (take(',')) return Step::more;
    if (take('}')) return Step::closed;
    // Without its comma a member still ends with its line, and the next line is whole.
    return damaged_at(end);
  }

  Step damaged_at(std::size_t position) {
    position_ = position;
    return Step::damaged;
  }

  static std::optional<std::string> decode(std::string_view quoted) {
    if (!base::is_valid_utf8(quoted)) return std::nullopt;
    if (quoted.find('\\') == std::string_view::npos) return std::string(quoted.substr(1, quoted.size() - 2));
    Result<base::JsonDocument> document = base::JsonDocument::parse(quoted, "a key");
    if (!document) return std::nullopt;
    return std::string(document->root().string_or());
  }

  bool skip_string() {
    if (!take('"')) return false;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '"') return true;
      if (c == '\\')
        ++position_;
      else if (static_cast<unsigned char>(c) < 0x20)
        return false;
    }
    position_ = text_.size();
    return false;
  }

  bool skip_value() {
    if (position_ >= text_.size()) return false;
    const char first = text_[position_];
    if (first == '"') return skip_string();
    if (first != '{' && first != '[') {
      const std::size_t start = position_;
      position_ = std::min(text_.find_first_of(",}] \t\r\n", position_), text_.size());
      return position_ > start;
    }
    std::size_t depth = 0;
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == '"') {
        if (!skip_string()) break;
        continue;
      }
      ++position_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    position_ = text_.size();
    return false;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

void append_unicode_escape(SecretString& out, unsigned code_point) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  char escape[] = {'\\', 'u', '0', '0', '0', '0'};
  for (int i = 5; i >= 2; --i, code_point >>= 4) escape[i] = kDigits[code_point & 0xF];
  out.append({escape, sizeof escape});
}

// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

std::string_view short_escape(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return {};
  }
}

void append_line_break(SecretString& out, int depth) {
  out.append("\n");
  for (int level = 0; level < depth; ++level) out.append(kIndent);
}

}  // namespace

RawObject slice_object(std::string_view text) {
  return Slicer(text).slice();
}

void append_json_string(SecretString& out, std::string_view value) {
  out.append("\"");
  for (std::size_t i = 0; i < value.size();) {
    const char c = value[i];
    const std::size_t length = sequence_length(value.substr(i));
    const std::string_view bytes = value.substr(i, length);
    if (length == 0)
      append_unicode_escape(out, 0xFFFD);
    else if (!short_escape(c).empty())
      out.append(short_escape(c));
    else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      append_unicode_escape(out, static_cast<unsigned char>(c));
    } else if (bytes == "\xE2\x80\xA8")
      append_unicode_escape(out, 0x2028);
    else if (bytes == "\xE2\x80\xA9")
      append_unicode_escape(out, 0x2029);
    else
      out.append(bytes);
    i += length == 0 ? 1 : length;
  }
  out.append("\"");
}

void append_indented(SecretString& out, std::string_view raw, int depth) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (kSpace.find(c) != std::string_view::npos) continue;
    if (c == '"') {
      const std::size_t start = i;
      for (++i; i < raw.size() && raw[i] != '"'; ++i) {
        if (raw[i] == '\\') ++i;
      }
      out.append(raw.substr(start, i + 1 - start));
    } else if (c == '{' || c == '[') {
      out.append(raw.substr(i, 1));
      const std::size_t next = raw.find_first_not_of(kSpace, i + 1);
      if (next != std::string_view::npos && (raw[next] == '}' || raw[next] == ']')) {
        out.append(raw.substr(next, 1));
        i = next;
      } else {
        append_line_break(out, ++depth);
      }
    } else if (c == '}' || c == ']') {
      append_line_break(out, --depth);
      out.append(raw.substr(i, 1));
    } else if (c == ',') {
      out.append(",");
      append_line_break(out, depth);
    } else {
      out.append(c == ':' ? std::string_view(": ") : raw.substr(i, 1));
    }
  }
}

}  // namespace dbxauth::tokenstore
