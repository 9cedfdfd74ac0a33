// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbxauth::emulator {

enum class TokenKind {
  personal_access,  ///< "dapi" and 32 hexadecimal digits.
  oauth,            ///< A JWT of this server's own authorization server.
  entra,            ///< A JWT of the Microsoft Entra endpoints, good for one resource.
  google_identity,  ///< An ID token of Google for one audience.
  google_access,    ///< An access token of Google, good for its own APIs.
};

struct AccessToken {
  TokenKind kind = TokenKind::oauth;
  std::string id;         ///< SHA-256 of the token, hexadecimal: what the token API calls token_id.
  std::string principal;  ///< Name of the principal it stands for; the application id for Entra tokens.
  std::string client_id;
  std::string issuer;    ///< Claim `iss`; empty for personal tokens.
  std::string resource;  ///< Entra and Google ID tokens: their audience.
  std::string comment;
  std::vector<std::string> scopes;
  std::int64_t created_at_ms = 0;
  std::int64_t expires_at_ms = -1;  ///< -1: never.
};

/// Every bearer token this server gave out. Holds hashes, not tokens. Thread-safe.
class AccessTokens {
 public:
  explicit AccessTokens(std::function<std::int64_t()> now_ms);

  struct JwtRequest {
    std::string issuer;
    std::string principal;
    std::string client_id;
    std::string audience;
    std::string scope;                                        ///< Space-separated.
    std::string subject;                                      ///< Claim `sub`; empty: the principal.
    std::vector<std::pair<std::string, std::string>> claims;  ///< More of them.
    std::int64_t lifetime_s = 3600;
  };
  /// Signs (HS256, with a key that lives as long as this object) and registers.
  std::string issue_jwt(TokenKind kind, const JwtRequest& request);

  static constexpr std::size_t personal_tokens_per_user = 600;  ///< Quota of a user in a workspace.
  struct PersonalToken {
    std::string value;
    AccessToken info;
  };
  /// Throws RequestError QUOTA_EXCEEDED. `lifetime_s` -1: never expires.
  PersonalToken create_personal(const std::string& principal, std::string comment, std::int64_t lifetime_s,
                                std::vector<std::string> scopes);
  std::vector<AccessToken> personal_tokens_of(
      const std::string& principal) const;  ///< Oldest first, also expired ones.
  bool remove_personal(const std::string& principal, const std::string& token_id);
  bool update_personal(const std::string& principal, const std::string& token_id,
                       const std::optional<std::string>& comment,
                       const std::optional<std::vector<std::string>>& scopes);

  std::optional<AccessToken> find(std::string_view token) const;  ///< Also one that has expired.
  bool is_expired(const AccessToken& token) const;
  /// Expires at once what matches; unset filters match all. Returns how many were alive.
  std::size_t expire(std::optional<TokenKind> kind, const std::optional<std::string>& principal);
  std::int64_t now_ms() const { return now_ms_(); }

 private:
  void forget_long_expired();

  std::function<std::int64_t()> now_ms_;
  std::string signing_key_;
  mutable std::mutex mutex_;
  std::map<std::string, AccessToken, std::less<>> by_id_;
  std::int64_t next_cleanup_ms_ = 0;
};

}  // namespace dbxauth::emulator
