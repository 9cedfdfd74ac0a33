// SPDX-License-Identifier: Apache-2.0
#include "config/dotenv.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace dbxauth::config {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kBlank = " \t\v\f";

bool is_blank(char c) {
  return kBlank.find(c) != std::string_view::npos;
}
bool is_line_end(char c) {
  return c == '\r' || c == '\n';
}

class DotenvParser {
 public:
  DotenvParser(std::string_view text, std::string_view name) : text_(text), name_(name) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);
  }

  DotenvDocument parse() {
    while (skip_to_statement()) {
      const int line = line_number_;
      if (read_statement(line)) continue;
      document_.warnings.push_back(fmt::format("{}:{}: the line was skipped: expected NAME=value", name_, line));
      skip_line();
    }
    return std::move(document_);
  }

 private:
  bool at_end() const { return position_ >= text_.size(); }
  char current() const { return text_[position_]; }

  void advance_to(std::size_t position) {
    line_number_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(position_),
                                                text_.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
    position_ = position;
  }

  void skip_blanks() {
    while (!at_end() && is_blank(current())) ++position_;
  }

  void skip_line() { advance_to(std::min(text_.find('\n', position_), text_.size())); }

  // Past empty lines and comments; false at the end.
  bool skip_to_statement() {
    while (!at_end()) {
      if (is_blank(current()) || is_line_end(current()))
        advance_to(position_ + 1);
      else if (current() == '#')
        skip_line();
      else
        return true;
    }
    return false;
  }

  bool read_statement(int line) {
    if (text_.substr(position_, 6) == "export" && position_ + 6 < text_.size() && is_blank(text_[position_ + 6])) {
      position_ += 6;
      skip_blanks();
    }
    DotenvEntry entry;
    entry.line = line;
    if (!read_name(entry.name)) return false;
    skip_blanks();
    if (at_end() || current() != '=') return finish_line();
    ++position_;
    skip_blanks();
    if (!read_value(entry.value) || !finish_line()) return false;
    document_.entries.push_back(std::move(entry));
    return true;
  }

  bool read_name(std::string& name) {
    if (at_end()) return false;
    if (current() == '\'') {
      const std::size_t close = text_.find('\'', position_ + 1);
      if (close == std::string_view::npos) return false;
      name = std::string(text_.substr(position_ + 1, close - position_ - 1));
      if (name.find_first_of(kLineEnd) != std::string::npos) return false;
      position_ = close + 1;
      return !name.empty();
    }
    const std::size_t end = std::min(text_.find_first_of("=# \t\v\f\r\n", position_), text_.size());
    name = std::string(text_.substr(position_, end - position_));
    position_ = end;
    return !name.empty();
  }

  bool read_value(SecretString& value) {
    if (at_end() || is_line_end(current())) return true;
    if (current() == '\'' || current() == '"') return read_quoted(current(), value);
    const std::size_t end = std::min(text_.find_first_of(kLineEnd, position_), text_.size());
    std::string_view raw = text_.substr(position_, end - position_);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '#' && (i == 0 || is_blank(raw[i - 1]))) raw = raw.substr(0, i);
    }
    while (!raw.empty() && is_blank(raw.back())) raw.remove_suffix(1);
    value = SecretString(raw);
    position_ = end;
    return true;
  }

  bool read_quoted(char quote, SecretString& value) {
    std::size_t close = position_ + 1;
    while (close < text_.size() && text_[close] != quote) close += text_[close] == '\\' ? 2 : 1;
    if (close >= text_.size()) return false;
    const std::string_view raw = text_.substr(position_ + 1, close - position_ - 1);
    value.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
      char decoded = '\0';
      if (raw[i] == '\\' && i + 1 < raw.size() && unescape(raw[i + 1], quote, decoded)) {
        value.append({&decoded, 1});
        ++i;
      } else {
        value.append(raw.substr(i, 1));
      }
    }
    advance_to(close + 1);
    return true;
  }

  static bool unescape(char letter, char quote, char& decoded) {
    static constexpr std::string_view kLetters = "\\'\"abfnrtv";
    static constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    const std::size_t known = kLetters.find(letter);
    if (known == std::string_view::npos || (quote == '\'' && known > 1)) return false;
    decoded = kMeanings[known];
    return true;
  }

  // Only a comment may follow a statement on its line.
  bool finish_line() {
    skip_blanks();
    if (at_end() || is_line_end(current())) return true;
    if (current() != '#') return false;
    skip_line();
    return true;
  }

  std::string_view text_;
  std::string_view name_;
  std::size_t position_ = 0;
  int line_number_ = 1;
  DotenvDocument document_;
};

}  // namespace

const DotenvEntry* DotenvDocument::find(std::string_view name) const {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->name == name) return &*entry;
  }
  return nullptr;
}

DotenvDocument parse_dotenv(std::string_view text, std::string_view name) {
  return DotenvParser(text, name).parse();
}

}  // namespace dbxauth::config
