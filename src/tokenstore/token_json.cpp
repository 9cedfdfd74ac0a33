// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/token_json.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "encoding/timestamp.hpp"

namespace dbxauth::tokenstore {
namespace {

using SystemTime = std::chrono::system_clock::time_point;

// Go's zero time, which its encoder cannot leave out.
constexpr std::string_view kNoExpiry = "0001-01-01T00:00:00Z";

constexpr std::string_view kMembers[] = {"access_token", "token_type", "refresh_token", "expiry", "expires_in"};

std::string expiry_text(SystemTime expires_at) {
  if (expires_at == SystemTime::max()) return std::string(kNoExpiry);
  return encoding::format_rfc3339(expires_at);
}

void append_member(SecretString& out, std::string_view name, std::string_view value) {
  if (out.size() > 1) out.append(",");
  append_json_string(out, name);
  out.append(":");
  append_json_string(out, value);
}

bool is_none(std::string_view expiry) {
  return expiry.empty() || expiry.substr(0, 10) == kNoExpiry.substr(0, 10);
}

std::chrono::seconds lifetime_of(base::JsonView value) {
  std::int64_t seconds = 0;
  if (const std::optional<std::string_view> text = value.as_string()) {
    std::from_chars(text->data(), text->data() + text->size(), seconds);
  } else {
    seconds = value.integer_or(0);
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 1'000'000'000));
}

}  // namespace

SecretString encode_token(const Token& token, const std::vector<RawMember>& others) {
  SecretString out("{");
  out.reserve(token.access_token.size() + token.refresh_token.size() + 256);
  append_member(out, "access_token", token.access_token.reveal());
  if (!token.token_type.empty()) append_member(out, "token_type", token.token_type);
  if (!token.refresh_token.empty()) append_member(out, "refresh_token", token.refresh_token.reveal());
  append_member(out, "expiry", expiry_text(token.expires_at));
  if (token.lifetime.count() > 0) out.append(fmt::format(",\"expires_in\":{}", token.lifetime.count()));
  for (const RawMember& other : others) {
    out.append(",");
    append_json_string(out, other.key);
    out.append(":");
    out.append(other.value);
  }
  out.append("}");
  return out;
}

Result<Token> decode_token(base::JsonView object, std::string_view what) {
  if (!object.is_object()) return Error(ErrorCode::protocol, fmt::format("{} is not a JSON object", what));
  Token token;
  std::string_view expiry;
  bool expiry_is_text = true;
  object.each_member([&](std::string_view key, base::JsonView value) {
    const auto is = [&](std::string_view name) { return base::equals_ignoring_case(key, name); };
    if (is("access_token"))
      token.access_token = SecretString(value.string_or());
    else if (is("token_type"))
      token.token_type = std::string(value.string_or("Bearer"));
    else if (is("refresh_token"))
      token.refresh_token = SecretString(value.string_or());
    else if (is("expires_in"))
      token.lifetime = lifetime_of(value);
    else if (is("expiry")) {
      expiry = value.string_or();
      expiry_is_text = value.is_string() || value.is_null_or_missing();
    }
  });
  if (token.access_token.empty() && token.refresh_token.empty()) {
    return Error(ErrorCode::protocol, fmt::format("{} has neither an access_token nor a refresh_token", what));
  }
  if (token.token_type.empty()) token.token_type = "Bearer";
  if (is_none(expiry) && expiry_is_text) return token;
  const std::optional<encoding::SystemTime> time = encoding::parse_rfc3339(expiry);
  if (!expiry_is_text || !time) {
    return Error(ErrorCode::protocol, fmt::format("the expiry of {} is not an RFC 3339 time", what));
  }
  token.expires_at = *time;
  return token;
}

std::vector<RawMember> other_members(std::string_view raw_token) {
  RawObject object = slice_object(raw_token);
  const auto known = [](const RawMember& member) {
    return std::any_of(std::begin(kMembers), std::end(kMembers),
                       [&](std::string_view name) { return base::equals_ignoring_case(member.key, name); });
  };
  object.members.erase(std::remove_if(object.members.begin(), object.members.end(), known), object.members.end());
  return std::move(object.members);
}

}  // namespace dbxauth::tokenstore
