// SPDX-License-Identifier: Apache-2.0
#include "access_tokens.hpp"

#include <algorithm>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "crypto.hpp"
#include "encoding/base64url.hpp"
#include "request_error.hpp"

namespace dbxauth::emulator {

namespace {

constexpr std::int64_t remember_expired_ms = 3600 * 1000;

}  // namespace

AccessTokens::AccessTokens(std::function<std::int64_t()> now_ms)
    : now_ms_(std::move(now_ms)), signing_key_(random_bytes(32)) {}

std::string AccessTokens::issue_jwt(TokenKind kind, const JwtRequest& request) {
  const std::int64_t now = now_ms_();
  const std::int64_t issued_at = now / 1000;
  base::JsonWriter claims;
  claims.begin_object();
  claims.member("iss", request.issuer);
  claims.member("sub", request.subject.empty() ? request.principal : request.subject);
  claims.member("client_id", request.client_id);
  claims.member("aud", request.audience).member("iat", issued_at).member("exp", issued_at + request.lifetime_s);
  if (!request.scope.empty()) claims.member("scope", request.scope);
  if (kind == TokenKind::entra) claims.member("appid", request.client_id);
  for (const auto& [name, value] : request.claims) claims.member(name, value);
  claims.member("jti", random_hex(32)).end_object();
  const std::string signed_text =
      encoding::base64url(R"({"alg":"HS256","typ":"JWT","kid":"emulator"})") + "." + encoding::base64url(claims.text());
  std::string token = signed_text + "." + encoding::base64url(hmac_sha256(signing_key_, signed_text));

  AccessToken info;
  info.kind = kind;
  info.id = sha256_hex(token);
  info.principal = request.principal;
  info.client_id = request.client_id;
  info.issuer = request.issuer;
  if (kind == TokenKind::entra || kind == TokenKind::google_identity) info.resource = request.audience;
  for (const std::string_view scope : base::split(request.scope, ' '))
    if (!scope.empty()) info.scopes.emplace_back(scope);
  info.created_at_ms = now;
  info.expires_at_ms = now + request.lifetime_s * 1000;
  const std::lock_guard lock(mutex_);
  forget_long_expired();
  by_id_.insert_or_assign(info.id, std::move(info));
  return token;
}

AccessTokens::PersonalToken AccessTokens::create_personal(const std::string& principal, std::string comment,
                                                          std::int64_t lifetime_s, std::vector<std::string> scopes) {
  PersonalToken token;
  token.value = "dapi" + random_hex(32);
  token.info.kind = TokenKind::personal_access;
  token.info.id = sha256_hex(token.value);
  token.info.principal = principal;
  token.info.comment = std::move(comment);
  token.info.scopes = std::move(scopes);
  token.info.created_at_ms = now_ms_();
  token.info.expires_at_ms = lifetime_s < 0 ? -1 : token.info.created_at_ms + lifetime_s * 1000;
  const std::lock_guard lock(mutex_);
  const auto owned = std::count_if(by_id_.begin(), by_id_.end(), [&](const auto& entry) {
    return entry.second.kind == TokenKind::personal_access && entry.second.principal == principal;
  });
  if (static_cast<std::size_t>(owned) >= personal_tokens_per_user)
    throw RequestError(400, "QUOTA_EXCEEDED",
                       "The maximum number of tokens (600) has been reached for user " + principal + ".");
  by_id_.insert_or_assign(token.info.id, token.info);
  return token;
}

std::vector<AccessToken> AccessTokens::personal_tokens_of(const std::string& principal) const {
  std::vector<AccessToken> tokens;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, token] : by_id_)
      if (token.kind == TokenKind::personal_access && token.principal == principal) tokens.push_back(token);
  }
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const AccessToken& a, const AccessToken& b) { return a.created_at_ms < b.created_at_ms; });
  return tokens;
}

bool AccessTokens::remove_personal(const std::string& principal, const std::string& token_id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(token_id);
  if (found == by_id_.end() || found->second.kind != TokenKind::personal_access || found->second.principal != principal)
    return false;
  by_id_.erase(found);
  return true;
}

bool AccessTokens::update_personal(const std::string& principal, const std::string& token_id,
                                   const std::optional<std::string>& comment,
                                   const std::optional<std::vector<std::string>>& scopes) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(token_id);
  if (found == by_id_.end() || found->second.kind != TokenKind::personal_access || found->second.principal != principal)
    return false;
  if (comment) found->second.comment = *comment;
  if (scopes) found->second.scopes = *scopes;
  return true;
}

std::optional<AccessToken> AccessTokens::find(std::string_view token) const {
  const std::string id = sha256_hex(token);
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

bool AccessTokens::is_expired(const AccessToken& token) const {
  return token.expires_at_ms >= 0 && token.expires_at_ms <= now_ms_();
}

std::size_t AccessTokens::expire(std::optional<TokenKind> kind, const std::optional<std::string>& principal) {
  const std::int64_t now = now_ms_();
  std::size_t count = 0;
  const std::lock_guard lock(mutex_);
  for (auto& [id, token] : by_id_) {
    if ((kind && token.kind != *kind) || (principal && token.principal != *principal)) continue;
    if (token.expires_at_ms >= 0 && token.expires_at_ms <= now) continue;
    token.expires_at_ms = now;
    ++count;
  }
  return count;
}

void AccessTokens::forget_long_expired() {
  const std::int64_t now = now_ms_();
  if (now < next_cleanup_ms_) return;
  next_cleanup_ms_ = now + remember_expired_ms;
  for (auto entry = by_id_.begin(); entry != by_id_.end();) {
    const AccessToken& token = entry->second;
    const bool forget = token.kind != TokenKind::personal_access && token.expires_at_ms + remember_expired_ms < now;
    entry = forget ? by_id_.erase(entry) : std::next(entry);
  }
}

}  // namespace dbxauth::emulator
