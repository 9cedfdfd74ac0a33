// SPDX-License-Identifier: Apache-2.0
// A pass goes from left to right. A word (letters, digits, `_`, `-`) is looked at once where it starts; a match copies
// the part that may be shown, writes the mark and goes on behind the secret. The mark contains nothing that matches
// again.
#include "base/redaction.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace dbxauth::base {
namespace {

constexpr std::string_view kMark = "[redacted]";

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
bool is_letter(char c) noexcept {
  return is_lower(c) || is_upper(c);
}
bool is_word(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}
bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
bool is_space(char c) noexcept {
  return is_blank(c) || c == '\r' || c == '\n';
}
bool is_quote(char c) noexcept {
  return c == '"' || c == '\'';
}
// RFC 9110 §11.2 token68, and `_` of base64url.
bool is_token68(char c) noexcept {
  return is_word(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}
bool ends_plain_value(char c) noexcept {
  return is_space(c) || is_quote(c) || c == '&' || c == '<' || c == '>';
}

bool has_digit(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), is_digit);
}
bool has_inner_capital(std::string_view text) noexcept {
  return text.size() > 1 && std::any_of(text.begin() + 1, text.end(), is_upper);
}

// Names of one meaning, always secret, lower case with underscores.
constexpr std::array<std::string_view, 25> kSecretNames = {"access_token",
                                                           "refresh_token",
                                                           "id_token",
                                                           "client_secret",
                                                           "password",
                                                           "passwd",
                                                           "token_value",
                                                           "assertion",
                                                           "client_assertion",
                                                           "subject_token",
                                                           "actor_token",
                                                           "code_verifier",
                                                           "device_code",
                                                           "private_key",
                                                           "passphrase",
                                                           "api_key",
                                                           "authorization",
                                                           "proxy_authorization",
                                                           "cookie",
                                                           "set_cookie",
                                                           "session_key",
                                                           "sas_token",
                                                           "x_databricks_azure_sp_management_token",
                                                           "identity_header",
                                                           "x_identity_header"};
// Names that are also ordinary words: their values count as secrets only where the form leaves little doubt.
constexpr std::array<std::string_view, 3> kAmbiguousNames = {"code", "token", "secret"};
constexpr std::array<std::string_view, 5> kSecretSuffixes = {"_token", "_secret", "_password", "_passphrase",
                                                             "_private_key"};
// Positions in a paged list end in `_token` and are no secret.
constexpr std::array<std::string_view, 6> kHarmlessNames = {
    "page_token", "next_page_token", "prev_page_token", "previous_page_token", "continuation_token", "sync_token"};
constexpr std::size_t kLongestName = 64;
// Databricks: personal access tokens `dapi`, OAuth secrets `dose`, others; each with 32 hex digits behind.
constexpr std::array<std::string_view, 4> kTokenPrefixes = {"dapi", "dose", "dkea", "dsapi"};

enum class NameClass { ordinary, ambiguous, secret, authorization, cookie };

bool ends_with(std::string_view text, std::string_view suffix) noexcept {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

template <class List>
bool contains(const List& list, std::string_view name) noexcept {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// `name` in lower case with underscores (accessToken, Access-Token: access_token).
NameClass classify_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kLongestName) return NameClass::ordinary;
  std::array<char, 2 * kLongestName> buffer;
  std::size_t size = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_upper(c)) {
      if (i > 0 && (is_lower(name[i - 1]) || is_digit(name[i - 1]))) buffer[size++] = '_';
      buffer[size++] = static_cast<char>(c + ('a' - 'A'));
    } else {
      buffer[size++] = c == '-' ? '_' : c;
    }
  }
  const std::string_view normalised(buffer.data(), size);
  if (normalised == "authorization" || normalised == "proxy_authorization") return NameClass::authorization;
  if (normalised == "cookie" || normalised == "set_cookie") return NameClass::cookie;
  if (contains(kSecretNames, normalised)) return NameClass::secret;
  if (contains(kAmbiguousNames, normalised)) return NameClass::ambiguous;
  if (contains(kHarmlessNames, normalised)) return NameClass::ordinary;
  const bool secret = std::any_of(kSecretSuffixes.begin(), kSecretSuffixes.end(),
                                  [&](std::string_view suffix) { return ends_with(normalised, suffix); });
  return secret ? NameClass::secret : NameClass::ordinary;
}

class Redactor {
 public:
  explicit Redactor(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (is_word(text_[at_])) {
        word();
      } else if (!user_info()) {
        copy_to(at_ + 1);
      }
    }
    return std::move(out_);
  }

 private:
  char peek(std::size_t i) const noexcept { return i < text_.size() ? text_[i] : '\0'; }
  char previous() const noexcept { return at_ > 0 ? text_[at_ - 1] : '\0'; }

  template <class Test>
  std::size_t run_end(std::size_t from, Test test) const noexcept {
    while (from < text_.size() && test(text_[from])) ++from;
    return from;
  }

  void copy_to(std::size_t end) {
    out_ += text_.substr(at_, end - at_);
    at_ = end;
  }

  // Shows what is before `begin`, hides [begin, end).
  bool hide(std::size_t begin, std::size_t end) {
    copy_to(begin);
    out_ += kMark;
    at_ = end;
    return true;
  }

  void word() {
    const std::size_t end = run_end(at_, is_word);
    if (jwt(end) || vendor_token(end) || auth_scheme(end) || named_value(end)) return;
    // The letter of an escape (`\n`, `%20`) glued to the word behind it.
    if (previous() == '\\' && end - at_ > 1 && std::string_view("nrtbf").find(text_[at_]) != std::string_view::npos) {
      copy_to(at_ + 1);
    } else if (previous() == '\\' && end - at_ > 5 && text_[at_] == 'u') {
      copy_to(at_ + 5);
    } else if (previous() == '%' && end - at_ > 2 && is_hex(text_[at_]) && is_hex(text_[at_ + 1])) {
      copy_to(at_ + 2);
    } else if (!embedded_jwt(end) && !embedded_vendor_token(end)) {
      copy_to(end);
    }
  }

  // The end of `.segment` runs behind the first segment of a JWS (3 segments) or JWE (5 segments), RFC 7515 and 7516.
  std::size_t dotted_end(std::size_t end, int& dots) const noexcept {
    for (dots = 0; dots < 4 && peek(end) == '.'; ++dots) {
      const std::size_t next = run_end(end + 1, is_word);
      if (next == end + 1 && dots >= 2) break;
      end = next;
    }
    return end;
  }

  bool looks_like_jwt(std::size_t begin, std::size_t end, std::size_t shortest) const noexcept {
    if (text_.substr(begin, 3) != "eyJ") return false;
    const bool claims_follow = text_.substr(end, 4) == ".eyJ";
    return end - begin >= shortest || (claims_follow && end - begin >= 8);
  }

  bool jwt(std::size_t end) {
    // Long enough, it is hidden without its dots too: a text may have been cut.
    constexpr std::size_t kSurely = 24;
    if (!looks_like_jwt(at_, end, 10)) return false;
    int dots = 0;
    const std::size_t all = dotted_end(end, dots);
    return (dots >= 2 || end - at_ >= kSurely) && hide(at_, all);
  }

  // A JWT with something glued to its front.
  bool embedded_jwt(std::size_t end) {
    if (text_.substr(end, 4) != ".eyJ") return false;
    const std::size_t found = text_.substr(at_, end - at_).find("eyJ");
    if (found == std::string_view::npos || found == 0 || !looks_like_jwt(at_ + found, end, 8)) return false;
    int dots = 0;
    const std::size_t all = dotted_end(end, dots);
    return hide(at_ + found, all);
  }

  bool vendor_token(std::size_t end) {
    const std::string_view token = text_.substr(at_, end - at_);
    for (const std::string_view prefix : kTokenPrefixes) {
      if (token.substr(0, prefix.size()) != prefix) continue;
      const std::string_view rest = token.substr(prefix.size());
      const auto hex_digits = std::find_if_not(rest.begin(), rest.end(), is_hex) - rest.begin();
      const bool opaque = rest.size() >= 20 && has_digit(rest) && rest.find('_') == std::string_view::npos;
      if ((hex_digits >= 8 && has_digit(rest)) || opaque) return hide(at_, end);
    }
    return false;
  }

  // A complete token with something glued to its front.
  bool embedded_vendor_token(std::size_t end) {
    constexpr std::size_t kDigits = 32;
    const std::string_view word = text_.substr(at_, end - at_);
    for (const std::string_view prefix : kTokenPrefixes) {
      for (auto found = word.find(prefix); found != std::string_view::npos;
           found = word.find(prefix, found + prefix.size())) {
        const std::string_view digits = word.substr(found + prefix.size(), kDigits);
        if (digits.size() == kDigits && std::all_of(digits.begin(), digits.end(), is_hex))
          return hide(at_ + found, end);
      }
    }
    return false;
  }

  // `user:password` in base64, RFC 7617.
  static bool holds_basic_credentials(std::string_view base64) noexcept {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (base64.size() < 4) return false;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : base64) {
      const auto value = alphabet.find(c);
      if (value == std::string_view::npos) break;
      bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFF;
      count += 6;
      if (count < 8) continue;
      count -= 8;
      if ((bits >> count & 0xFF) == ':') return true;
    }
    return false;
  }

  bool auth_scheme(std::size_t end) {
    const std::string_view scheme = text_.substr(at_, end - at_);
    const bool bearer = equals_ignoring_case(scheme, "bearer");
    if (!bearer && !equals_ignoring_case(scheme, "basic")) return false;
    std::size_t begin = run_end(end, is_blank);
    if (begin == end) {
      while (text_.substr(begin, 3) == "%20") begin += 3;
      if (begin == end && peek(begin) == '+') ++begin;
    }
    if (begin == end) return false;
    const std::size_t value_end = run_end(begin, is_token68);
    const std::string_view value = text_.substr(begin, value_end - begin);
    // A parameter of a challenge: `Bearer error="invalid_token"`.
    if (value.empty() || (value.back() == '=' && is_quote(peek(value_end)))) return false;
    const bool secret = bearer
                            ? has_digit(value) || value.size() >= 24 || (value.size() >= 8 && has_inner_capital(value))
                            : holds_basic_credentials(value);
    return secret && hide(begin, value_end);
  }

  bool named_value(std::size_t end) {
    const NameClass name = classify_name(text_.substr(at_, end - at_));
    if (name == NameClass::ordinary) return false;
    return quoted_name(end, name) || plain_name(end, name);
  }

  // Behind an opening quote that has `escapes` backslashes before it: the position of the closing one, or the end.
  std::size_t closing_quote(std::size_t from, char quote, std::size_t escapes) const noexcept {
    std::size_t backslashes = 0;
    for (std::size_t i = from; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++backslashes;
        continue;
      }
      if (text_[i] == quote && (escapes == 0 ? backslashes % 2 == 0 : backslashes <= escapes))
        return i - std::min(backslashes, escapes);
      backslashes = 0;
    }
    return text_.size();
  }

  bool secret_for(NameClass name, std::string_view value) const noexcept {
    if (value.empty()) return false;
    if (name != NameClass::ambiguous) return true;
    // `"code": "RESOURCE_DOES_NOT_EXIST"`, `"code": "404"`, `"code": "42P01"`
    const bool identifier =
        std::all_of(value.begin(), value.end(), [](char c) { return is_letter(c) || c == '_' || c == '.'; });
    return !identifier && !(value.size() <= 5 && has_digit(value));
  }

  // A JSON member, also inside a JSON string, or Python's repr of a dict.
  bool quoted_name(std::size_t end, NameClass name) {
    const std::size_t name_quote = run_end(end, [](char c) { return c == '\\'; });
    const char quote = peek(name_quote);
    if (!is_quote(quote) || previous() != quote) return false;
    const std::size_t separator = run_end(name_quote + 1, is_space);
    if (peek(separator) != ':') return false;
    const std::size_t value_start = run_end(separator + 1, is_space);
    const std::size_t value_quote = run_end(value_start, [](char c) { return c == '\\'; });
    if (!is_quote(peek(value_quote))) return false;
    const std::size_t begin = value_quote + 1;
    const std::size_t value_end = closing_quote(begin, text_[value_quote], value_quote - value_start);
    if (!secret_for(name, text_.substr(begin, value_end - begin))) return false;
    return hide(begin, value_end);
  }

  std::size_t plain_value_end(std::size_t from, bool encoded) const noexcept {
    std::size_t i = from;
    for (; i < text_.size() && !ends_plain_value(text_[i]); ++i) {
      if (encoded && text_.substr(i, 3) == "%26") break;
      // An escape sequence of a quoted text, not a character of the value.
      if (text_[i] == '\\' && (is_quote(peek(i + 1)) || peek(i + 1) == 'n' || peek(i + 1) == 'r')) break;
    }
    return i;
  }

  // `name=value` of forms, query strings and connection strings, `name = value` of INI files, `Name: value` of headers.
  bool plain_name(std::size_t end, NameClass name) {
    const bool encoded = equals_ignoring_case(text_.substr(end, 3), "%3d");
    if (encoded) return plain_value(end + 3, name, true);
    const std::size_t separator = run_end(end, is_blank);
    const char sign = peek(separator);
    if (sign == '=' && peek(separator + 1) != '=') {
      const std::size_t begin = run_end(separator + 1, is_blank);
      if (name == NameClass::ambiguous && begin != end + 1) return false;
      return plain_value(begin, name, false);
    }
    if (sign != ':' || separator != end || name == NameClass::ambiguous || peek(separator + 1) == ':') return false;
    return header_value(run_end(separator + 1, is_blank), name);
  }

  bool plain_value(std::size_t begin, NameClass name, bool encoded) {
    if (is_quote(peek(begin))) {
      const std::size_t close = closing_quote(begin + 1, text_[begin], 0);
      return secret_for(name, text_.substr(begin + 1, close - begin - 1)) && name != NameClass::ambiguous &&
             hide(begin + 1, close);
    }
    const std::size_t end = plain_value_end(begin, encoded);
    const std::string_view value = text_.substr(begin, end - begin);
    if (value.empty()) return false;
    if (name == NameClass::ambiguous && !ambiguous_field_is_secret(value)) return false;
    return hide(begin, end);
  }

  // `code=` in a query string is an authorization code; `exit code=404` and `ON t.code=s.code` are not.
  bool ambiguous_field_is_secret(std::string_view value) const noexcept {
    const char before = previous();
    if (before == '.') return false;
    if (value.size() <= 5 && std::all_of(value.begin(), value.end(), is_digit)) return false;
    if (before == '\0' || before == '?' || before == '&' || before == '\n' || is_quote(before)) return true;
    return value.size() >= 8 && has_digit(value) && value != kMark;
  }

  bool header_value(std::size_t begin, NameClass name) {
    if (name == NameClass::secret) {
      if (is_quote(peek(begin))) return plain_value(begin, name, false);
      const std::size_t end = plain_value_end(begin, false);
      const std::string_view value = text_.substr(begin, end - begin);
      // Prose: "client_secret: not configured".
      const bool prose = !has_digit(value) && !has_inner_capital(value) && value.size() < 24 &&
                         std::all_of(value.begin(), value.end(),
                                     [](char c) { return is_word(c) || c == '.' || c == ',' || c == ';'; });
      return !prose && value != kMark && hide(begin, end);
    }
    if (name == NameClass::authorization) {
      const std::size_t scheme_end = run_end(begin, is_word);
      const std::string_view scheme = text_.substr(begin, scheme_end - begin);
      const std::size_t value_begin = run_end(scheme_end, is_blank);
      if (value_begin != scheme_end &&
          (equals_ignoring_case(scheme, "bearer") || equals_ignoring_case(scheme, "basic"))) {
        const std::size_t value_end = plain_value_end(value_begin, false);
        return value_end != value_begin && hide(value_begin, value_end);
      }
    }
    const std::size_t line_end = run_end(begin, [](char c) { return c != '\r' && c != '\n' && !is_quote(c); });
    return line_end != begin && hide(begin, line_end);
  }

  // `https://user:password@host`
  bool user_info() {
    if (text_.substr(at_, 3) != "://") return false;
    std::size_t user_end = std::string_view::npos;
    for (std::size_t i = at_ + 3; i < text_.size(); ++i) {
      const char c = text_[i];
      if (is_space(c) || is_quote(c) || c == '/' || c == '?' || c == '#' || c == '<' || c == '>' || c == '\\') break;
      if (c == '@') user_end = i;
    }
    if (user_end == std::string_view::npos || user_end == at_ + 3) return false;
    return hide(at_ + 3, user_end);
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

}  // namespace

std::string redact(std::string_view text) {
  // What stood next to a hidden part may look like a credential once it is gone, so passes follow until one changes
  // nothing; ordinary text needs one. A text made to need more than a few is hidden as a whole.
  constexpr int kMostPasses = 8;
  std::string current = Redactor(text).run();
  if (current == text) return current;
  for (int pass = 1; pass < kMostPasses; ++pass) {
    std::string next = Redactor(current).run();
    if (next == current) return current;
    current = std::move(next);
  }
  return std::string(kMark);
}

std::string redact_excerpt(std::string_view text, std::size_t limit) {
  std::string result = redact(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  if (result.size() <= limit) return result;
  std::size_t end = limit;
  // Not into the middle of a character: at most three continuation bytes belong to one.
  for (int back = 0; back < 3 && end > 0 && (static_cast<unsigned char>(result[end]) & 0xC0) == 0x80; ++back) --end;
  result.resize(end);
  return result;
}

bool is_sensitive_name(std::string_view name) noexcept {
  return classify_name(name) != NameClass::ordinary;
}

}  // namespace dbxauth::base
