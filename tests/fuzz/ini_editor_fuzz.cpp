// SPDX-License-Identifier: Apache-2.0
// Input: a byte with the number of edits, seven bytes per edit, then the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/ini_editor.hpp"
#include "property.hpp"

namespace {

using dbxauth::SecretString;
using dbxauth::fuzz::require;
using namespace dbxauth::config;

struct Reading {
  std::string section;
  std::string key;
  std::string value;
  bool operator==(const Reading& other) const {
    return section == other.section && key == other.key && value == other.value;
  }
};

std::vector<Reading> readings(const IniDocument& document) {
  std::vector<Reading> all;
  for (const IniSection& section : document.sections()) {
    for (const IniEntry& entry : section.entries) {
      all.push_back({section.name, std::string(entry.key), std::string(entry.value)});
    }
  }
  return all;
}

struct Edit {
  std::uint8_t kind;
  std::string section;
  std::string key;
  std::string value;
};

std::string pick_section(const IniDocument& document, std::uint8_t choice) {
  constexpr std::string_view fresh[] = {"DEFAULT", "new", "a.b", "with ]", "__settings__", " padded", "x\ny", ""};
  const std::size_t index = choice / 2;
  if (choice % 2 == 0 && !document.sections().empty())
    return document.sections()[index % document.sections().size()].name;
  return std::string(fresh[index % std::size(fresh)]);
}

std::string pick_key(const IniDocument& document, const std::string& section, std::uint8_t choice) {
  constexpr std::string_view fresh[] = {"host", "token", "a=b", "#k", "\"q", "`", "[x", "-", ""};
  const std::size_t index = choice / 2;
  const IniSection* found = document.find(section);
  if (choice % 2 == 0 && found && !found->entries.empty())
    return std::string(found->entries[index % found->entries.size()].key);
  return std::string(fresh[index % std::size(fresh)]);
}

std::string pick_value(const std::uint8_t* bytes) {
  constexpr std::string_view pieces[] = {"v",  " #", " ;", "\"", "'",     "`",    "\"\"\"", "\\", "\n",
                                         "\r", "%",  "=",  "[",  "\t # ", "dapi", " ",      ""};
  std::string value;
  for (int i = 0; i < 4; ++i) value += pieces[bytes[i] % std::size(pieces)];
  return value;
}

void without(std::vector<Reading>& all, const Edit& edit) {
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const Reading& one) {
                             return one.section == edit.section && (edit.kind == 2 || one.key == edit.key);
                           }),
            all.end());
}

/// Every byte that is left stood in the old text, in that order.
bool is_part_of(std::string_view rest, std::string_view old) {
  std::size_t found = 0;
  for (const char byte : rest) {
    found = old.find(byte, found);
    if (found == std::string_view::npos) return false;
    ++found;
  }
  return true;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first - a.begin());
}

std::size_t common_suffix(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (same < size && a[a.size() - 1 - same] == b[b.size() - 1 - same]) ++same;
  return same;
}

void check_set(IniEditor& editor, const Edit& edit, const std::string& old) {
  const IniEntry* entry =
      editor.document().find(edit.section) ? editor.document().find(edit.section)->find(edit.key) : nullptr;
  const std::size_t value_bytes = entry ? entry->value_end - entry->value_begin : 0;
  const std::size_t line_begin = entry ? entry->begin : 0;
  const std::size_t entry_end = entry ? entry->end : 0;
  if (!editor.set(edit.section, edit.key, edit.value)) {
    require(editor.text().equals(old), "a refused edit changes nothing");
    return;
  }
  require(editor.document().find(edit.section)->value(edit.key) == edit.value, "what is written reads back");
  const std::string_view now = editor.text().reveal();
  const std::size_t prefix = common_prefix(old, now);
  const std::size_t suffix = common_suffix(old, now);
  const bool comment_moved = entry != nullptr && prefix + suffix + value_bytes < old.size();
  if (comment_moved) {
    require(prefix >= line_begin && suffix >= old.size() - entry_end, "other lines keep their bytes");
  } else {
    require(prefix + suffix + value_bytes >= old.size(), "nothing but the value is replaced");
  }
}

void apply(IniEditor& editor, const Edit& edit) {
  const std::string old(editor.text().reveal());
  std::vector<Reading> before = readings(editor.document());
  if (edit.kind == 0) {
    check_set(editor, edit, old);
  } else if (edit.kind == 1) {
    require(editor.remove(edit.section, edit.key).has_value(), "any key can be removed");
    require(is_part_of(editor.text().reveal(), old), "removing a key writes nothing");
  } else {
    require(editor.remove_section(edit.section).has_value(), "any section can be removed");
    require(is_part_of(editor.text().reveal(), old), "removing a section writes nothing");
  }
  std::vector<Reading> after = readings(editor.document());
  if (edit.kind != 0) {
    const std::size_t size = after.size();
    without(after, edit);
    require(after.size() == size, "what was removed is gone");
  } else {
    without(after, edit);
  }
  without(before, edit);
  // A section whose early keys went away may change its place among the sections.
  const auto by_section = [](const Reading& a, const Reading& b) { return a.section < b.section; };
  std::stable_sort(before.begin(), before.end(), by_section);
  std::stable_sort(after.begin(), after.end(), by_section);
  require(before == after, "every other entry reads the same");
  const auto again = IniDocument::parse(editor.text().clone(), "fuzz");
  require(again && readings(*again) == readings(editor.document()), "the document is the one of the text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t bytes_per_edit = 7;
  if (size == 0) return 0;
  const std::size_t edits = std::min<std::size_t>(data[0] % 8, (size - 1) / bytes_per_edit);
  const std::uint8_t* script = data + 1;
  const std::size_t text_begin = 1 + edits * bytes_per_edit;
  const std::string_view text(reinterpret_cast<const char*>(data) + text_begin, size - text_begin);
  auto editor = IniEditor::open(SecretString(text), "fuzz");
  if (!editor) return 0;
  for (std::size_t i = 0; i < edits; ++i, script += bytes_per_edit) {
    Edit edit;
    edit.kind = static_cast<std::uint8_t>(script[0] % 3);
    edit.section = pick_section(editor->document(), script[1]);
    edit.key = pick_key(editor->document(), edit.section, script[2]);
    edit.value = pick_value(script + 3);
    apply(*editor, edit);
  }
  return 0;
}
