// SPDX-License-Identifier: Apache-2.0
#include "auth/strategies/azure_token_answer.hpp"

#include <time.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "auth/header_value.hpp"
#include "auth/strategy_error.hpp"
#include "base/text.hpp"
#include "encoding/jwt_claims.hpp"
#include "encoding/timestamp.hpp"

namespace dbxauth::auth {

namespace {

using SystemTime = std::chrono::system_clock::time_point;

// Far more than any issuer grants, and safe from overflow in time arithmetic.
constexpr std::int64_t maximum_seconds = 200LL * 365 * 24 * 3600;

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || text.empty() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> seconds(base::JsonView view) {
  std::optional<std::int64_t> value = view.as_integer();
  if (const auto number = view.as_number(); !value && number && std::fabs(*number) < maximum_seconds) {
    value = static_cast<std::int64_t>(*number);
  }
  if (const auto text = view.as_string()) value = integer(base::trim(*text));
  if (value && (*value < 0 || *value > maximum_seconds)) return std::nullopt;
  return value;
}

struct DateText {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;

  bool is_plausible() const noexcept {
    return year >= 1970 && year < 10000 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour >= 0 &&
           hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
  }
};

/// The pieces between `separator` as numbers; exactly three, or nothing.
std::optional<std::array<int, 3>> three_numbers(std::string_view text, char separator) {
  const auto pieces = base::split(text, separator);
  if (pieces.size() != 3) return std::nullopt;
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto number = integer(pieces[i]);
    if (!number || *number < 0 || *number > 9999) return std::nullopt;
    numbers[i] = static_cast<int>(*number);
  }
  return numbers;
}

tm broken_down(const DateText& date) {
  tm parts{};
  parts.tm_year = date.year - 1900;
  parts.tm_mon = date.month - 1;
  parts.tm_mday = date.day;
  parts.tm_hour = date.hour;
  parts.tm_min = date.minute;
  parts.tm_sec = date.second;
  return parts;
}

Result<SystemTime> unreadable(std::string_view what) {
  return Error(ErrorCode::protocol, fmt::format("{} states an expiry that cannot be read", what));
}

Result<SystemTime> read_expiry(base::JsonView answer, const AzureTokenMembers& members, const Token& token,
                               SystemTime now, std::string_view what) {
  if (const auto view = answer[members.expires_on]; !view.is_null_or_missing() && view.as_string() != "") {
    if (const auto value = seconds(view)) return SystemTime(std::chrono::seconds(*value));
    if (const auto date = parse_app_service_time(view.string_or())) return *date;
    return unreadable(what);
  }
  if (const auto view = answer[members.expires_in]; !view.is_null_or_missing() && view.as_string() != "") {
    if (const auto value = seconds(view)) return now + std::chrono::seconds(*value);
    return unreadable(what);
  }
  if (const auto claims = encoding::read_jwt_claims(token.access_token.reveal()); claims && claims->expires_at) {
    return *claims->expires_at;
  }
  if (const auto view = answer[members.local_time]; !view.is_null_or_missing()) {
    if (const auto time = parse_local_time(view.string_or())) return *time;
    return unreadable(what);
  }
  return SystemTime::max();
}

}  // namespace

std::optional<SystemTime> parse_app_service_time(std::string_view text) {
  text = base::trim(text);
  if (const auto time = encoding::parse_rfc3339(text)) return time;
  const auto words = base::split(text, ' ');
  if (words.size() < 2 || words.size() > 4) return std::nullopt;
  const auto date = three_numbers(words[0], '/');
  const auto time = three_numbers(words[1], ':');
  if (!date || !time) return std::nullopt;
  DateText parts{(*date)[2], (*date)[0], (*date)[1], (*time)[0], (*time)[1], (*time)[2]};
  std::size_t next = 2;
  if (next < words.size() && (words[next] == "AM" || words[next] == "PM")) {
    // Seen with hours of both clocks: "00:00:00 PM" is not noon.
    if (words[next] == "PM" && parts.hour > 0 && parts.hour < 12) parts.hour += 12;
    if (words[next] == "AM" && parts.hour == 12) parts.hour = 0;
    ++next;
  }
  const bool utc = next == words.size() || (next + 1 == words.size() && words[next] == "+00:00");
  if (!utc || !parts.is_plausible()) return std::nullopt;
  tm broken = broken_down(parts);
  return std::chrono::system_clock::from_time_t(::timegm(&broken));
}

std::optional<SystemTime> parse_local_time(std::string_view text) {
  text = base::trim(text);
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto date = three_numbers(text.substr(0, space), '-');
  std::string_view clock = text.substr(space + 1);
  clock = clock.substr(0, clock.find('.'));
  const auto time = three_numbers(clock, ':');
  if (!date || !time) return std::nullopt;
  const DateText parts{(*date)[0], (*date)[1], (*date)[2], (*time)[0], (*time)[1], (*time)[2]};
  if (!parts.is_plausible()) return std::nullopt;
  std::optional<SystemTime> earliest;
  for (const int daylight_saving : {-1, 0, 1}) {
    tm broken = broken_down(parts);
    broken.tm_isdst = daylight_saving;
    const time_t moment = ::mktime(&broken);
    // mktime() moves the hour when the flag does not hold at that time.
    if (moment == static_cast<time_t>(-1) || broken.tm_hour != parts.hour || broken.tm_min != parts.minute) continue;
    const SystemTime reading = std::chrono::system_clock::from_time_t(moment);
    if (!earliest || reading < *earliest) earliest = reading;
  }
  return earliest;
}

Result<Token> read_azure_token(base::JsonView answer, const AzureTokenMembers& members, SystemTime now,
                               std::string_view what) {
  Token token;
  token.access_token = SecretString(answer[members.access_token].string_or());
  if (token.access_token.empty()) {
    return Error(ErrorCode::protocol, fmt::format("{} holds no {}", what, members.access_token));
  }
  const std::string_view type = answer[members.token_type].string_or();
  token.token_type = type.empty() || base::equals_ignoring_case(type, "bearer") ? "Bearer" : std::string(type);
  if (!is_header_safe(token.access_token.reveal()) || !is_header_safe(token.token_type)) {
    return Error(ErrorCode::protocol, fmt::format("{} holds a token with control characters", what));
  }
  const auto expires_at = read_expiry(answer, members, token, now, what);
  if (!expires_at) return expires_at.error();
  token.expires_at = *expires_at;
  if (token.expires_at == SystemTime::max()) return token;
  if (token.expires_at <= now) {
    return with_fix(Error(ErrorCode::protocol, fmt::format("{} holds a token that ended at {}", what,
                                                           encoding::format_rfc3339(token.expires_at))),
                    "check the clock and the time zone of this machine");
  }
  token.lifetime = std::chrono::floor<std::chrono::seconds>(token.expires_at - now);
  return token;
}

}  // namespace dbxauth::auth
