// SPDX-License-Identifier: Apache-2.0
#include "config/ini_editor.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/redaction.hpp"
#include "base/text.hpp"

namespace dbxauth::config {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// Readers of the Python SDK take quotes for a part of the value, hence none where that is possible.
constexpr std::string_view kQuotes[] = {"", "\"", "'", "`", "\"\"\""};

/// `[begin, end)` of the old text becomes `bytes`.
struct Splice {
  std::size_t begin = 0;
  std::size_t end = 0;
  SecretString bytes;
};

/// The splices are in the order of the text and do not overlap.
SecretString spliced(std::string_view text, const std::vector<Splice>& splices) {
  SecretString result;
  std::size_t size = text.size();
  for (const Splice& splice : splices) size += splice.bytes.size();
  result.reserve(size);
  std::size_t position = 0;
  for (const Splice& splice : splices) {
    result.append(text.substr(position, splice.begin - position));
    result.append(splice.bytes.reveal());
    position = splice.end;
  }
  result.append(text.substr(position));
  return result;
}

SecretString spliced(std::string_view text, std::size_t begin, std::size_t end, SecretString bytes) {
  std::vector<Splice> splices;
  splices.push_back({begin, end, std::move(bytes)});
  return spliced(text, splices);
}

std::string_view line_end_of(std::string_view text) {
  const std::size_t first = text.find('\n');
  return first != std::string_view::npos && first > 0 && text[first - 1] == '\r' ? "\r\n" : "\n";
}

SecretString quoted(std::string_view value, std::string_view quote) {
  SecretString result(quote);
  result.append(value);
  result.append(quote);
  return result;
}

std::string_view quote_of(std::string_view written) {
  for (auto quote = std::rbegin(kQuotes); quote != std::rend(kQuotes); ++quote) {
    if (written.size() >= 2 * quote->size() && written.substr(0, quote->size()) == *quote &&
        written.substr(written.size() - quote->size()) == *quote) {
      return *quote;
    }
  }
  return {};
}

/// Every way of quoting, best first: as it was, then those whose sign the value does not hold itself.
std::vector<std::string_view> quotes_for(std::string_view value, std::string_view present = {}) {
  std::vector<std::string_view> quotes = {present};
  for (const bool ambiguous : {false, true}) {
    for (std::string_view quote : kQuotes) {
      if ((!quote.empty() && value.find(quote) != std::string_view::npos) == ambiguous) quotes.push_back(quote);
    }
  }
  return quotes;
}

/// How an entry is laid out around its key and value.
struct EntryStyle {
  std::string indent;
  std::string before = " ";
  std::string delimiter = "=";
  std::string after = " ";
  std::size_t delimiter_column = 0;  ///< Where neighbours align their delimiters; 0 where they do not.

  std::string separator(std::size_t key_width) const {
    const std::size_t used = indent.size() + key_width;
    const std::string blanks = used < delimiter_column ? std::string(delimiter_column - used, ' ') : before;
    return blanks + delimiter + after;
  }
};

bool only_blanks(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

std::size_t delimiter_of(std::string_view text, const IniEntry& entry) {
  const std::size_t key_end = static_cast<std::size_t>(entry.key.data() - text.data()) + entry.key.size();
  return text.find_first_of("=:", key_end);
}

std::size_t first_byte_after_blanks(std::string_view text, std::size_t position) {
  return std::min(text.find_first_not_of(" \t", position), text.size());
}

EntryStyle style_of(std::string_view text, const IniEntry& entry) {
  EntryStyle style;
  const std::size_t written = first_byte_after_blanks(text, entry.begin);
  style.indent = std::string(text.substr(entry.begin, written - entry.begin));
  const std::size_t delimiter = delimiter_of(text, entry);
  const char before = text[delimiter - 1];
  style.before = before == ' ' || before == '\t' ? std::string(1, before) : std::string();
  style.delimiter = std::string(1, text[delimiter]);
  // An empty value shows no habit.
  if (entry.value_end > entry.value_begin) {
    const std::string_view after = text.substr(delimiter + 1, entry.value_begin - delimiter - 1);
    style.after = only_blanks(after) ? std::string(after) : " ";
  } else {
    style.after = style.before.empty() ? "" : " ";
  }
  return style;
}

/// The style of a section's last entry, with the column at which all of them have their delimiters, if they share one.
EntryStyle style_of(std::string_view text, const IniSection& section) {
  const IniEntry& last = section.entries.back();
  EntryStyle style = style_of(text, last);
  const std::size_t column = delimiter_of(text, last) - last.begin;
  bool shared = true;
  bool padded = false;
  bool indented = true;
  for (const IniEntry& entry : section.entries) {
    const std::size_t delimiter = delimiter_of(text, entry);
    shared = shared && delimiter - entry.begin == column;
    indented = indented && only_blanks(text.substr(entry.begin, 1));
    padded = padded || (delimiter >= 2 && only_blanks(text.substr(delimiter - 2, 2)));
  }
  if (shared && padded) style.delimiter_column = column;
  // The Python SDK's reader takes an indented line for a part of the value above it.
  if (!indented) style.indent.clear();
  return style;
}

/// What a new section takes over from its predecessors: not the alignment, which is a matter of each section.
EntryStyle style_of_file(const IniDocument& document) {
  const std::vector<IniSection>& sections = document.sections();
  const auto last =
      std::find_if(sections.rbegin(), sections.rend(), [](const IniSection& one) { return !one.entries.empty(); });
  if (last == sections.rend()) return {};
  return style_of(document.text(), last->entries.back());
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool ends_with_blank_line(std::string_view text) {
  return ends_with(text, "\n\n") || ends_with(text, "\n\r\n");
}

/// Where the run of comment lines that ends at `end` begins, not before `floor`.
std::size_t start_of_comments(std::string_view text, std::size_t floor, std::size_t end) {
  std::size_t start = end;
  while (start > floor) {
    const std::size_t previous = start >= 2 ? text.rfind('\n', start - 2) : std::string_view::npos;
    const std::size_t line = std::max(floor, previous == std::string_view::npos ? 0 : previous + 1);
    const std::string_view content = base::trim(text.substr(line, start - line));
    if (content.empty() || (content.front() != '#' && content.front() != ';')) break;
    start = line;
  }
  return start;
}

/// In the order of the file.
std::vector<IniSection::Header> headers_of(const IniDocument& document) {
  std::vector<IniSection::Header> headers;
  for (const IniSection& section : document.sections()) {
    headers.insert(headers.end(), section.headers.begin(), section.headers.end());
  }
  std::sort(headers.begin(), headers.end(),
            [](const IniSection::Header& a, const IniSection::Header& b) { return a.begin < b.begin; });
  return headers;
}

/// A header with the comments above that touch it, up to the comments that touch the next one.
TextRange block_of(const IniDocument& document, const std::vector<IniSection::Header>& headers,
                   const IniSection::Header& header) {
  const std::string_view text = document.text();
  std::size_t next = text.size();
  std::size_t floor = text.substr(0, kByteOrderMark.size()) == kByteOrderMark ? kByteOrderMark.size() : 0;
  for (const IniSection::Header& other : headers) {
    if (other.begin > header.begin) next = std::min(next, other.begin);
    if (other.begin < header.begin) floor = std::max(floor, other.end);
  }
  // A line that looks like a comment may belong to a value.
  std::size_t last_entry_end = header.end;
  for (const IniSection& section : document.sections()) {
    for (const IniEntry& entry : section.entries) {
      if (entry.end <= header.begin) floor = std::max(floor, entry.end);
      if (entry.end <= next) last_entry_end = std::max(last_entry_end, entry.end);
    }
  }
  TextRange block;
  block.begin = start_of_comments(text, floor, header.begin);
  block.end = next == text.size() ? next : start_of_comments(text, last_entry_end, next);
  // The blank line that set the last section apart.
  if (block.end == text.size() && ends_with_blank_line(text.substr(0, block.begin))) {
    const std::size_t blank_line = block.begin - (text[block.begin - 2] == '\r' ? 2 : 1);
    if (blank_line >= floor) block.begin = blank_line;
  }
  return block;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos;
}

Error refused(std::string message) {
  return {ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_names(std::string_view section, std::string_view key) {
  // A parser of the official CLI numbers keys of this name.
  if (key.empty() || key == "-" || has_line_break(key)) {
    return refused(fmt::format("'{}' cannot be a key of a profile file", base::redact_excerpt(key, 100)));
  }
  if (section.empty() || has_line_break(section) || base::trim(section).size() != section.size()) {
    return refused(fmt::format("'{}' cannot be a section name of a profile file", base::redact_excerpt(section, 100)));
  }
  return {};
}

}  // namespace

/// What one edit is meant to do: everything else must read the same afterwards.
struct IniEditor::Change {
  std::string_view section;
  std::string_view key;
  std::optional<std::string_view> value;  ///< Unset: no entry of that key is left.
  bool whole_section = false;

  bool concerns(std::string_view section_name, std::string_view entry_key) const {
    return section_name == section && (whole_section || entry_key == key);
  }

  std::vector<const IniEntry*> others(const IniSection& in) const {
    std::vector<const IniEntry*> entries;
    for (const IniEntry& entry : in.entries) {
      if (!concerns(in.name, entry.key)) entries.push_back(&entry);
    }
    return entries;
  }

  bool keeps_others(const IniDocument& from, const IniDocument& to) const {
    for (const IniSection& old : from.sections()) {
      const std::vector<const IniEntry*> before = others(old);
      const IniSection* section_now = to.find(old.name);
      const std::vector<const IniEntry*> after = section_now ? others(*section_now) : std::vector<const IniEntry*>();
      if (!std::equal(before.begin(), before.end(), after.begin(), after.end(),
                      [](const IniEntry* a, const IniEntry* b) { return a->key == b->key && a->value == b->value; })) {
        return false;
      }
    }
    return std::all_of(to.sections().begin(), to.sections().end(), [&](const IniSection& now) {
      return from.find(now.name) != nullptr || (now.name == section && others(now).empty());
    });
  }

  std::vector<std::string_view> values(const IniDocument& in) const {
    std::vector<std::string_view> found;
    const IniSection* holder = in.find(section);
    if (!holder) return found;
    for (const IniEntry& entry : holder->entries) {
      if (concerns(section, entry.key)) found.push_back(entry.value);
    }
    return found;
  }

  bool happened(const IniDocument& from, const IniDocument& to) const {
    std::vector<std::string_view> expected = value ? values(from) : std::vector<std::string_view>();
    if (value && expected.empty()) expected.emplace_back();
    if (value) expected.back() = *value;
    return values(to) == expected;
  }
};

Result<IniEditor> IniEditor::open(SecretString text, std::string_view name) {
  IniEditor editor;
  editor.name_ = std::string(name);
  Result<IniDocument> document = IniDocument::parse(text.clone(), name);
  if (!document) return std::move(document).error();
  editor.document_ = std::move(*document);
  editor.text_ = std::move(text);
  return editor;
}

bool IniEditor::accept(SecretString text, const Change& change) {
  Result<IniDocument> document = IniDocument::parse(text.clone(), name_);
  if (!document || !change.keeps_others(document_, *document) || !change.happened(document_, *document)) return false;
  document_ = std::move(*document);
  text_ = std::move(text);
  changed_ = true;
  return true;
}

bool IniEditor::replace_value(const IniEntry& entry, const Change& change) {
  const std::string_view text = document_.text();
  const std::size_t begin = entry.value_begin;
  const std::size_t end = entry.value_end;
  // `key = ` was followed by nothing: the blank that belongs before a value may be missing.
  const char before = text[delimiter_of(text, entry) - 1];
  const bool tight = begin == end && text[begin - 1] != ' ' && text[begin - 1] != '\t';
  const std::string_view gap = tight && (before == ' ' || before == '\t') ? " " : "";
  for (std::string_view quote : quotes_for(*change.value, quote_of(text.substr(begin, end - begin)))) {
    SecretString written(gap);
    written.append(quoted(*change.value, quote).reveal());
    if (accept(spliced(text, begin, end, std::move(written)), change)) return true;
  }
  // What follows the value stands in the way of any quotes: it becomes a comment above the key.
  std::size_t line_end = std::min(text.find('\n', end), text.size());
  if (line_end > end && text[line_end - 1] == '\r') --line_end;
  const std::string_view rest = base::trim(text.substr(end, line_end - end));
  if (rest.empty()) return false;
  for (std::string_view quote : quotes_for(*change.value)) {
    std::vector<Splice> splices;
    SecretString comment(text.substr(entry.begin, first_byte_after_blanks(text, entry.begin) - entry.begin));
    if (rest.front() != '#' && rest.front() != ';') comment.append("# ");
    comment.append(rest);
    comment.append(line_end_of(text));
    splices.push_back({entry.begin, entry.begin, std::move(comment)});
    splices.push_back({begin, line_end, quoted(*change.value, quote)});
    if (accept(spliced(text, splices), change)) return true;
  }
  return false;
}

bool IniEditor::append_key(const IniSection& section, const Change& change) {
  const std::string_view text = document_.text();
  const std::string_view line_end = line_end_of(text);
  const EntryStyle style = section.entries.empty() ? style_of_file(document_) : style_of(text, section);
  // Behind the last key; behind a line that goes on a blank line is needed; a header always is a safe place.
  struct Place {
    std::size_t offset;
    std::string_view lead;
  };
  std::vector<Place> places;
  if (!section.entries.empty()) {
    places.push_back({section.entries.back().end, ""});
    places.push_back({section.entries.back().end, line_end});
  }
  if (!section.headers.empty()) places.push_back({section.headers.back().end, ""});
  for (const Place& place : places) {
    const bool open_line = place.offset > 0 && text[place.offset - 1] != '\n';
    for (std::string_view key_quote : {"", "\"", "`", "\"\"\""}) {
      const SecretString key = quoted(change.key, key_quote);
      for (std::string_view quote : quotes_for(*change.value)) {
        SecretString line(open_line ? line_end : std::string_view());
        line.append(place.lead);
        line.append(style.indent);
        line.append(key.reveal());
        line.append(style.separator(key.size()));
        line.append(quoted(*change.value, quote).reveal());
        // A file without a final line end stays one.
        if (!open_line) line.append(line_end);
        if (accept(spliced(text, place.offset, place.offset, std::move(line)), change)) return true;
      }
    }
  }
  return false;
}

bool IniEditor::append_section(const Change& change) {
  const std::string_view text = document_.text();
  const std::string_view line_end = line_end_of(text);
  const EntryStyle style = style_of_file(document_);
  const bool empty = text.empty() || text == kByteOrderMark;
  for (std::string_view key_quote : {"", "\"", "`", "\"\"\""}) {
    const SecretString key = quoted(change.key, key_quote);
    for (std::string_view quote : quotes_for(*change.value)) {
      SecretString lines;
      if (!empty && text.back() != '\n') lines.append(line_end);
      if (!empty && !ends_with_blank_line(text)) lines.append(line_end);
      lines.append("[");
      lines.append(change.section);
      lines.append("]");
      lines.append(line_end);
      lines.append(key.reveal());
      lines.append(style.separator(key.size()));
      lines.append(quoted(*change.value, quote).reveal());
      lines.append(line_end);
      if (accept(spliced(text, text.size(), text.size(), std::move(lines)), change)) return true;
    }
  }
  return false;
}

bool IniEditor::take_out(const std::vector<TextRange>& ranges, const Change& change) {
  const std::string_view text = document_.text();
  // Where the first bytes of the next line would be taken for a byte order mark an empty line has to stay.
  for (const std::string_view left : {std::string_view(), line_end_of(text)}) {
    std::vector<Splice> splices;
    for (const TextRange& range : ranges) splices.push_back({range.begin, range.end, SecretString(left)});
    if (accept(spliced(text, splices), change)) return true;
  }
  return false;
}

Result<void> IniEditor::set(std::string_view section, std::string_view key, std::string_view value) {
  if (auto checked = check_names(section, key); !checked) return checked;
  const auto cannot_carry = [&] {
    return refused(fmt::format("the value of '{}' in [{}] cannot be written to {}: no quoting carries its bytes",
                               base::redact_excerpt(key, 100), base::redact_excerpt(section, 100), name_));
  };
  if (value.find('\0') != std::string_view::npos) return cannot_carry();
  Change change;
  change.section = section;
  change.key = key;
  change.value = value;
  const IniSection* found = document_.find(section);
  const IniEntry* entry = found ? found->find(key) : nullptr;
  if (entry && entry->value == value) return {};
  const bool done = entry ? replace_value(*entry, change) : found ? append_key(*found, change) : append_section(change);
  if (!done) return cannot_carry();
  return {};
}

Result<void> IniEditor::remove(std::string_view section, std::string_view key) {
  const IniSection* found = document_.find(section);
  if (!found || !found->find(key)) return {};
  Change change;
  change.section = section;
  change.key = key;
  std::vector<TextRange> ranges;
  for (const IniEntry& entry : found->entries) {
    if (entry.key == key) ranges.push_back({entry.begin, entry.end});
  }
  if (take_out(ranges, change)) return {};
  return Error(ErrorCode::internal,
               fmt::format("a key of [{}] could not be removed from {}", base::redact_excerpt(section, 100), name_));
}

Result<void> IniEditor::remove_section(std::string_view section) {
  const IniSection* found = document_.find(section);
  if (!found) return {};
  const bool keeps_header = section == "DEFAULT";
  const std::vector<IniSection::Header> headers = headers_of(document_);
  std::vector<TextRange> ranges;
  // Keys before any header: what stands around them may be about the file.
  for (const IniEntry& entry : found->entries) {
    if (headers.empty() || entry.begin < headers.front().begin) {
      ranges.push_back({entry.begin, entry.end});
    }
  }
  for (const IniSection::Header& header : found->headers) {
    const TextRange block = block_of(document_, headers, header);
    const std::size_t begin = std::max(keeps_header ? header.end : block.begin, ranges.empty() ? 0 : ranges.back().end);
    ranges.push_back({begin, std::max(begin, block.end)});
  }
  Change change;
  change.section = section;
  change.whole_section = true;
  if (take_out(ranges, change)) return {};
  return Error(ErrorCode::internal,
               fmt::format("the section [{}] could not be removed from {}", base::redact_excerpt(section, 100), name_));
}

}  // namespace dbxauth::config
