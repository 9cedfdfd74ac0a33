// SPDX-License-Identifier: Apache-2.0
#include "clone/sql_tokenizer.hpp"

#include <array>
#include <cstddef>

#include "base/text.hpp"

namespace dbxauth::clone {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_ascii_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Bytes of non-ASCII letters count as letters: names in view texts are not always quoted.
bool is_word(char c) noexcept {
  return is_ascii_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_ascii_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/// Length in bytes of the white space character at the start of `text`, 0 when there is none. Covers the Unicode spaces
/// that editors leave behind (U+0085, U+00A0, U+1680, U+2000..U+200A, U+2028, U+2029, U+202F, U+205F, U+3000, U+FEFF).
std::size_t space_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (is_ascii_space(text[0])) return 1;
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (byte(0) == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  if (byte(0) == 0xE1) return byte(1) == 0x9A && byte(2) == 0x80 ? 3 : 0;
  if (byte(0) == 0xE2 && byte(1) == 0x80) {
    const unsigned last = byte(2);
    return (last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 || last == 0xAF ? 3 : 0;
  }
  if (byte(0) == 0xE2) return byte(1) == 0x81 && byte(2) == 0x9F ? 3 : 0;
  if (byte(0) == 0xE3) return byte(1) == 0x80 && byte(2) == 0x80 ? 3 : 0;
  if (byte(0) == 0xEF) return byte(1) == 0xBB && byte(2) == 0xBF ? 3 : 0;
  return 0;
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view sql) : sql_(sql) {}

  std::vector<SqlToken> run() {
    while (position_ < sql_.size()) next();
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const noexcept {
    return position_ + ahead < sql_.size() ? sql_[position_ + ahead] : '\0';
  }
  bool starts_with(std::string_view text) const noexcept { return sql_.substr(position_, text.size()) == text; }

  /// Emits everything from the current position to `end`.
  void emit(SqlTokenKind kind, std::size_t end, bool unterminated = false) {
    tokens_.push_back({kind, sql_.substr(position_, end - position_), unterminated});
    position_ = end;
  }

  void next() {
    const char c = peek();
    if (space_length(sql_.substr(position_)) > 0) return white_space();
    if (starts_with("--")) return line_comment();
    if (starts_with("/*")) return block_comment();
    if (starts_with("$$")) return dollar_body();
    if (c == '`') return quoted_identifier();
    if (c == '\'' || c == '"') return string_literal(position_, true);
    if ((c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"')) return string_literal(position_ + 1, false);
    if ((c == 'x' || c == 'X') && (peek(1) == '\'' || peek(1) == '"')) return string_literal(position_ + 1, true);
    if (const std::size_t end = number_end(); end > position_) return emit(SqlTokenKind::number, end);
    if (is_word(c)) return emit(SqlTokenKind::identifier, word_end(position_));
    if (c == ':' && is_word(peek(1))) return emit(SqlTokenKind::parameter, word_end(position_ + 1));
    if (c == '?') return emit(SqlTokenKind::parameter, position_ + 1);
    symbol();
  }

  void white_space() {
    std::size_t end = position_;
    while (const std::size_t length = space_length(sql_.substr(end))) end += length;
    emit(SqlTokenKind::white_space, end);
  }

  /// A backslash directly before the line feed continues the comment on the next line, as in Spark's grammar.
  void line_comment() {
    std::size_t end = position_ + 2;
    while (end < sql_.size() && sql_[end] != '\r' && (sql_[end] != '\n' || sql_[end - 1] == '\\')) ++end;
    emit(SqlTokenKind::comment, end);
  }

  void block_comment() {
    std::size_t depth = 1;
    std::size_t end = position_ + 2;
    while (end < sql_.size() && depth > 0) {
      const std::string_view pair = sql_.substr(end, 2);
      if (pair == "/*") ++depth;
      if (pair == "*/") --depth;
      end += pair == "/*" || pair == "*/" ? 2 : 1;
    }
    emit(SqlTokenKind::comment, end, depth > 0);
  }

  void dollar_body() {
    const std::size_t close = sql_.find("$$", position_ + 2);
    if (close == std::string_view::npos) return emit(SqlTokenKind::dollar_body, sql_.size(), true);
    emit(SqlTokenKind::dollar_body, close + 2);
  }

  void quoted_identifier() {
    std::size_t end = position_ + 1;
    while (end < sql_.size()) {
      if (sql_[end] != '`') {
        ++end;
      } else if (end + 1 < sql_.size() && sql_[end + 1] == '`') {
        end += 2;
      } else {
        return emit(SqlTokenKind::quoted_identifier, end + 1);
      }
    }
    emit(SqlTokenKind::quoted_identifier, sql_.size(), true);
  }

  /// `open` is where the quote stands. Raw strings know neither backslashes nor doubled quotes.
  void string_literal(std::size_t open, bool escapes) {
    const char quote = sql_[open];
    std::size_t end = open + 1;
    while (end < sql_.size()) {
      const char c = sql_[end];
      if (escapes && c == '\\') {
        end += 2;
      } else if (c != quote) {
        ++end;
      } else if (escapes && end + 1 < sql_.size() && sql_[end + 1] == quote) {
        end += 2;
      } else {
        return emit(SqlTokenKind::string_literal, end + 1);
      }
    }
    emit(SqlTokenKind::string_literal, sql_.size(), true);
  }

  std::size_t word_end(std::size_t from) const noexcept {
    std::size_t end = from;
    while (end < sql_.size() && is_word(sql_[end]) && space_length(sql_.substr(end)) == 0) ++end;
    return end;
  }

  std::size_t digits_end(std::size_t from) const noexcept {
    while (from < sql_.size() && is_digit(sql_[from])) ++from;
    return from;
  }

  /// End of the number at the current position, or the position itself when there is none. Digits that run on into a
  /// name (`2024_sales`) are a name, and a dot behind a name is a separator, not the start of a fraction.
  std::size_t number_end() const noexcept {
    const bool after_name = !tokens_.empty() && tokens_.back().is_name();
    const bool after_dot = !tokens_.empty() && tokens_.back().is_symbol(".");
    std::size_t end = digits_end(position_);
    const bool has_integer_part = end > position_;
    if (!has_integer_part && (after_name || peek() != '.' || !is_digit(peek(1)))) return position_;
    if (!after_dot && end < sql_.size() && sql_[end] == '.') {
      const std::size_t fraction = digits_end(end + 1);
      const bool runs_into_name =
          fraction < sql_.size() && is_word(sql_[fraction]) && number_suffix(fraction) == fraction;
      if (!runs_into_name) end = fraction;
    }
    end = number_suffix(end);
    return end < sql_.size() && is_word(sql_[end]) ? position_ : end;
  }

  /// End of an exponent and of a type suffix (L, S, Y, F, D, BD), where a whole one starts at `from`; else `from`.
  std::size_t number_suffix(std::size_t from) const noexcept {
    std::size_t end = from;
    if (end < sql_.size() && (sql_[end] == 'e' || sql_[end] == 'E')) {
      std::size_t digits = end + 1;
      if (digits < sql_.size() && (sql_[digits] == '+' || sql_[digits] == '-')) ++digits;
      if (digits < sql_.size() && is_digit(sql_[digits])) end = digits_end(digits);
    }
    for (const std::string_view suffix : {"BD", "L", "S", "Y", "F", "D"}) {
      if (!base::equals_ignoring_case(sql_.substr(end, suffix.size()), suffix)) continue;
      end += suffix.size();
      break;
    }
    return end < sql_.size() && is_word(sql_[end]) ? from : end;
  }

  void symbol() {
    static constexpr std::array<std::string_view, 13> operators = {"<=>", "::", "->", "=>", "<=", ">=", "<>",
                                                                   "!=",  "==", "||", "<<", ">>", "|>"};
    for (const std::string_view candidate : operators) {
      if (starts_with(candidate)) return emit(SqlTokenKind::symbol, position_ + candidate.size());
    }
    emit(SqlTokenKind::symbol, position_ + 1);
  }

  std::string_view sql_;
  std::size_t position_ = 0;
  std::vector<SqlToken> tokens_;
};

std::vector<SqlToken> significant_tokens(std::string_view sql) {
  std::vector<SqlToken> tokens;
  for (const SqlToken& token : tokenize_sql(sql)) {
    if (!token.is_trivia()) tokens.push_back(token);
  }
  while (!tokens.empty() && tokens.back().is_symbol(";")) tokens.pop_back();
  return tokens;
}

char closing_bracket(char open) noexcept {
  return open == '(' ? ')' : open == '[' ? ']' : '}';
}

}  // namespace

bool SqlToken::is_keyword(std::string_view keyword) const noexcept {
  return kind == SqlTokenKind::identifier && base::equals_ignoring_case(text, keyword);
}

std::vector<SqlToken> tokenize_sql(std::string_view sql) {
  return Tokenizer(sql).run();
}

std::string identifier_name(const SqlToken& token) {
  if (token.kind != SqlTokenKind::quoted_identifier) return std::string(token.text);
  std::string_view inside = token.text.substr(1);
  if (!token.unterminated && !inside.empty()) inside.remove_suffix(1);
  std::string name;
  name.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    name += inside[i];
    if (inside[i] == '`' && i + 1 < inside.size() && inside[i + 1] == '`') ++i;
  }
  return name;
}

bool same_sql(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::vector<SqlToken> left = significant_tokens(a);
  const std::vector<SqlToken> right = significant_tokens(b);
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i].kind != right[i].kind) return false;
    const bool equal = left[i].kind == SqlTokenKind::identifier
                           ? base::equals_ignoring_case(left[i].text, right[i].text)
                           : left[i].text == right[i].text;
    if (!equal) return false;
  }
  return true;
}

std::string embedding_obstacle(std::string_view sql) {
  std::string expected;
  for (const SqlToken& token : tokenize_sql(sql)) {
    if (token.unterminated) return "it ends inside a literal, a comment or a quoted name";
    if (token.kind != SqlTokenKind::symbol) continue;
    const char c = token.text[0];
    if (c == ';') return "it holds more than one statement";
    if (c == '(' || c == '[' || c == '{') expected += closing_bracket(c);
    if (c != ')' && c != ']' && c != '}') continue;
    if (expected.empty() || expected.back() != c) return "its brackets do not match";
    expected.pop_back();
  }
  return expected.empty() ? "" : "its brackets do not match";
}

std::string_view without_terminator(std::string_view sql) {
  const std::vector<SqlToken> tokens = tokenize_sql(sql);
  std::size_t first = 0;
  std::size_t last = tokens.size();
  while (first < last && tokens[first].kind == SqlTokenKind::white_space) ++first;
  while (last > first && (tokens[last - 1].kind == SqlTokenKind::white_space || tokens[last - 1].is_symbol(";")))
    --last;
  if (first == last) return {};
  const char* begin = tokens[first].text.data();
  const char* end = tokens[last - 1].text.data() + tokens[last - 1].text.size();
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool ends_in_line_comment(std::string_view sql) {
  const std::vector<SqlToken> tokens = tokenize_sql(sql);
  return !tokens.empty() && tokens.back().kind == SqlTokenKind::comment && tokens.back().text.substr(0, 2) == "--";
}

}  // namespace dbxauth::clone
