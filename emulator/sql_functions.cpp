// SPDX-License-Identifier: Apache-2.0
// The functions that rendered SQL calls and SQLite does not have.
#include <openssl/evp.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <regex>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "sql_builtins.hpp"
#include "sql_values.hpp"

namespace dbxauth::emulator {
namespace {

using Context = sqlite3_context*;
using Values = sqlite3_value**;

bool is_null(sqlite3_value* value) {
  return sqlite3_value_type(value) == SQLITE_NULL;
}
bool any_null(int count, Values values) {
  return std::any_of(values, values + count, is_null);
}

std::string text_of(sqlite3_value* value) {
  const auto* data = sqlite3_value_text(value);
  return data == nullptr
             ? std::string()
             : std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_value_bytes(value)));
}
void give_text(Context context, const std::string& text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void give_error(Context context, const std::string& message) {
  sqlite3_result_error(context, message.c_str(), static_cast<int>(message.size()));
}

std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> characters;
  for (const char c : text) {
    if (characters.empty() || (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      characters.emplace_back(1, c);
    } else {
      characters.back() += c;
    }
  }
  return characters;
}

void cast_value(Context context, int, Values values) {
  if (is_null(values[0])) return;
  const bool quiet = sqlite3_value_int(values[3]) != 0;
  const SqlType from = sql_type(text_of(values[1]));
  const SqlType to = sql_type(text_of(values[2]));
  const auto bad_input = [&](const std::string& shown) {
    if (quiet) return;
    give_error(context,
               "[CAST_INVALID_INPUT] The value '" + shown + "' of the type \"" + base::to_upper(from.text) +
                   "\" cannot be cast to \"" + base::to_upper(to.text) +
                   "\" because it is malformed. Correct the value as per the syntax, or change its target type. Use "
                   "`try_cast` to tolerate malformed input and return NULL instead. SQLSTATE: 22018");
  };
  const bool was_text = sqlite3_value_type(values[0]) == SQLITE_TEXT;
  const std::string text = std::string(base::trim(text_of(values[0])));
  if (to.is("string") || to.text.compare(0, 7, "varchar") == 0 || to.text.compare(0, 4, "char") == 0) {
    if (from.is("string")) return sqlite3_result_value(context, values[0]);
    return give_text(context, sql_text(from, text_of(values[0]), sqlite3_value_double(values[0])));
  }
  if (to.is_numeric()) {
    double number = sqlite3_value_double(values[0]);
    if (was_text) {
      char* end = nullptr;
      number = std::strtod(text.c_str(), &end);
      if (text.empty() || *end != '\0' || text.find_first_of("xXpP") != std::string::npos) return bad_input(text);
    }
    if (to.is_integer()) {
      if (was_text && text.find_first_not_of("+-0123456789") != std::string::npos) return bad_input(text);
      const double limit = to.is("tinyint")    ? 128.0
                           : to.is("smallint") ? 32768.0
                           : to.is("int")      ? 2147483648.0
                                               : 9223372036854775808.0;
      if (std::isnan(number) || number >= limit || number < -limit) {
        if (!quiet)
          give_error(context, "[CAST_OVERFLOW] The value " + text + " of the type \"" + base::to_upper(from.text) +
                                  "\" cannot be cast to \"" + base::to_upper(to.text) +
                                  "\" due to an overflow. SQLSTATE: 22003");
        return;
      }
      const bool whole = sqlite3_value_type(values[0]) == SQLITE_INTEGER;
      return sqlite3_result_int64(context, whole      ? sqlite3_value_int64(values[0])
                                           : was_text ? std::strtoll(text.c_str(), nullptr, 10)
                                                      : static_cast<sqlite3_int64>(std::trunc(number)));
    }
    if (to.is_decimal()) {
      const double factor = std::pow(10.0, to.scale);
      const double scaled = std::round(number * factor);
      if (std::fabs(scaled) >= std::pow(10.0, to.precision)) {
        if (!quiet)
          give_error(context, "[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] " + text + " cannot be represented as " +
                                  base::to_upper(to.text) + ". SQLSTATE: 22003");
        return;
      }
      return sqlite3_result_double(context, std::fabs(scaled) < 9e15 ? scaled / factor : number);
    }
    return sqlite3_result_double(context, number);
  }
  if (to.is("boolean")) {
    if (!was_text) return sqlite3_result_int(context, sqlite3_value_double(values[0]) != 0.0 ? 1 : 0);
    const std::string lower = base::to_lower(text);
    for (const auto* word : {"true", "t", "yes", "y", "1"}) {
      if (lower == word) return sqlite3_result_int(context, 1);
    }
    for (const auto* word : {"false", "f", "no", "n", "0"}) {
      if (lower == word) return sqlite3_result_int(context, 0);
    }
    return bad_input(text);
  }
  if (to.is("date") || to.is("timestamp") || to.is("timestamp_ntz")) {
    const auto parsed = normalise_timestamp(text);
    if (!parsed) return bad_input(text);
    return give_text(context, to.is("date") ? parsed->substr(0, 10) : *parsed);
  }
  sqlite3_result_value(context, values[0]);
}

void divide(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const double divisor = sqlite3_value_double(values[1]);
  if (divisor == 0.0) {
    return give_error(context,
                      "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL "
                      "instead. SQLSTATE: 22012");
  }
  sqlite3_result_double(context, sqlite3_value_double(values[0]) / divisor);
}

void modulo(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  if (sqlite3_value_double(values[1]) == 0.0) {
    return give_error(context, "[REMAINDER_BY_ZERO] Remainder by zero. SQLSTATE: 22012");
  }
  if (sqlite3_value_type(values[0]) == SQLITE_INTEGER && sqlite3_value_type(values[1]) == SQLITE_INTEGER) {
    // The remainder by -1 overflows for the smallest integer.
    const auto divisor = sqlite3_value_int64(values[1]);
    return sqlite3_result_int64(context, divisor == -1 ? 0 : sqlite3_value_int64(values[0]) % divisor);
  }
  sqlite3_result_double(context, std::fmod(sqlite3_value_double(values[0]), sqlite3_value_double(values[1])));
}

template <bool Greatest>
void extreme(Context context, int count, Values values) {
  sqlite3_value* best = nullptr;
  for (int i = 0; i < count; ++i) {
    if (is_null(values[i])) continue;
    if (best == nullptr) {
      best = values[i];
      continue;
    }
    const bool texts = sqlite3_value_type(best) == SQLITE_TEXT || sqlite3_value_type(values[i]) == SQLITE_TEXT;
    const bool less =
        texts ? text_of(values[i]) < text_of(best) : sqlite3_value_double(values[i]) < sqlite3_value_double(best);
    const bool more =
        texts ? text_of(values[i]) > text_of(best) : sqlite3_value_double(values[i]) > sqlite3_value_double(best);
    if (Greatest ? more : less) best = values[i];
  }
  if (best != nullptr) sqlite3_result_value(context, best);
}

void initcap(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  std::string text = base::to_lower(text_of(values[0]));
  bool start = true;
  for (char& c : text) {
    if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    start = c == ' ' || c == '\t' || c == '\n';
  }
  give_text(context, text);
}

constexpr std::size_t longest_text = 64U << 20U;

template <bool Left>
void pad(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  auto text = characters_of(text_of(values[0]));
  const auto fill = characters_of(count > 2 ? text_of(values[2]) : " ");
  const auto wanted =
      static_cast<std::size_t>(std::clamp<sqlite3_int64>(sqlite3_value_int64(values[1]), 0, longest_text / 8));
  std::string padding, kept;
  for (std::size_t i = 0; i < std::min(text.size(), wanted); ++i) kept += text[i];
  if (!fill.empty()) {
    for (std::size_t i = text.size(); i < wanted; ++i) padding += fill[(i - text.size()) % fill.size()];
  }
  give_text(context, Left ? padding + kept : kept + padding);
}

void repeat(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const std::string text = text_of(values[0]);
  const auto times = sqlite3_value_int64(values[1]);
  if (times > 0 &&
      text.size() * static_cast<std::size_t>(std::min<sqlite3_int64>(times, longest_text)) > longest_text) {
    return give_error(
        context,
        "[COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION] repeat() makes a text of more than 64 MiB. SQLSTATE: 54000");
  }
  std::string result;
  for (sqlite3_int64 i = 0; i < times && !text.empty(); ++i) result += text;
  give_text(context, result);
}

void reverse(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const auto characters = characters_of(text_of(values[0]));
  std::string result;
  for (auto it = characters.rbegin(); it != characters.rend(); ++it) result += *it;
  give_text(context, result);
}

void translate_characters(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const auto from = characters_of(text_of(values[1]));
  const auto to = characters_of(text_of(values[2]));
  std::string result;
  for (const auto& character : characters_of(text_of(values[0]))) {
    const auto found = std::find(from.begin(), from.end(), character);
    if (found == from.end()) {
      result += character;
    } else if (static_cast<std::size_t>(found - from.begin()) < to.size()) {
      result += to[static_cast<std::size_t>(found - from.begin())];
    }
  }
  give_text(context, result);
}

void split_part(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const std::string text = text_of(values[0]), delimiter = text_of(values[1]);
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (!delimiter.empty()) {
    const auto next = text.find(delimiter, begin);
    if (next == std::string::npos) break;
    parts.push_back(text.substr(begin, next - begin));
    begin = next + delimiter.size();
  }
  parts.push_back(text.substr(begin));
  sqlite3_int64 index = sqlite3_value_int64(values[2]);
  if (index == 0)
    return give_error(context,
                      "[INVALID_INDEX_OF_ZERO] The index 0 is invalid. An index shall be either < 0 or > 0 (the first "
                      "element has index 1). SQLSTATE: 22003");
  index = index < 0 ? static_cast<sqlite3_int64>(parts.size()) + index : index - 1;
  give_text(context, index >= 0 && index < static_cast<sqlite3_int64>(parts.size())
                         ? parts[static_cast<std::size_t>(index)]
                         : "");
}

void concat_with_separator(Context context, int count, Values values) {
  if (is_null(values[0])) return;
  std::string result;
  bool first = true;
  for (int i = 1; i < count; ++i) {
    if (is_null(values[i])) continue;
    result += (first ? "" : text_of(values[0])) + text_of(values[i]);
    first = false;
  }
  give_text(context, result);
}

void with_regex(Context context, int count, Values values,
                const std::function<void(const std::string&, const std::regex&)>& use) {
  if (any_null(count, values)) return;
  const std::string text = text_of(values[0]), pattern = text_of(values[1]);
  // The library's matcher recurses over its subject.
  if (text.size() > 20000 || pattern.size() > 2000)
    return give_error(
        context,
        "[UNSUPPORTED_FEATURE] The emulator matches expressions against texts of up to 20000 bytes. SQLSTATE: 0A000");
  try {
    use(text, std::regex(pattern, std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    give_error(context,
               "[INVALID_PARAMETER_VALUE.PATTERN] '" + pattern + "' is not a regular expression. SQLSTATE: 22023");
  }
}

void rlike(Context context, int count, Values values) {
  with_regex(context, count, values, [&](const std::string& text, const std::regex& regex) {
    sqlite3_result_int(context, std::regex_search(text, regex) ? 1 : 0);
  });
}
void regexp_replace(Context context, int count, Values values) {
  with_regex(context, count, values, [&](const std::string& text, const std::regex& regex) {
    give_text(context, std::regex_replace(text, regex, text_of(values[2])));
  });
}
void regexp_extract(Context context, int count, Values values) {
  with_regex(context, count, values, [&](const std::string& text, const std::regex& regex) {
    const auto group = static_cast<std::size_t>(std::max(0, count > 2 ? sqlite3_value_int(values[2]) : 1));
    std::smatch match;
    give_text(context, std::regex_search(text, match, regex) && group < match.size() ? match[group].str() : "");
  });
}

void digest(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const std::string text = text_of(values[0]);
  const EVP_MD* method = EVP_get_digestbyname(text_of(values[1]).c_str());
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (method == nullptr || EVP_Digest(text.data(), text.size(), bytes.data(), &size, method, nullptr) != 1) return;
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[bytes[i] >> 4U];
    hex += "0123456789abcdef"[bytes[i] & 0x0fU];
  }
  give_text(context, hex);
}

void add_months(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const auto parsed = normalise_timestamp(text_of(values[0]));
  if (!parsed) return;
  const int months =
      std::stoi(parsed->substr(0, 4)) * 12 + std::stoi(parsed->substr(5, 2)) - 1 + sqlite3_value_int(values[1]);
  const int year = months / 12, month = months % 12 + 1;
  static constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (months < 0 || year > 9999) return;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int last = month == 2 && leap ? 29 : lengths[static_cast<std::size_t>(month - 1)];
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, std::min(last, std::stoi(parsed->substr(8, 2))));
  give_text(context, text);
}

void date_trunc(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const std::string unit = base::to_upper(text_of(values[0]));
  auto parsed = normalise_timestamp(text_of(values[1]));
  if (!parsed) return;
  std::string text = parsed->substr(0, 19);
  const auto keep = [&](std::size_t length) {
    return text.substr(0, length) + std::string("0000-01-01 00:00:00").substr(length);
  };
  if (unit == "YEAR" || unit == "YYYY" || unit == "YY") {
    text = keep(4);
  } else if (unit == "QUARTER") {
    const int month = (std::stoi(text.substr(5, 2)) - 1) / 3 * 3 + 1;
    text = text.substr(0, 5) + (month < 10 ? "0" : "") + std::to_string(month) + "-01 00:00:00";
  } else if (unit == "MONTH" || unit == "MM" || unit == "MON") {
    text = keep(7);
  } else if (unit == "DAY" || unit == "DD") {
    text = keep(10);
  } else if (unit == "HOUR") {
    text = keep(13);
  } else if (unit == "MINUTE") {
    text = keep(16);
  } else if (unit != "SECOND") {
    return give_error(context,
                      "[INVALID_PARAMETER_VALUE.DATETIME_UNIT] date_trunc() in the emulator takes YEAR, QUARTER, "
                      "MONTH, DAY, HOUR, MINUTE and SECOND. SQLSTATE: 22023");
  }
  give_text(context, text);
}

// "Datetime patterns": the numeric letters y M d H m s.
void date_format(Context context, int count, Values values) {
  if (any_null(count, values)) return;
  const auto parsed = normalise_timestamp(text_of(values[0]));
  if (!parsed) return;
  const std::string pattern = text_of(values[1]);
  std::string result;
  for (std::size_t i = 0; i < pattern.size();) {
    std::size_t run = 1;
    while (i + run < pattern.size() && pattern[i + run] == pattern[i]) ++run;
    const std::string_view letters = "yMdHms";
    static constexpr std::array<std::pair<std::size_t, std::size_t>, 6> places{
        {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
    const auto which = letters.find(pattern[i]);
    if (which != std::string_view::npos) {
      std::string field = parsed->substr(places[which].first, places[which].second);
      if (which == 0 && run == 2) field = field.substr(2);
      if (which != 0 && run == 1 && field.front() == '0') field.erase(0, 1);
      result += field;
    } else if (std::isalpha(static_cast<unsigned char>(pattern[i])) != 0) {
      return give_error(context,
                        "[INVALID_DATETIME_PATTERN] The emulator's date_format() takes the letters y, M, d, H, m and "
                        "s. SQLSTATE: 22007");
    } else {
      result += pattern.substr(i, run);
    }
    i += run;
  }
  give_text(context, result);
}

}  // namespace

void register_sql_functions(sqlite3* connection) {
  struct Entry {
    const char* name;
    int arguments;
    void (*function)(Context, int, Values);
  };
  static constexpr std::array entries{Entry{"dbx_cast", 4, cast_value},
                                      Entry{"dbx_divide", 2, divide},
                                      Entry{"dbx_modulo", 2, modulo},
                                      Entry{"dbx_greatest", -1, extreme<true>},
                                      Entry{"dbx_least", -1, extreme<false>},
                                      Entry{"dbx_initcap", 1, initcap},
                                      Entry{"dbx_lpad", -1, pad<true>},
                                      Entry{"dbx_rpad", -1, pad<false>},
                                      Entry{"dbx_repeat", 2, repeat},
                                      Entry{"dbx_reverse", 1, reverse},
                                      Entry{"dbx_translate", 3, translate_characters},
                                      Entry{"dbx_split_part", 3, split_part},
                                      Entry{"dbx_concat_ws", -1, concat_with_separator},
                                      Entry{"dbx_rlike", 2, rlike},
                                      Entry{"dbx_regexp_replace", 3, regexp_replace},
                                      Entry{"dbx_regexp_extract", -1, regexp_extract},
                                      Entry{"dbx_digest", 2, digest},
                                      Entry{"dbx_add_months", 2, add_months},
                                      Entry{"dbx_date_trunc", 2, date_trunc},
                                      Entry{"dbx_date_format", 2, date_format}};
  for (const auto& entry : entries) {
    sqlite3_create_function_v2(connection, entry.name, entry.arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                               entry.function, nullptr, nullptr, nullptr);
  }
}

}  // namespace dbxauth::emulator
