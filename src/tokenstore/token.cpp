// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/credentials.hpp"

namespace dbxauth {

Token Token::clone() const {
  Token copy;
  copy.access_token = access_token.clone();
  copy.token_type = token_type;
  copy.refresh_token = refresh_token.clone();
  copy.expires_at = expires_at;
  copy.lifetime = lifetime;
  copy.scope = scope;
  return copy;
}

}  // namespace dbxauth
