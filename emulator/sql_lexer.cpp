// SPDX-License-Identifier: Apache-2.0
#include "sql_lexer.hpp"

#include <array>

#include "base/text.hpp"

namespace dbxauth::emulator {

void fail_sql(std::string error_class, const std::string& text, std::string sql_state) {
  throw SqlFailure{sql_error(std::move(error_class), text, std::move(sql_state))};
}

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_code_point(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6U));
    out += static_cast<char>(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12U));
    out += static_cast<char>(0x80 | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80 | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xF0 | ((code >> 18U) & 0x07U));
    out += static_cast<char>(0x80 | ((code >> 12U) & 0x3FU));
    out += static_cast<char>(0x80 | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80 | (code & 0x3FU));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  std::vector<Token> run() {
    while (true) {
      skip_blanks();
      Token token;
      token.begin = at_;
      if (at_ >= sql_.size()) {
        token.end = at_;
        tokens_.push_back(token);
        return std::move(tokens_);
      }
      read(token);
      token.end = at_;
      tokens_.push_back(std::move(token));
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  void skip_blanks() {
    while (at_ < sql_.size()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '-' && peek(1) == '-') {
        while (at_ < sql_.size() && peek() != '\n') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        skip_block_comment();
      } else {
        return;
      }
    }
  }

  // "Comments": bracketed comments nest.
  void skip_block_comment() {
    int depth = 0;
    while (at_ < sql_.size()) {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
    fail_sql("UNCLOSED_BRACKETED_COMMENT",
             "Found an unclosed bracketed comment. Please, append */ at the end of the comment.", "42601");
  }

  void read(Token& token) {
    const char c = peek();
    const bool raw = (c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"');
    if (raw) {
      ++at_;
      token.kind = TokenKind::string;
      read_string(token.text, true);
    } else if (c == '\'' || c == '"') {
      token.kind = TokenKind::string;
      read_string(token.text, false);
    } else if (c == '`') {
      token.kind = TokenKind::quoted_name;
      read_quoted_name(token.text);
    } else if (is_letter(c)) {
      token.kind = TokenKind::word;
      while (is_letter(peek()) || is_digit(peek())) token.text += sql_[at_++];
      token.upper = base::to_upper(token.text);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !after_name())) {
      token.kind = TokenKind::number;
      read_number(token.text);
    } else if (c == ':' && is_letter(peek(1)) && !after_name()) {
      token.kind = TokenKind::parameter;
      ++at_;
      while (is_letter(peek()) || is_digit(peek())) token.text += sql_[at_++];
    } else if (c == '$' && peek(1) == '$') {
      token.kind = TokenKind::dollar_text;
      const auto close = sql_.find("$$", at_ + 2);
      if (close == std::string_view::npos) fail_sql("PARSE_SYNTAX_ERROR", "Syntax error: $$ is not closed.", "42601");
      token.text = std::string(sql_.substr(at_ + 2, close - at_ - 2));
      at_ = close + 2;
    } else {
      token.kind = TokenKind::symbol;
      read_symbol(token.text);
    }
  }

  // `a.1b` and `a:b` continue a name; a marker or number starts after anything else.
  bool after_name() const {
    if (tokens_.empty() || tokens_.back().end != at_) return false;
    const auto kind = tokens_.back().kind;
    return kind == TokenKind::word || kind == TokenKind::quoted_name || tokens_.back().text == ")" ||
           tokens_.back().text == "]";
  }

  void read_quoted_name(std::string& out) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] != '`') {
        out += sql_[at_];
      } else if (peek(1) == '`') {
        out += '`';
        ++at_;
      } else {
        ++at_;
        return;
      }
    }
    fail_sql("PARSE_SYNTAX_ERROR", "Syntax error: a back-tick is not closed.", "42601");
  }

  void read_string(std::string& out, bool raw) {
    const char quote = sql_[at_++];
    while (at_ < sql_.size()) {
      const char c = sql_[at_++];
      if (c == quote) {
        // A doubled quote is one quote ("STRING type": since Databricks Runtime 16 literals are no longer joined here).
        if (peek() != quote || raw) return;
        out += quote;
        ++at_;
      } else if (c == '\\' && !raw && at_ < sql_.size()) {
        read_escape(out);
      } else {
        out += c;
      }
    }
    fail_sql("PARSE_SYNTAX_ERROR", "Syntax error: a string literal is not closed.", "42601");
  }

  void read_escape(std::string& out) {
    const char c = sql_[at_++];
    switch (c) {
      case 'n':
        out += '\n';
        return;
      case 't':
        out += '\t';
        return;
      case 'r':
        out += '\r';
        return;
      case 'b':
        out += '\b';
        return;
      case 'Z':
        out += '\x1a';
        return;
      case '%':
      case '_':
        out += '\\';
        out += c;
        return;
      case 'u':
      case 'U': {
        const std::size_t digits = c == 'u' ? 4 : 8;
        const std::string hex(sql_.substr(at_, digits));
        if (hex.size() == digits && hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos) {
          append_code_point(out, std::stoul(hex, nullptr, 16));
          at_ += digits;
        } else {
          out += c;
        }
        return;
      }
      default:
        break;
    }
    if (c >= '0' && c <= '3' && peek() >= '0' && peek() <= '7' && peek(1) >= '0' && peek(1) <= '7') {
      append_code_point(out, static_cast<unsigned long>((c - '0') * 64 + (peek() - '0') * 8 + (peek(1) - '0')));
      at_ += 2;
    } else if (c == '0') {
      out += '\0';
    } else {
      out += c;
    }
  }

  void read_number(std::string& out) {
    while (is_digit(peek())) out += sql_[at_++];
    if (peek() == '.') {
      out += sql_[at_++];
      while (is_digit(peek())) out += sql_[at_++];
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(sign))) {
      out += sql_.substr(at_, sign);
      at_ += sign;
      while (is_digit(peek())) out += sql_[at_++];
    }
    while (is_letter(peek())) out += sql_[at_++];  // L, S, Y, D, F, BD
  }

  void read_symbol(std::string& out) {
    static constexpr std::array<std::string_view, 9> pairs{"<=>", "=>", "->", "<=", ">=", "<>", "!=", "||", "::"};
    for (const auto pair : pairs) {
      if (sql_.substr(at_, pair.size()) == pair) {
        out = pair;
        at_ += pair.size();
        return;
      }
    }
    static constexpr std::string_view single = "(),.;+-*/%=<>[]?:&|^~!@{}";
    if (single.find(peek()) == std::string_view::npos) {
      fail_sql("PARSE_SYNTAX_ERROR", "Syntax error at or near '" + next_character() + "'.", "42601");
    }
    if (peek() == '=' && peek(1) == '=') ++at_;
    out = sql_[at_++];
  }

  std::string next_character() const {
    std::size_t length = 1;
    while (at_ + length < sql_.size() && (static_cast<unsigned char>(sql_[at_ + length]) & 0xC0U) == 0x80U) ++length;
    return std::string(sql_.substr(at_, length));
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize_sql(std::string_view sql) {
  return Lexer(sql).run();
}

}  // namespace dbxauth::emulator
