// SPDX-License-Identifier: Apache-2.0
#include "config/ini_document.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace dbxauth::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kTripleQuote = "\"\"\"";
constexpr std::string_view kBlank = " \t\r\n\v\f";

std::string_view trim_left(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kBlank);
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

bool is_comment(std::string_view line) {
  return line.front() == '#' || line.front() == ';';
}

bool surrounded_by(std::string_view text, char quote) {
  return text.size() >= 2 && text.front() == quote && text.find(quote, 1) == text.size() - 1;
}

// ` #` is looked for first, ` ;` only when there is none: as go-ini does.
std::string_view without_comment(std::string_view text) {
  std::size_t comment = text.find(" #");
  if (comment == std::string_view::npos) comment = text.find(" ;");
  return comment == std::string_view::npos ? text : base::trim(text.substr(0, comment));
}

}  // namespace

class IniParser {
 public:
  IniParser(SecretString text, std::string_view name) : name_(name) { document_.text_ = std::move(text); }

  Result<IniDocument> parse() {
    text_ = document_.text_.reveal();
    if (text_.substr(0, 2) == "\xFF\xFE" || text_.substr(0, 2) == "\xFE\xFF") {
      line_number_ = 1;
      return error("the file is UTF-16; save it as UTF-8");
    }
    if (text_.substr(0, kByteOrderMark.size()) == kByteOrderMark) position_ = kByteOrderMark.size();
    while (position_ < text_.size()) {
      const std::size_t begin = position_;
      const std::string_view line = trim_left(next_line());
      if (line.empty() || is_comment(line)) continue;
      Result<void> read = line.front() == '[' ? read_header(line, begin) : read_entry(line, begin);
      if (!read) return std::move(read).error();
    }
    return std::move(document_);
  }

 private:
  // With its line end.
  std::string_view next_line() {
    std::size_t end = text_.find('\n', position_);
    end = end == std::string_view::npos ? text_.size() : end + 1;
    const std::string_view line = text_.substr(position_, end - position_);
    position_ = end;
    ++line_number_;
    return line;
  }

  Error error_at(int line, std::string_view message) const {
    return {ErrorCode::configuration, fmt::format("{}:{}: {}", name_, line, message)};
  }
  Error error(std::string_view message) const { return error_at(line_number_, message); }
  // A line that cannot be read. Half of the bytes of UTF-16 without a byte order mark are NUL.
  Error unreadable(std::string_view line, std::string_view message) const {
    if (line.find('\0') == std::string_view::npos) return error(message);
    return error("the line holds NUL bytes: the file is damaged, or UTF-16; save it as UTF-8");
  }

  IniSection& section(std::string_view name) {
    const auto found = document_.index_.find(name);
    if (found != document_.index_.end()) return document_.sections_[found->second];
    document_.index_.emplace(std::string(name), document_.sections_.size());
    document_.sections_.emplace_back();
    document_.sections_.back().name = std::string(name);
    return document_.sections_.back();
  }

  Result<void> read_header(std::string_view line, std::size_t begin) {
    // Only brackets before a comment count: `[a] # see [b]`.
    std::size_t limit = line.size();
    for (std::string_view comment : {" #", " ;", "\t#", "\t;"}) {
      const std::size_t found = line.find(comment, std::min(line.find(']'), line.size()));
      limit = std::min(limit, found);
    }
    const std::size_t close = line.substr(0, limit).rfind(']');
    if (close == std::string_view::npos) return unreadable(line, "the section header has no closing ']'");
    const std::string_view name = base::trim(line.substr(1, close - 1));
    if (name.empty()) return error("the section header is empty");
    IniSection& opened = section(name);
    if (opened.headers.empty() && opened.entries.empty()) opened.line = line_number_;
    opened.headers.push_back({begin, position_});
    current_ = document_.index_.find(name)->second;
    return {};
  }

  Result<void> read_entry(std::string_view line, std::size_t begin) {
    const int key_line = line_number_;
    std::string_view key;
    std::string_view rest;
    if (Result<void> split = split_key(line, key, rest); !split) return split;
    Result<std::string_view> value = read_value(rest, key_line);
    if (!value) return std::move(value).error();
    if (!current_) {
      section("DEFAULT");
      current_ = document_.index_.find("DEFAULT")->second;
    }
    document_.sections_[*current_].entries.push_back(
        {key, *value, key_line, begin, position_, written_begin_, written_end_});
    return {};
  }

  Result<void> split_key(std::string_view line, std::string_view& key, std::string_view& rest) const {
    std::string_view quote;
    if (line.substr(0, 3) == kTripleQuote)
      quote = kTripleQuote;
    else if (line.front() == '"')
      quote = "\"";
    else if (line.front() == '`')
      quote = "`";
    std::size_t from = 0;
    if (!quote.empty()) {
      const std::size_t close = line.find(quote, quote.size());
      if (close == std::string_view::npos) return error("the quoted key is not closed");
      key = line.substr(quote.size(), close - quote.size());
      from = close + quote.size();
    }
    const std::size_t delimiter = line.find_first_of("=:", from);
    if (delimiter == std::string_view::npos) {
      return unreadable(line, "expected 'key = value', a [section] or a comment; the line has no '=' or ':'");
    }
    if (quote.empty()) key = base::trim(line.substr(0, delimiter));
    if (key.empty()) return error("the key before the delimiter is empty");
    rest = line.substr(delimiter + 1);
    return {};
  }

  std::size_t offset_of(const char* place) const { return static_cast<std::size_t>(place - text_.data()); }

  void note_written(std::string_view written) {
    written_begin_ = offset_of(written.data());
    written_end_ = written_begin_ + written.size();
  }

  Result<std::string_view> read_value(std::string_view rest, int key_line) {
    const std::string_view untrimmed = trim_left(rest);
    if (untrimmed.empty()) {
      note_written(rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()), 0));
      return std::string_view();
    }
    std::string_view quote;
    if (untrimmed.size() > 3 && untrimmed.substr(0, 3) == kTripleQuote)
      quote = kTripleQuote;
    else if (untrimmed.front() == '`')
      quote = "`";
    if (!quote.empty()) {
      const std::string_view inner = untrimmed.substr(quote.size());
      const std::size_t close = inner.rfind(quote);
      if (close != std::string_view::npos) {
        note_written(untrimmed.substr(0, close + 2 * quote.size()));
        return inner.substr(0, close);
      }
      return read_quoted_lines(inner, quote, key_line);
    }
    const std::string_view value = base::trim(untrimmed);
    if (value.back() == '\\') return read_continuation(value.substr(0, value.size() - 1));
    const std::string_view bare = without_comment(value);
    note_written(bare);
    if (surrounded_by(bare, '\'') || surrounded_by(bare, '"')) return bare.substr(1, bare.size() - 2);
    return bare;
  }

  // The value is one piece of the text: from `first` to the closing quote.
  Result<std::string_view> read_quoted_lines(std::string_view first, std::string_view quote, int key_line) {
    const std::size_t begin = offset_of(first.data());
    while (position_ < text_.size()) {
      const std::size_t line_begin = position_;
      const std::size_t close = next_line().rfind(quote);
      if (close == std::string_view::npos) continue;
      const std::string_view value = text_.substr(begin, line_begin + close - begin);
      note_written(text_.substr(begin - quote.size(), value.size() + 2 * quote.size()));
      return value;
    }
    return error_at(key_line, fmt::format("the value that starts with {} is not closed", quote));
  }

  std::string_view read_continuation(std::string_view first) {
    SecretString joined(first);
    const std::size_t begin = offset_of(first.data());
    std::size_t end = begin + first.size() + 1;
    while (position_ < text_.size()) {
      std::string_view next = base::trim(next_line());
      if (next.empty()) break;
      const bool more = next.back() == '\\';
      end = offset_of(next.data()) + next.size();
      if (more) next.remove_suffix(1);
      joined.append(next);
      if (!more) break;
    }
    note_written(text_.substr(begin, end - begin));
    document_.joined_.push_back(std::move(joined));
    return document_.joined_.back().reveal();
  }

  std::string_view name_;
  std::string_view text_;
  std::size_t position_ = 0;
  int line_number_ = 0;
  std::optional<std::size_t> current_;
  // Of the value that was read last.
  std::size_t written_begin_ = 0;
  std::size_t written_end_ = 0;
  IniDocument document_;
};

const IniEntry* IniSection::find(std::string_view key) const {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->key == key) return &*entry;
  }
  return nullptr;
}

std::string_view IniSection::value(std::string_view key) const {
  const IniEntry* entry = find(key);
  return entry ? entry->value : std::string_view();
}

Result<IniDocument> IniDocument::parse(SecretString text, std::string_view name) {
  return IniParser(std::move(text), name).parse();
}

const IniSection* IniDocument::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &sections_[found->second];
}

}  // namespace dbxauth::config
