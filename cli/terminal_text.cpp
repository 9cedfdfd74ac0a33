// SPDX-License-Identifier: Apache-2.0
#include "terminal_text.hpp"

#include <algorithm>
#include <array>

namespace dbxauth::cli {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr char32_t not_utf8 = 0xFFFFFFFF;

struct CodePoint {
  char32_t value = not_utf8;
  std::size_t bytes = 1;
};

struct CodeRange {
  char32_t first;
  char32_t last;
};

constexpr std::array<CodeRange, 12> direction_marks_and_controls = {{{0x00, 0x1F},
                                                                     {0x7F, 0x9F},
                                                                     {0x061C, 0x061C},
                                                                     {0x200E, 0x200F},
                                                                     {0x2028, 0x202E},
                                                                     {0x2060, 0x2060},
                                                                     {0x2066, 0x206F},
                                                                     {0xFEFF, 0xFEFF},
                                                                     {0xFFF9, 0xFFFB},
                                                                     {0xE0001, 0xE007F},
                                                                     {0xFFFE, 0xFFFF},
                                                                     {0x110000, 0xFFFFFFFF}}};

// Unicode's East Asian Width W and F, and emoji, in blocks.
constexpr std::array<CodeRange, 10> wide = {{{0x1100, 0x115F},
                                             {0x2E80, 0x303E},
                                             {0x3041, 0xA4CF},
                                             {0xAC00, 0xD7A3},
                                             {0xF900, 0xFAFF},
                                             {0xFE30, 0xFE6F},
                                             {0xFF00, 0xFF60},
                                             {0xFFE0, 0xFFE6},
                                             {0x1F300, 0x1FAFF},
                                             {0x20000, 0x3FFFD}}};

constexpr std::array<CodeRange, 5> without_width = {
    {{0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};

template <std::size_t N>
bool contains(const std::array<CodeRange, N>& ranges, char32_t code) noexcept {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const CodeRange& range) { return code >= range.first && code <= range.last; });
}

/// The code point at the start of `text`, which is not empty; one byte of no code point where it is not UTF-8.
CodePoint first_code_point(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t value = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest[bytes] || value > 0x10FFFF || surrogate) return {};
  return {value, bytes};
}

std::string made_safe(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (next.value == '\n' || next.value == '\t') {
      out += keep_lines ? text[0] : ' ';
    } else if (contains(direction_marks_and_controls, next.value)) {
      out += replacement;
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::size_t width_of(char32_t code) noexcept {
  if (contains(without_width, code)) return 0;
  return contains(wide, code) ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text) {
  return made_safe(text, false);
}

std::string printable_lines(std::string_view text) {
  return made_safe(text, true);
}

std::string printable_json(std::string_view json) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const CodePoint next = first_code_point(json);
    if (next.value >= 0x7F && next.value <= 0x9F) {
      out += "\\u00";
      out += digits[next.value >> 4U];
      out += digits[next.value & 0xFU];
    } else {
      out += json.substr(0, next.bytes);
    }
    json.remove_prefix(next.bytes);
  }
  return out;
}

std::size_t display_width(std::string_view text) noexcept {
  std::size_t columns = 0;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    columns += width_of(next.value);
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint next = first_code_point(text.substr(end));
    used += width_of(next.value);
    if (used > columns) break;
    end += next.bytes;
  }
  return std::string(text.substr(0, end));
}

}  // namespace dbxauth::cli
