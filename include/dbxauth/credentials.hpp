// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_CREDENTIALS_HPP
#define DBXAUTH_CREDENTIALS_HPP

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth {

/// An OAuth access token with what is needed to renew it.
struct Token {
  SecretString access_token;
  std::string token_type = "Bearer";
  SecretString refresh_token;  ///< Empty when the grant has none.
  /// Absolute expiry; time_point::max() when the issuer states none.
  std::chrono::system_clock::time_point expires_at = std::chrono::system_clock::time_point::max();
  /// Expiry minus issue as the issuer stated it (`expires_in`); zero when unknown.
  std::chrono::seconds lifetime{0};
  std::string scope;  ///< Space separated, as granted; may be empty.

  Token clone() const;
};

/// The token as `databricks auth token` prints it: access_token, token_type, expiry (RFC 3339; Go's zero time when it
/// never expires), expires_in (when the lifetime is known); indented by two blanks, no final newline, never the refresh
/// token.
SecretString to_json(const Token& token);

/// One header of an authorised request.
struct AuthHeader {
  std::string name;
  SecretString value;
};

/// The headers that authorise a request, immutable once made. Share the pointer; do not copy the values.
struct AuthHeaders {
  std::vector<AuthHeader> headers;
  std::chrono::system_clock::time_point expires_at = std::chrono::system_clock::time_point::max();
  std::string strategy;  ///< The strategy that made them.
};
using AuthHeadersPtr = std::shared_ptr<const AuthHeaders>;

/// A way of proving identity. Programs may implement their own and put it into a chain.
///
/// Implementations must be safe to call from several threads at once, must not throw, and must return within the
/// context's deadline.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;

  /// A stable name, for example "pat". The view must live as long as the provider.
  virtual std::string_view name() const noexcept = 0;

  /// Headers that stay valid for at least `min_validity` from now. Returns cached ones where possible; refreshes at
  /// most once for all threads. ErrorCode::no_credentials means "this strategy does not apply, try the next".
  virtual Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) = 0;

  /// Tells that a server refused `rejected`: with 401, or with 400 or 403 and words about the token. The provider
  /// forgets it if it is still the current one, so that the next headers() call obtains a new one; a newer one is left
  /// alone. The default does nothing.
  virtual void reject(const AuthHeaders& rejected) noexcept;

  /// A copy of the current access token for tools that want one (`dbxauth auth token`); ErrorCode::unsupported when the
  /// strategy has no token (basic).
  virtual Result<Token> token(std::chrono::seconds min_validity, const CallContext& context);
};

/// Ordered providers. The first that yields headers wins and is remembered; later calls go to it directly. Thread-safe.
class CredentialChain final : public CredentialProvider {
 public:
  enum class OnFailure {
    stop,         ///< A failing provider (any error but no_credentials) ends the chain.
    report_next,  ///< It is reported, and the next is tried.
  };

  CredentialChain(std::vector<std::shared_ptr<CredentialProvider>> providers, OnFailure on_failure);
  ~CredentialChain() override;

  std::string_view name() const noexcept override;
  /// When no provider yields headers: ErrorCode::no_credentials with one Attempt per provider.
  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) override;
  void reject(const AuthHeaders& rejected) noexcept override;
  Result<Token> token(std::chrono::seconds min_validity, const CallContext& context) override;

  /// The account of the last resolution; empty before the first headers() call.
  std::vector<Attempt> attempts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dbxauth

#endif
