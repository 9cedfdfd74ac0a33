// SPDX-License-Identifier: Apache-2.0
#include "encoding/timestamp.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <ratio>

#include "base/text.hpp"

namespace dbxauth::encoding {
namespace {

using namespace std::chrono_literals;

// What Go writes for a time that was never set.
constexpr std::string_view kGoZeroTime = "0001-01-01T00:00:00Z";
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct CivilTime {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t nanosecond = 0;
  int offset_minutes = 0;  // East of UTC.
};

// Takes a text apart from the left. After the first mismatch every step fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) noexcept {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!at_digit()) {
        failed_ = true;
        return 0;
      }
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  void literal(std::string_view expected) noexcept {
    if (rest_.substr(0, expected.size()) != expected) {
      failed_ = true;
    } else {
      rest_.remove_prefix(expected.size());
    }
  }

  bool accept(char c) noexcept {
    if (failed_ || rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  template <std::size_t N>
  int one_of(const std::array<std::string_view, N>& names) noexcept {
    const auto found = std::find(names.begin(), names.end(), rest_.substr(0, 3));
    if (found == names.end()) {
      failed_ = true;
      return 0;
    }
    rest_.remove_prefix(3);
    return static_cast<int>(found - names.begin());
  }

  bool at_digit() const noexcept { return !failed_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  void fail() noexcept { failed_ = true; }
  bool complete() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// One to nine digits behind the point, in nanoseconds.
std::int64_t scan_fraction(Scanner& scanner) noexcept {
  std::int64_t value = 0;
  int count = 0;
  while (count < 9 && scanner.at_digit()) {
    value = value * 10 + scanner.digits(1);
    ++count;
  }
  if (count == 0) scanner.fail();
  for (; count < 9; ++count) value *= 10;
  return value;
}

int scan_offset(Scanner& scanner) noexcept {
  if (scanner.accept('Z') || scanner.accept('z')) return 0;
  const bool west = scanner.accept('-');
  if (!west) scanner.literal("+");
  const int hours = scanner.digits(2);
  scanner.literal(":");
  const int minutes = scanner.digits(2);
  if (hours > 23 || minutes > 59) scanner.fail();
  return (west ? -1 : 1) * (hours * 60 + minutes);
}

// A time outside the clock's range (1677 to 2262) is the end of the range on its side.
std::optional<SystemTime> to_system_time(const CivilTime& civil) {
  const std::chrono::year_month_day date{std::chrono::year{civil.year},
                                         std::chrono::month{static_cast<unsigned>(civil.month)},
                                         std::chrono::day{static_cast<unsigned>(civil.day)}};
  // A leap second is written as 60.
  if (!date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 60) return std::nullopt;
  const std::chrono::seconds since_epoch =
      std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{civil.hour} +
      std::chrono::minutes{civil.minute - civil.offset_minutes} + std::chrono::seconds{civil.second};
  const auto latest = std::chrono::floor<std::chrono::seconds>(SystemTime::max().time_since_epoch());
  const auto earliest = std::chrono::ceil<std::chrono::seconds>(SystemTime::min().time_since_epoch());
  if (since_epoch >= latest) return SystemTime::max();
  if (since_epoch < earliest) return SystemTime::min();
  return SystemTime(
      std::chrono::duration_cast<SystemTime::duration>(since_epoch + std::chrono::nanoseconds{civil.nanosecond}));
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

std::optional<SystemTime> parse_rfc3339(std::string_view text) {
  Scanner scanner(text);
  CivilTime civil;
  civil.year = scanner.digits(4);
  scanner.literal("-");
  civil.month = scanner.digits(2);
  scanner.literal("-");
  civil.day = scanner.digits(2);
  if (!scanner.accept('T')) scanner.literal("t");
  civil.hour = scanner.digits(2);
  scanner.literal(":");
  civil.minute = scanner.digits(2);
  scanner.literal(":");
  civil.second = scanner.digits(2);
  if (scanner.accept('.')) civil.nanosecond = scan_fraction(scanner);
  civil.offset_minutes = scan_offset(scanner);
  if (!scanner.complete()) return std::nullopt;
  if (text == kGoZeroTime) return SystemTime::max();
  return to_system_time(civil);
}

std::string format_rfc3339(SystemTime time) {
  if (time == SystemTime::max()) return std::string(kGoZeroTime);
  // In steps that stay in range at the clock's lower end, where the start of the day is not representable.
  constexpr std::int64_t per_second = std::nano::den;
  const std::int64_t nanoseconds = std::chrono::nanoseconds(time.time_since_epoch()).count();
  const std::int64_t fraction = (nanoseconds % per_second + per_second) % per_second;
  const std::chrono::sys_seconds second{
      std::chrono::seconds{nanoseconds / per_second - (nanoseconds % per_second < 0 ? 1 : 0)}};
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::seconds seconds = second - day;
  std::string text;
  append_padded(text, static_cast<int>(date.year()), 4);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.month()), 2);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.day()), 2);
  text += 'T';
  append_padded(text, seconds / 1h, 2);
  text += ':';
  append_padded(text, seconds % 1h / 1min, 2);
  text += ':';
  append_padded(text, seconds % 1min / 1s, 2);
  if (fraction != 0) {
    text += '.';
    append_padded(text, fraction, 9);
    while (text.back() == '0') text.pop_back();
  }
  return text + "Z";
}

std::optional<SystemTime> parse_http_date(std::string_view text) {
  Scanner scanner(text);
  CivilTime civil;
  scanner.one_of(kWeekdays);
  scanner.literal(", ");
  civil.day = scanner.digits(2);
  scanner.literal(" ");
  civil.month = scanner.one_of(kMonths) + 1;
  scanner.literal(" ");
  civil.year = scanner.digits(4);
  scanner.literal(" ");
  civil.hour = scanner.digits(2);
  scanner.literal(":");
  civil.minute = scanner.digits(2);
  scanner.literal(":");
  civil.second = scanner.digits(2);
  scanner.literal(" GMT");
  if (!scanner.complete()) return std::nullopt;
  return to_system_time(civil);
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, SystemTime now) {
  text = base::trim(text);
  if (text.empty()) return std::nullopt;
  const bool is_seconds = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_seconds) {
    const auto date = parse_http_date(text);
    if (!date) return std::nullopt;
    return *date <= now ? 0ms : std::chrono::ceil<std::chrono::milliseconds>(*date - now);
  }
  constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max() / 1000;
  std::int64_t seconds = 0;
  for (const char c : text) {
    if (seconds > (limit - 9) / 10) return std::chrono::milliseconds{limit * 1000};
    seconds = seconds * 10 + (c - '0');
  }
  return std::chrono::milliseconds{seconds * 1000};
}

}  // namespace dbxauth::encoding
