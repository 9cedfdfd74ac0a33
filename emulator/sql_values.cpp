// SPDX-License-Identifier: Apache-2.0
#include "sql_values.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <cstdlib>

namespace dbxauth::emulator {
namespace {

bool digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return false;
  return text.substr(at, count).find_first_not_of("0123456789") == std::string_view::npos;
}
int number_at(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value * 10 + (text[at + i] - '0');
  return value;
}

// As Java writes doubles: a point always, exponents from 1E7 on and below 1E-3.
std::string double_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  const double size = std::fabs(number);
  if (size != 0.0 && (size >= 1e7 || size < 1e-3)) {
    std::string text = fmt::format("{:e}", number);
    std::string shortest = fmt::format("{}", number);
    // The shortest digits, rewritten with one digit before the point.
    std::string digits;
    for (const char c : shortest.substr(0, shortest.find('e'))) {
      if (c >= '0' && c <= '9') digits += c;
    }
    digits.erase(0, digits.find_first_not_of('0'));
    while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
    const int exponent = std::stoi(text.substr(text.find('e') + 1));
    return (number < 0 ? "-" : "") + digits.substr(0, 1) + "." + (digits.size() > 1 ? digits.substr(1) : "0") + "E" +
           std::to_string(exponent);
  }
  std::string text = fmt::format("{}", number);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::optional<std::string> normalise_timestamp(std::string_view text) {
  if (!digits_at(text, 0, 4) || text.size() < 10 || text[4] != '-' || !digits_at(text, 5, 2) || text[7] != '-' ||
      !digits_at(text, 8, 2))
    return std::nullopt;
  const int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
  static constexpr std::array<int, 12> lengths{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month < 1 || month > 12 || day < 1 || day > lengths[static_cast<std::size_t>(month - 1)] ||
      (month == 2 && day == 29 && !leap))
    return std::nullopt;
  std::string result(text.substr(0, 10));
  if (text.size() == 10) return result + " 00:00:00";
  if ((text[10] != ' ' && text[10] != 'T') || !digits_at(text, 11, 2) || text.size() < 16 || text[13] != ':' ||
      !digits_at(text, 14, 2))
    return std::nullopt;
  result += " " + std::string(text.substr(11, 5));
  std::size_t at = 16;
  if (at < text.size() && text[at] == ':' && digits_at(text, at + 1, 2)) {
    result += text.substr(at, 3);
    at += 3;
  } else {
    result += ":00";
  }
  if (number_at(text, 11, 2) > 23 || number_at(text, 14, 2) > 59 || number_at(result, 17, 2) > 59) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    std::string fraction = ".";
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      if (fraction.size() < 7) fraction += text[at];
    }
    fraction = without_trailing_zeros(fraction);
    result += fraction;
  }
  const std::string_view rest = text.substr(at);
  if (!rest.empty() && rest != "Z" && rest != "+00:00" && rest != " UTC") return std::nullopt;
  return result;
}

std::string sql_text(const SqlType& type, const std::string& stored, double number) {
  if (type.is("boolean")) return number != 0.0 ? "true" : "false";
  if (type.is_decimal()) {
    std::string text = fmt::format("{:.{}f}", number, type.scale);
    if (text.size() > 1 && text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
    return text;
  }
  if (type.is_floating())
    return type.is("float") ? double_text(std::strtod(fmt::format("{:.7g}", number).c_str(), nullptr))
                            : double_text(number);
  if (type.is("timestamp") || type.is("timestamp_ntz")) return without_trailing_zeros(stored);
  return stored;
}

std::optional<std::string> json_array_value(const Query& row, int column, const SqlType& type) {
  if (row.is_null(column)) return std::nullopt;
  const std::string stored = row.text(column);
  if (type.is("timestamp") || type.is("timestamp_ntz")) {
    const auto normal = normalise_timestamp(stored);
    if (!normal) return stored;
    std::string text = *normal;
    text[10] = 'T';
    if (text.size() == 19) text += '.';
    while (text.size() < 23) text += '0';
    return text + (type.is("timestamp") ? "Z" : "");
  }
  if (type.is("binary")) {
    std::string encoded((stored.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                        reinterpret_cast<const unsigned char*>(stored.data()), static_cast<int>(stored.size()));
    encoded.resize(static_cast<std::size_t>(size));
    return encoded;
  }
  return sql_text(type, stored, row.real(column));
}

}  // namespace dbxauth::emulator
